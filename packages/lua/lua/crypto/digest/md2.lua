return require('.crypto.digest').md2
