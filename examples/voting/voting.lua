-- Proposals and votes: one vote for each address, which may be changed until the time is over.
local json = require("json")

Proposals = Proposals or {} -- list of { title, by, deadline (ms), votes = { address -> side } }

local SIDES = { yes = true, no = true }

local function refuse(msg, text) msg.reply({ Action = msg.Action .. "-Error", Data = text }) end

local function find(msg) return Proposals[math.tointeger(tonumber(msg.Tags.Proposal))] end

local function tally(proposal)
  local count = { yes = 0, no = 0 }
  for _, side in pairs(proposal.votes) do count[side] = count[side] + 1 end
  return count
end

Handlers.add("Propose", { Action = "Propose" }, function(msg)
  local minutes = tonumber(msg.Tags.Minutes)
  if not minutes or not (minutes > 0) then return refuse(msg, "Minutes must be a number above zero") end
  table.insert(Proposals, { title = msg.Data, by = msg.From, deadline = os.time() + minutes * 60000, votes = {} })
  msg.reply({ Action = "Proposed", Proposal = tostring(#Proposals) })
end)

Handlers.add("Vote", { Action = "Vote" }, function(msg)
  local proposal, side = find(msg), msg.Tags.Side
  if not proposal then return refuse(msg, "There is no such Proposal") end
  if not SIDES[side] then return refuse(msg, "Side must be yes or no") end
  if os.time() > proposal.deadline then return refuse(msg, "Voting is over") end
  proposal.votes[msg.From] = side
  msg.reply({ Action = "Voted", Side = side })
end)

Handlers.add("Result", { Action = "Result" }, function(msg)
  local proposal = find(msg)
  if not proposal then return refuse(msg, "There is no such Proposal") end
  local count = tally(proposal)
  msg.reply({
    Title = proposal.title,
    Open = tostring(os.time() <= proposal.deadline),
    Data = json.encode({ yes = count.yes, no = count.no, accepted = count.yes > count.no }),
  })
end)
