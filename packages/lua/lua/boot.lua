--- Runs the program a process was spawned with.
return function(ao)
  local eval = require('.eval')(ao)
  return function(msg)
    local source = msg.Tags['On-Boot']
    if source == nil then return end
    if source ~= 'Data' then
      ao.outbox.Error = 'On-Boot: ' .. source .. ' is not supported: use On-Boot: Data and put the program in Data'
      return
    end
    eval(msg)
  end
end
