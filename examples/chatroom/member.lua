-- A member of a chat room: join("<room>", "Ada"), then say("hello"). What the others say is printed and kept in Heard.
Heard = Heard or {}

function join(room, nickname)
  Room = room
  Send({ Target = Room, Action = "Register", Nickname = nickname })
end

function say(text) Send({ Target = Room, Action = "Broadcast", Data = text }) end

Handlers.add("Broadcasted", function(msg) return msg.Action == "Broadcasted" and msg.From == Room end, function(msg)
  table.insert(Heard, msg.Tags.Nickname .. ": " .. msg.Data)
  print(Heard[#Heard])
end)
