--- Runs the program a process was spawned with. Unlike what a console evaluates, its value is nobody's business.

-- The name that errors in the program carry: program:LINE:
local CHUNK = '=program'

--- The program: the Data of the spawn message, or what Arweave holds under the id that On-Boot names.
local function programOf(msg, source)
  if source == 'Data' then return tostring(msg.Data) end
  local file, problem = io.open('/data/' .. source, 'r')
  if not file then
    return nil, 'On-Boot: ' .. problem .. '. Its id must be right, and the module needs the tag Extension: WeaveDrive'
      .. ' (or use On-Boot: Data, and put the program in Data)'
  end
  local program = file:read('a')
  file:close()
  return program
end

return function(ao)
  return function(msg)
    local source = msg.Tags['On-Boot']
    if source == nil then return end
    local program, problem = programOf(msg, source)
    local run
    if program then run, problem = load(program, CHUNK, 't', _G) end
    if not run then
      ao.outbox.Error = problem
      return
    end
    run()
  end
end
