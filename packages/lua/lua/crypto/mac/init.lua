--- Message authentication codes.
local digests = require('.digest')
local util = require('.crypto.util')

local BLOCK_BYTES = { sha2_512 = 128, sha2_256 = 64, sha1 = 64, md5 = 64, sha3_256 = 136, sha3_512 = 72, keccak256 = 136, keccak512 = 72 }
local ALIASES = { sha256 = 'sha2_256', sha512 = 'sha2_512' }

local mac = {}

local function digestNamed(name)
  name = ALIASES[name] or name
  local block = BLOCK_BYTES[name]
  if not block then error('crypto: there is no HMAC with ' .. tostring(name), 3) end
  return digests[name], block
end

local function xor(bytes, value)
  return (bytes:gsub('.', function(byte) return string.char(byte:byte() ~ value) end))
end

--- A function that gives the HMAC of a text. The two keys are made once: PBKDF2 uses them for every iteration.
function mac.hmacWith(key, name)
  local digest, block = digestNamed(name)
  if #key > block then key = digest(key) end
  key = key .. ('\0'):rep(block - #key)
  local inner, outer = xor(key, 0x36), xor(key, 0x5c)
  return function(data) return digest(outer .. digest(inner .. data)) end
end

--- (data, key, [digest name]): HMAC, with SHA-1 unless named otherwise.
function mac.createHmac(data, key, name)
  return util.result(mac.hmacWith(util.text(key), name or 'sha1')(util.text(data)))
end

return mac
