-- A chat room: what a member says is sent to every member.
Members = Members or {} -- address -> nickname

local function refuse(msg, text) msg.reply({ Action = msg.Action .. "-Error", Data = text }) end

Handlers.add("Register", { Action = "Register" }, function(msg)
  Members[msg.From] = msg.Tags.Nickname or msg.From
  msg.reply({ Action = "Registered", Data = "Welcome, " .. Members[msg.From] })
end)

Handlers.add("Unregister", { Action = "Unregister" }, function(msg)
  if not Members[msg.From] then return refuse(msg, "You are not a member") end
  Members[msg.From] = nil
  msg.reply({ Action = "Unregistered" })
end)

Handlers.add("Members", { Action = "Members" }, function(msg)
  local names = Utils.values(Members)
  table.sort(names)
  msg.reply({ Data = table.concat(names, "\n") })
end)

Handlers.add("Broadcast", { Action = "Broadcast" }, function(msg)
  local nickname = Members[msg.From]
  if not nickname then return refuse(msg, "Register first") end
  -- In an order of its own: what a process sends must not depend on how Lua happens to keep a table.
  for _, member in ipairs(Utils.sortedKeys(Members)) do
    Send({ Target = member, Action = "Broadcasted", Nickname = nickname, Sender = msg.From, Data = msg.Data })
  end
end)
