--- Matching of messages against patterns, and small helpers for arrays.
local utils = { _version = '1.0.0' }

--- `my_key`, `my-key` and `MY-KEY` -> `My-Key`: the form in which keys and tag names reach a program.
function utils.normalize(name)
  if type(name) ~= 'string' then return name end
  -- Most names are in that form already, and this runs for every tag of every message.
  local ready = not (name:find('_', 1, true) or name:find('[^-]%u') or name:find('^%l') or name:find('-%l'))
  if ready then return name end
  return (name:lower():gsub('_', '-'):gsub('^%l', string.upper):gsub('-%l', string.upper))
end

function utils.capitalize(text)
  if type(text) ~= 'string' then return text end
  return text:sub(1, 1):upper() .. text:sub(2):lower()
end

--- A table whose keys are exactly 1..n.
function utils.isArray(value)
  if type(value) ~= 'table' then return false end
  local count = 0
  for key in pairs(value) do
    if math.type(key) ~= 'integer' or key < 1 then return false end
    count = count + 1
  end
  return count == #value
end

local MAGIC = '[%^%$%(%)%%%.%[%]%*%+%?]'

--- Whether `value` (of message `msg`) matches: '_' (anything), a function(value, msg), text (without regard to case),
--- a Lua pattern, or a table of alternatives.
function utils.matchesPattern(pattern, value, msg)
  if not pattern then return false end
  if pattern == '_' then return value ~= nil end
  local kind = type(pattern)
  if kind == 'function' then return pattern(value, msg) and true or false end
  if kind == 'table' then
    for _, alternative in pairs(pattern) do
      if utils.matchesPattern(alternative, value, msg) then return true end
    end
    return false
  end
  if value == pattern then return true end
  if kind ~= 'string' or type(value) ~= 'string' then return false end
  if pattern:find(MAGIC) then return value:match(pattern) ~= nil end
  return #value == #pattern and value:lower() == pattern:lower()
end

-- Of two tags with one name the last is the key of the message and the first is in Tags: either may match.
local function fieldMatches(msg, key, pattern)
  local value, tag = msg[key], msg.Tags and msg.Tags[key]
  if value and utils.matchesPattern(pattern, value, msg) then return true end
  return tag and tag ~= value and utils.matchesPattern(pattern, tag, msg)
end

--- Whether a message matches: a string is its Action, a function decides itself, of a table every key must match.
--- @return boolean, or whatever a function pattern returned
function utils.matchesSpec(msg, spec)
  local kind = type(spec)
  if kind == 'function' then return spec(msg) end
  if kind == 'string' then return msg.Action == spec end
  if kind ~= 'table' then return false end
  for key, pattern in pairs(spec) do
    if not fieldMatches(msg, key, pattern) then
      local name = utils.normalize(key)
      if name == key or not fieldMatches(msg, name, pattern) then return false end
    end
  end
  return true
end

--- curry(f, 2)(a)(b) is f(a, b); curry(f, 2)(a, b) too.
function utils.curry(fn, arity)
  assert(type(fn) == 'function', 'curry needs a function')
  arity = arity or debug.getinfo(fn, 'u').nparams
  if arity < 2 then return fn end
  local function collect(given, count)
    return function(...)
      local args = table.move(given, 1, count, 1, {})
      local more = select('#', ...)
      for i = 1, more do args[count + i] = (select(i, ...)) end
      local total = count + more
      if total >= arity then return fn(table.unpack(args, 1, total)) end
      return collect(args, total)
    end
  end
  return collect({}, 0)
end

local function checkArray(value, where)
  if not utils.isArray(value) then error(where .. ' needs an array', 3) end
end

utils.concat = utils.curry(function(a, b)
  checkArray(a, 'concat')
  checkArray(b, 'concat')
  return table.move(b, 1, #b, #a + 1, table.move(a, 1, #a, 1, {}))
end, 2)

utils.reduce = utils.curry(function(fn, initial, array)
  checkArray(array, 'reduce')
  local result = initial
  for i, value in ipairs(array) do
    if result == nil then result = value else result = fn(result, value, i) end
  end
  return result
end, 3)

utils.map = utils.curry(function(fn, array)
  checkArray(array, 'map')
  local result = {}
  for i, value in ipairs(array) do result[i] = fn(value, i) end
  return result
end, 2)

utils.filter = utils.curry(function(fn, array)
  checkArray(array, 'filter')
  local result = {}
  for _, value in ipairs(array) do
    if fn(value) then result[#result + 1] = value end
  end
  return result
end, 2)

utils.find = utils.curry(function(fn, array)
  for _, value in ipairs(array) do
    if fn(value) then return value end
  end
end, 2)

utils.propEq = utils.curry(function(name, value, object) return object[name] == value end, 3)

utils.prop = utils.curry(function(name, object) return object[name] end, 2)

utils.includes = utils.curry(function(value, array)
  for _, candidate in ipairs(array) do
    if candidate == value then return true end
  end
  return false
end, 2)

function utils.reverse(array)
  checkArray(array, 'reverse')
  local result, count = {}, #array
  for i, value in ipairs(array) do result[count - i + 1] = value end
  return result
end

--- compose(f, g)(x) is f(g(x)).
function utils.compose(...)
  local functions = { ... }
  return function(value)
    for i = #functions, 1, -1 do value = functions[i](value) end
    return value
  end
end

function utils.keys(object)
  local result = {}
  for key in pairs(object) do result[#result + 1] = key end
  return result
end

function utils.values(object)
  local result = {}
  for _, value in pairs(object) do result[#result + 1] = value end
  return result
end

local function precedes(a, b)
  local ta, tb = type(a), type(b)
  if ta ~= tb then return ta < tb end
  if ta == 'number' or ta == 'string' then return a < b end
  return tostring(a) < tostring(b)
end

--- Keys in an order that depends on nothing but the keys: numbers first, then text.
function utils.sortedKeys(object)
  local keys = utils.keys(object)
  table.sort(keys, precedes)
  return keys
end

return utils
