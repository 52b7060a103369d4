--- Keys from passwords.
local mac = require('.crypto.mac')
local util = require('.crypto.util')

local kdf = {}

--- (password, salt, iterations, length in bytes, [digest name]): PBKDF2 with HMAC, SHA-1 unless named otherwise.
function kdf.pbkdf2(password, salt, iterations, length, name)
  local hmac = mac.hmacWith(util.text(password), name or 'sha1')
  salt = util.text(salt)
  local blocks, have = {}, 0
  while have < length do
    local last = hmac(salt .. string.pack('>I4', #blocks + 1))
    local block = { last:byte(1, -1) }
    for _ = 2, iterations do
      last = hmac(last)
      for i = 1, #block do block[i] = block[i] ~ last:byte(i) end
    end
    blocks[#blocks + 1] = string.char(table.unpack(block))
    have = have + #block
  end
  return util.result(table.concat(blocks):sub(1, length))
end

return kdf
