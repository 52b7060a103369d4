return require('.crypto.digest').sha2_512
