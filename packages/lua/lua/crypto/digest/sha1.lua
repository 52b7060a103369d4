return { sha1 = require('.crypto.digest').sha1 }
