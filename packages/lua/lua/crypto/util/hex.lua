--- Text as hexadecimal digits.
local hex = {}

function hex.stringToHex(text)
  return (text:gsub('.', function(byte) return string.format('%02x', byte:byte()) end))
end

function hex.hexToString(digits)
  assert(#digits % 2 == 0 and not digits:find('%X'), 'hex: not a text of hexadecimal digits')
  return (digits:gsub('..', function(pair) return string.char(tonumber(pair, 16)) end))
end

return hex
