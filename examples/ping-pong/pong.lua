-- Answers every Ping.
Handlers.add("ping", { Action = "Ping" }, function(msg)
  msg.reply({ Action = "Pong", Data = "pong" })
end)
