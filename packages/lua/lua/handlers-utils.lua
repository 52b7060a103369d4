--- Patterns and handlers that many programs need.
local utils = require('.utils')

local handlersUtils = { _version = '1.0.0' }

function handlersUtils.hasMatchingTag(name, value)
  assert(type(name) == 'string' and type(value) == 'string', 'hasMatchingTag(name : string, value : string)')
  return function(msg) return msg.Tags[name] == value end
end

function handlersUtils.hasMatchingTagOf(name, values)
  assert(type(name) == 'string' and type(values) == 'table', 'hasMatchingTagOf(name : string, values : string[])')
  return function(msg) return utils.includes(msg.Tags[name], values) end
end

function handlersUtils.hasMatchingData(value)
  assert(type(value) == 'string', 'hasMatchingData(value : string)')
  return function(msg) return msg.Data == value end
end

--- A handler that answers with the given Data (a string) or message (a table).
function handlersUtils.reply(input)
  assert(type(input) == 'string' or type(input) == 'table', 'reply(input : string | table)')
  return function(msg)
    if type(input) == 'string' then return msg.reply({ Data = input }) end
    return msg.reply(input)
  end
end

--- The same pattern, but handlers after this one are tried too.
function handlersUtils.continue(pattern)
  return function(msg)
    local match = utils.matchesSpec(msg, pattern)
    if not match or match == 0 or match == 'skip' then return match end
    return 1
  end
end

return handlersUtils
