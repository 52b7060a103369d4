-- A process: its globals are its state, its handlers are what it does.
Count = Count or 0

Handlers.add("Increment", { Action = "Increment" }, function(msg)
  Count = Count + 1
  msg.reply({ Action = "Count", Data = tostring(Count) })
end)
