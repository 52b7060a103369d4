return require('.crypto.digest').md4
