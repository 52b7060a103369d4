return require('.crypto.digest').md5
