--- Digests, HMAC, PBKDF2, and the helpers that go with them.
---
--- What a digest function returns has asHex(), asString() (the raw bytes) and asBytes() (a list of numbers). Texts may be
--- given as strings, as streams or as lists of numbers.
local digests = require('.digest')
local hex = require('.crypto.util.hex')
local stream = require('.crypto.util.stream')

local crypto = { _version = '1.0.0', digest = {}, mac = {}, kdf = {} }

crypto.utils = {
  hex = hex,
  stream = stream,
  --- A list of numbers.
  array = {
    fromString = function(text)
      local bytes = {}
      for i = 1, #text do bytes[i] = text:byte(i) end
      return bytes
    end,
    toString = function(bytes) return stream.toString(stream.fromArray(bytes)) end,
    fromHex = function(text) return crypto.utils.array.fromString(hex.hexToString(text)) end,
    toHex = function(bytes) return hex.stringToHex(crypto.utils.array.toString(bytes)) end,
    fromStream = function(source) return crypto.utils.array.fromString(stream.toString(source)) end,
    toStream = function(bytes) return stream.fromArray(bytes) end,
  },
}

local function text(source)
  if type(source) == 'string' then return source end
  if type(source) == 'table' then source = stream.fromArray(source) end
  return stream.toString(source)
end

local function result(bytes)
  return {
    asString = function() return bytes end,
    asHex = function() return hex.stringToHex(bytes) end,
    asBytes = function() return crypto.utils.array.fromString(bytes) end,
  }
end

for name, digest in pairs(digests) do
  crypto.digest[name] = function(source, ...) return result(digest(text(source), ...)) end
end

local BLOCK_BYTES = { sha2_512 = 128, sha2_256 = 64, sha1 = 64, md5 = 64, sha3_256 = 136, sha3_512 = 72, keccak256 = 136, keccak512 = 72 }
local ALIASES = { sha256 = 'sha2_256', sha512 = 'sha2_512' }

local function digestNamed(name)
  name = ALIASES[name] or name
  local block = BLOCK_BYTES[name]
  if not block then error('crypto: there is no HMAC with ' .. tostring(name), 3) end
  return digests[name], block
end

local function xor(bytes, value)
  return (bytes:gsub('.', function(byte) return string.char(byte:byte() ~ value) end))
end

-- The two keys are made once: PBKDF2 uses them for every iteration.
local function hmacWith(key, name)
  local digest, block = digestNamed(name)
  if #key > block then key = digest(key) end
  key = key .. ('\0'):rep(block - #key)
  local inner, outer = xor(key, 0x36), xor(key, 0x5c)
  return function(data) return digest(outer .. digest(inner .. data)) end
end

--- (data, key, [digest name]): HMAC, with SHA-1 unless named otherwise.
function crypto.mac.createHmac(data, key, name) return result(hmacWith(text(key), name or 'sha1')(text(data))) end

--- (password, salt, iterations, length in bytes, [digest name]): PBKDF2 with HMAC, SHA-1 unless named otherwise.
function crypto.kdf.pbkdf2(password, salt, iterations, length, name)
  local hmac = hmacWith(text(password), name or 'sha1')
  salt = text(salt)
  local blocks, have = {}, 0
  while have < length do
    local last = hmac(salt .. string.pack('>I4', #blocks + 1))
    local block = { last:byte(1, -1) }
    for _ = 2, iterations do
      last = hmac(last)
      for i = 1, #block do block[i] = block[i] ~ last:byte(i) end
    end
    blocks[#blocks + 1] = string.char(table.unpack(block))
    have = have + #block
  end
  return result(table.concat(blocks):sub(1, length))
end

--- An integer in [min, max] from the process's random numbers, after seeding them if a seed is given.
function crypto.random(min, max, seed)
  if seed then math.randomseed(seed) end
  return math.random(min or 0, max or 2147483647)
end

return crypto
