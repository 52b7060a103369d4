--- Digests, HMAC, PBKDF2, ciphers, and the helpers that go with them.
---
--- What a function returns has asHex(), asString() (the raw bytes) and asBytes() (a list of numbers). Texts may be given as
--- strings, as streams or as lists of numbers.
local crypto = {
  _version = '1.0.0',
  digest = require('.crypto.digest'),
  mac = require('.crypto.mac'),
  kdf = require('.crypto.kdf'),
  cipher = require('.crypto.cipher'),
  utils = require('.crypto.util'),
}

--- An integer in [min, max], from a seed if one is given.
crypto.random = crypto.cipher.issac.random

return crypto
