--- AES.
local cipher = require('.cipher')
local util = require('.crypto.util')

local aes = {}

local NO_VECTOR = ('\0'):rep(16)

--- The key has 16, 24 or 32 bytes, for a keyLength of 128, 192 or 256 bits.
local function run(data, key, vector, mode, keyLength, decrypting)
  local bytes = #key * 8
  if bytes ~= (keyLength or bytes) then
    error('aes: a key of ' .. keyLength .. ' bits has ' .. keyLength // 8 .. ' bytes, not ' .. #key, 3)
  end
  return util.result(cipher.aes(data, key, vector or NO_VECTOR, mode or 'CBC', decrypting))
end

--- (data, key, [initialization vector of 16 bytes], [mode], [keyLength in bits]): mode is CBC unless it is ECB, CFB, OFB or
--- CTR. The data is filled up to whole blocks of 16 bytes with zeros, which are there again when it is decrypted.
function aes.encrypt(data, key, vector, mode, keyLength)
  return run(util.text(data), util.text(key), vector, mode, keyLength, false)
end

--- (data in hexadecimal digits, …): the same the other way.
function aes.decrypt(digits, key, vector, mode, keyLength)
  return run(util.hex.hexToString(digits), util.text(key), vector, mode, keyLength, true)
end

return aes
