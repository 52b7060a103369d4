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

function array.size(items) return #items end

--- Takes up to `size` numbers from a queue.
function array.readFromQueue(queue, size)
  local items = {}
  for i = 1, size do items[i] = queue.pop() end
  return items
end

function array.writeToQueue(queue, items)
  for _, item in ipairs(items) do queue.push(item) end
end

function array.concat(left, right)
  local items = array.copy(left)
  return table.move(right, 1, #right, #items + 1, items)
end

function array.truncate(items, size) return array.slice(items, 1, size) end

function array.copy(items) return table.move(items, 1, #items, 1, {}) end

--- From the first to the last place, both included.
function array.slice(items, start, stop)
  start = math.max(start or 1, 1)
  return table.move(items, start, math.min(stop or #items, #items), 1, {})
end

--- As long as the first.
function array.XOR(left, right)
  local items = {}
  for i, item in ipairs(left) do items[i] = item ~ right[i] end
  return items
end

--- What `box` has at the places that `items` name.
function array.substitute(items, box)
  local out = {}
  for i, item in ipairs(items) do out[i] = box[item] end
  return out
end

--- What `items` has at the places that `box` names.
function array.permute(items, box) return array.substitute(box, items) end

return array
