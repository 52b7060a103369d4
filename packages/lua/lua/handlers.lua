--- The list of handlers, and what happens to a message in it.
---
--- A handler is { name, pattern, handle, maxRuns }. A pattern (see .utils matchesSpec) says whether the handler runs:
---   true, -1, 'break'       run, and stop
---   1, 'continue'           run, and go on
---   false, nil, 0, 'skip'   do not run
local utils = require('.utils')

-- A program that loads this file again keeps its handlers.
local handlers = { _version = '1.0.0', utils = require('.handlers-utils') }
handlers.list = Handlers and Handlers.list or {}
handlers.onceNonce = Handlers and Handlers.onceNonce or 0

local function indexOf(name)
  for i, handler in ipairs(handlers.list) do
    if handler.name == name then return i end
  end
end

--- A handle function from a function, or from a table { [pattern] = function }: the first that matches is called.
function handlers.generateResolver(spec)
  if type(spec) == 'function' then return spec end
  return function(msg, env)
    for _, pattern in ipairs(utils.sortedKeys(spec)) do
      if utils.matchesSpec(msg, pattern) then return spec[pattern](msg, env) end
    end
  end
end

--- ([name,] pattern, handle [, maxRuns]): with two arguments the pattern is an Action and the name, too.
local function parse(...)
  local name, pattern, handle, maxRuns = ...
  if select('#', ...) == 2 then name, pattern, handle = name, name, pattern end
  local patternType, handleType = type(pattern), type(handle)
  assert(type(name) == 'string', 'a handler needs a name (string)')
  assert(
    patternType == 'function' or patternType == 'table' or patternType == 'string',
    'a handler needs a pattern: an Action (string), a table of keys to match, or a function(msg)'
  )
  assert(
    handleType == 'function' or handleType == 'table',
    'a handler needs a handle: a function(msg), or a table of patterns with functions'
  )
  assert(
    maxRuns == nil or maxRuns == 'inf' or type(maxRuns) == 'number',
    'maxRuns must be a number or "inf"'
  )
  return { name = name, pattern = pattern, handle = handlers.generateResolver(handle), maxRuns = maxRuns }
end

--- Puts a handler at `position`; one with the same name is replaced where it stands.
local function put(handler, position)
  local index = indexOf(handler.name)
  if index then
    handlers.list[index] = handler
  else
    table.insert(handlers.list, position, handler)
  end
  return #handlers.list
end

function handlers.add(...) return put(parse(...), #handlers.list + 1) end

handlers.append = handlers.add

function handlers.prepend(...) return put(parse(...), 1) end

--- ([name,] pattern, handle): runs once, before every handler there is now.
function handlers.once(...)
  local name, pattern, handle = ...
  if select('#', ...) == 2 then
    handlers.onceNonce = handlers.onceNonce + 1
    name, pattern, handle = '_once_' .. handlers.onceNonce, name, pattern
  end
  return handlers.prepend(name, pattern, handle, 1)
end

local function beside(name, offset)
  assert(type(name) == 'string', 'the name of a handler must be a string')
  return {
    add = function(...)
      local handler = parse(...)
      local index = indexOf(name)
      if not index then error('there is no handler named ' .. name, 2) end
      return put(handler, index + offset)
    end,
  }
end

--- before(name).add(...) and after(name).add(...) place a handler beside another one.
function handlers.before(name) return beside(name, 0) end

function handlers.after(name) return beside(name, 1) end

function handlers.remove(name)
  assert(type(name) == 'string', 'the name of a handler must be a string')
  local index = indexOf(name)
  if index then table.remove(handlers.list, index) end
end

--- Stops here until a message matches, which may be many messages later, and returns that message.
function handlers.receive(pattern)
  local waiting, isMain = coroutine.running()
  if isMain then error('receive can only be used while a message is handled', 2) end
  handlers.once(pattern, function(msg)
    local ok, problem = coroutine.resume(waiting, msg)
    if not ok then error(handlers.describe(waiting, problem), 0) end
  end)
  return coroutine.yield()
end

--- The text of an error, with the stack of the coroutine it ended.
function handlers.describe(thread, problem)
  if type(problem) ~= 'string' then problem = require('.stringify').plain(problem) end
  if problem:find('\nstack traceback:', 1, true) then return problem end
  return debug.traceback(thread, problem)
end

local VERDICTS = { [true] = -1, [false] = 0, ['break'] = -1, continue = 1, skip = 0 }

local function verdict(handler, msg)
  local match = utils.matchesSpec(msg, handler.pattern)
  if match == nil then return 0 end
  if type(match) == 'number' then return match end
  local number = VERDICTS[match]
  if not number then
    error('the pattern of handler ' .. handler.name .. ' returned a ' .. type(match) .. ', not true, false, -1, 0 or 1', 0)
  end
  return number
end

-- Counted before the handle runs: it may stop in receive and be met again by the next message.
local function countRun(handler)
  if type(handler.maxRuns) ~= 'number' then return end
  handler.maxRuns = handler.maxRuns - 1
  if handler.maxRuns > 0 then return end
  for i, candidate in ipairs(handlers.list) do
    if candidate == handler then return table.remove(handlers.list, i) end
  end
end

--- Runs the handlers that match, in order. `_default` runs when none of them has stopped the message.
function handlers.evaluate(msg, env)
  assert(type(msg) == 'table', 'msg must be a table')
  assert(type(env) == 'table', 'env must be a table')
  local default
  -- A copy, because handlers add and remove handlers.
  for _, handler in ipairs(table.move(handlers.list, 1, #handlers.list, 1, {})) do
    if handler.name == '_default' then
      default = handler
    else
      local match = verdict(handler, msg)
      if match ~= 0 then
        countRun(handler)
        handler.handle(msg, env)
        if match < 0 then return end
      end
    end
  end
  if default then return default.handle(msg, env) end
end

return handlers
