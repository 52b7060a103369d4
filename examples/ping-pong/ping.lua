-- Sends a Ping when its owner asks for it, and prints the answer.
function ping(target)
  Send({ Target = target, Action = "Ping" })
end

Handlers.add("pong", { Action = "Pong" }, function(msg)
  print("Got " .. msg.Data .. " from " .. msg.From)
end)
