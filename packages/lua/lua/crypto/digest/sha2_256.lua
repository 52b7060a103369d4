return { sha2_256 = require('.crypto.digest').sha2_256 }
