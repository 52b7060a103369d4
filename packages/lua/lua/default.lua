--- What happens to a message that no handler has stopped: it is kept in the Inbox and announced.
local stringify = require('.stringify')

local MAX_INBOX = 10000

local function short(id)
  if type(id) ~= 'string' then return 'unknown' end
  if #id <= 9 then return id end
  return id:sub(1, 3) .. '...' .. id:sub(-3)
end

return function()
  return function(msg)
    table.insert(Inbox, msg)
    while #Inbox > MAX_INBOX do table.remove(Inbox, 1) end
    local label, value = 'Data = ', msg.Data
    if msg.Action then label, value = 'Action = ', msg.Action end
    print(
      Colors.gray .. 'New Message From ' .. Colors.green .. short(msg.From) .. Colors.gray .. ': ' .. label
        .. Colors.blue .. stringify.plain(value == nil and '' or value):sub(1, 20) .. Colors.reset
    )
  end
end
