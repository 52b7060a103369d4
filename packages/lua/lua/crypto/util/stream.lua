--- Streams: functions that return the next byte, and nil at the end.
local hex = require('.crypto.util.hex')

local stream = {}

function stream.fromString(text)
  local at = 0
  return function()
    at = at + 1
    return text:byte(at)
  end
end

function stream.fromArray(bytes)
  local at = 0
  return function()
    at = at + 1
    return bytes[at]
  end
end

function stream.fromHex(digits) return stream.fromString(hex.hexToString(digits)) end

function stream.toArray(source)
  local bytes = {}
  for byte in source do bytes[#bytes + 1] = byte end
  return bytes
end

function stream.toString(source)
  local parts = {}
  for byte in source do parts[#parts + 1] = string.char(byte) end
  return table.concat(parts)
end

function stream.toHex(source) return hex.stringToHex(stream.toString(source)) end

return stream
