--- What the functions of `.crypto` take and give.
local array = require('.crypto.util.array')
local bit = require('.crypto.util.bit')
local hex = require('.crypto.util.hex')
local queue = require('.crypto.util.queue')
local stream = require('.crypto.util.stream')

local util = { array = array, bit = bit, hex = hex, queue = queue, stream = stream }

--- The text of a string, a stream or a list of numbers.
function util.text(source)
  if type(source) == 'string' then return source end
  if type(source) == 'table' then source = stream.fromArray(source) end
  return stream.toString(source)
end

--- Raw bytes as programs get them: as a string, as hexadecimal digits, or as a list of numbers.
function util.result(bytes)
  return {
    asString = function() return bytes end,
    asHex = function() return hex.stringToHex(bytes) end,
    asBytes = function() return array.fromString(bytes) end,
  }
end

return util
