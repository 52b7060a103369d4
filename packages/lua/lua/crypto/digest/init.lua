--- Digests: md2, md4, md5, sha1, sha2_256, sha2_512, sha3_256, sha3_512, keccak256, keccak512, and blake2b, which can be
--- given the length of the digest in bytes (64) and a key.
local digests = require('.digest')
local util = require('.crypto.util')

local digest = {}
for name, calculate in pairs(digests) do
  digest[name] = function(source, ...) return util.result(calculate(util.text(source), ...)) end
end
return digest
