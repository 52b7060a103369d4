local digest = require('.crypto.digest')

return {
  sha3_256 = digest.sha3_256,
  sha3_512 = digest.sha3_512,
  keccak256 = digest.keccak256,
  keccak512 = digest.keccak512,
}
