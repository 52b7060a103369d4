return { hmac = require('.crypto.mac').createHmac }
