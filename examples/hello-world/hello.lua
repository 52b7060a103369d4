-- Greets whoever says Hello, and counts how often.
Greetings = Greetings or {}

Handlers.add("hello", { Action = "Hello" }, function(msg)
  local name = msg.Tags.Name or msg.From
  Greetings[name] = (Greetings[name] or 0) + 1
  msg.reply({ Action = "Greeting", Data = "Hello, " .. name .. "!", Times = tostring(Greetings[name]) })
end)
