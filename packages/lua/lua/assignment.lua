--- Which messages a process takes that were not sent to it, but assigned.
local utils = require('.utils')

local assignment = { _version = '1.0.0' }

local function indexOf(ao, name)
  if type(name) == 'number' then return ao.assignables[name] and name end
  for i, assignable in ipairs(ao.assignables) do
    if assignable.name == name then return i end
  end
end

--- Gives `ao` its functions for assignments.
function assignment.init(ao)
  ao.assignables = ao.assignables or {}

  --- A message that was not sent to this process, but assigned to it.
  function ao.isAssignment(msg) return msg.Target ~= ao.id end

  --- Whether an assigned message is one that this process takes. It takes none unless told to.
  function ao.isAssignable(msg)
    for _, assignable in ipairs(ao.assignables) do
      local match = utils.matchesSpec(msg, assignable.pattern)
      if match and match ~= 0 and match ~= 'skip' then return true end
    end
    return false
  end

  --- ([name,] pattern): takes assigned messages that match. The same name replaces.
  function ao.addAssignable(...)
    local name, pattern = ...
    if select('#', ...) == 1 then
      name, pattern = nil, name
    else
      assert(type(name) == 'string', 'the name of an assignable must be a string')
    end
    local index = name and indexOf(ao, name) or #ao.assignables + 1
    ao.assignables[index] = { name = name, pattern = pattern }
  end

  --- (name or index)
  function ao.removeAssignable(name)
    local index = indexOf(ao, name)
    if index then table.remove(ao.assignables, index) end
  end
end

return assignment
