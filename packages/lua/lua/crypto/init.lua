--- Digests, HMAC, PBKDF2, AES, and the helpers that go with them.
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

--- An integer in [min, max] from the process's random numbers, after seeding them if a seed is given.
function crypto.random(min, max, seed)
  if seed then math.randomseed(seed) end
  return math.random(min or 0, max or 2147483647)
end

return crypto
