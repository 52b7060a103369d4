--- Encryption.
return {
  aes = require('.crypto.cipher.aes'),
  issac = require('.crypto.cipher.issac'),
  morus = require('.crypto.cipher.morus'),
  norx = require('.crypto.cipher.norx'),
}
