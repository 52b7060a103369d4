--- Runs Lua source that arrives in a message: an expression, whose value is printed, or statements.
local stringify = require('.stringify')

-- The name that errors in the source carry: [string "aos"]:LINE:
local CHUNK = 'aos'

return function(ao)
  return function(msg)
    local source = msg.Data
    if type(source) ~= 'string' then
      ao.outbox.Error = 'there is no Lua source to evaluate: put it in Data'
      return
    end
    -- On the same line as `return`, so that line numbers stay those of the source.
    local chunk = load('return ' .. source, CHUNK, 't', _G)
    local problem
    if not chunk then chunk, problem = load(source, CHUNK, 't', _G) end
    if not chunk then
      ao.outbox.Error = problem
      return
    end
    local value, second = chunk()
    if second then
      ao.outbox.Error = stringify.plain(second)
      return
    end
    if value == nil then return end
    table.insert(HANDLER_PRINT_LOGS, type(value) == 'table' and stringify.format(value) or tostring(value))
  end
end
