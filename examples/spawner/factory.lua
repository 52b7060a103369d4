-- Starts a counter of their own for everybody who asks, and remembers whose it is.
Counters = Counters or {} -- owner -> id of the counter

local PROGRAM = [[
Count = 0
Handlers.add("Increment", { Action = "Increment" }, function(msg)
  if msg.From ~= ao.env.Process.Tags.For then return end
  Count = Count + 1
  msg.reply({ Action = "Count", Data = tostring(Count) })
end)
]]

Handlers.add("Create", { Action = "Create" }, function(msg)
  local existing = Counters[msg.From]
  if existing then return msg.reply({ Action = "Created", Counter = existing }) end
  -- The function stops here until the network says that the process exists; meanwhile other messages are handled.
  local spawned = Spawn({
    Data = PROGRAM,
    Tags = { ["On-Boot"] = "Data", Authority = ao.authorities[1], For = msg.From },
  }).receive()
  Counters[msg.From] = spawned.Tags.Process
  msg.reply({ Action = "Created", Counter = spawned.Tags.Process })
end)
