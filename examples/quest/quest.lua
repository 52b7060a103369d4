-- A board of quests: anybody forges one, and who forged it concludes it.
local json = require("json")

Quests = Quests or {} -- list of { id, title, description, by, status }

local function refuse(msg, text) msg.reply({ Action = msg.Action .. "-Error", Data = text }) end

Handlers.add("Forge", { Action = "Forge" }, function(msg)
  local title = msg.Tags.Title
  if not title then return refuse(msg, "A quest needs a Title") end
  local quest = { id = msg.Id, title = title, description = msg.Data, by = msg.From, status = "open" }
  table.insert(Quests, quest)
  msg.reply({ Action = "Forged", Quest = quest.id })
end)

Handlers.add("Conclude", { Action = "Conclude" }, function(msg)
  local quest = Utils.find(function(each) return each.id == msg.Tags.Quest end, Quests)
  if not quest then return refuse(msg, "There is no such Quest") end
  if quest.by ~= msg.From then return refuse(msg, "Only who forged a quest can conclude it") end
  quest.status = "concluded"
  msg.reply({ Action = "Concluded", Quest = quest.id })
end)

-- All of them, or those with the given Status.
Handlers.add("List", { Action = "List" }, function(msg)
  local status = msg.Tags.Status
  local list = Utils.filter(function(quest) return not status or quest.status == status end, Quests)
  msg.reply({ Data = json.encode(list) })
end)
