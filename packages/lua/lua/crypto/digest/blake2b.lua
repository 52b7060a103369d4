return require('.crypto.digest').blake2b
