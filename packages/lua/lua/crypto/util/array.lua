--- Lists of numbers, one for each byte.
local hex = require('.crypto.util.hex')
local stream = require('.crypto.util.stream')

local array = {}

function array.fromString(text)
  local bytes = {}
  for i = 1, #text do bytes[i] = text:byte(i) end
  return bytes
end

function array.toString(bytes) return stream.toString(stream.fromArray(bytes)) end

function array.fromHex(digits) return array.fromString(hex.hexToString(digits)) end

function array.toHex(bytes) return hex.stringToHex(array.toString(bytes)) end

function array.fromStream(source) return array.fromString(stream.toString(source)) end

function array.toStream(bytes) return stream.fromArray(bytes) end

return array
