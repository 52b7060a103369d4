-- Reads Arweave: blocks, transactions, and data that somebody this process trusts has attested.
local json = require("json")

--- What io.open gives is read once, as a whole. It never changes, so every compute unit reads the same.
local function read(path)
  local file = assert(io.open(path, "r"))
  local content = file:read("a")
  file:close()
  return content
end

local function idOf(msg)
  local id = msg.Tags["Content-Id"]
  assert(type(id) == "string" and id:match("^[%w_-]+$") and #id == 43, "Content-Id must be the id of a transaction")
  return id
end

Handlers.add("Block", "Block", function(msg)
  local height = math.tointeger(tonumber(msg.Tags.Height))
  assert(height and height >= 0, "Height must be a number")
  local block = json.decode(read("/block/" .. height))
  msg.reply({ Action = "Block-Read", Hash = block.indep_hash, Data = json.encode(block.txs) })
end)

Handlers.add("Transaction", "Transaction", function(msg)
  local transaction = json.decode(read("/tx/" .. idOf(msg)))
  msg.reply({ Action = "Transaction-Read", Size = transaction.data_size, Data = transaction.ownerAddress })
end)

Handlers.add("Words", "Words", function(msg)
  local words = {}
  for word in read("/data/" .. idOf(msg)):lower():gmatch("%a+") do words[word] = (words[word] or 0) + 1 end
  msg.reply({ Action = "Words-Counted", Data = words })
end)
