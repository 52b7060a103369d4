--- Runs the program a process was spawned with. Unlike what a console evaluates, its value is nobody's business.

-- The name that errors in the program carry: program:LINE:
local CHUNK = '=program'

return function(ao)
  return function(msg)
    local source = msg.Tags['On-Boot']
    if source == nil then return end
    if source ~= 'Data' then
      ao.outbox.Error = 'On-Boot: ' .. source .. ' is not supported: use On-Boot: Data and put the program in Data'
      return
    end
    local program, problem = load(tostring(msg.Data), CHUNK, 't', _G)
    if not program then
      ao.outbox.Error = problem
      return
    end
    program()
  end
end
