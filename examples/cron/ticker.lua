-- Runs by the clock: spawned with the tags Cron-Interval and Cron-Tag-Action=Tick it counts, and tells its subscribers.
Ticks = Ticks or 0
Subscribers = Subscribers or {}

Handlers.add("Subscribe", { Action = "Subscribe" }, function(msg)
  table.insert(Subscribers, msg.From)
  msg.reply({ Action = "Subscribed" })
end)

Handlers.add("Tick", function(msg) return msg.Cron and msg.Action == "Tick" end, function()
  Ticks = Ticks + 1
  for _, subscriber in ipairs(Subscribers) do
    Send({ Target = subscriber, Action = "Ticked", Data = tostring(Ticks) })
  end
end)
