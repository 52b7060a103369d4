-- A token: whole numbers of any size, as text, because a number of Lua or JavaScript could not hold them.
local bint = require(".bint")(256)
local json = require("json")

-- Far below where 256 bits would wrap around.
local MAX_DIGITS = 60

Ticker = Ticker or "POINTS"
Logo = Logo or ""
Denomination = Denomination or 12
if not Balances then
  TotalSupply = tostring(bint(10000) * bint.ipow(10, Denomination))
  Balances = { [Owner] = TotalSupply }
end

local function add(a, b) return tostring(bint(a or "0") + bint(b)) end

local function subtract(a, b) return tostring(bint(a) - bint(b)) end

local function covers(balance, quantity) return bint.__le(bint(quantity), bint(balance or "0")) end

--- The Quantity of a message: digits, more than zero.
local function quantityOf(msg)
  local quantity = msg.Tags.Quantity
  assert(type(quantity) == "string" and quantity:match("^%d+$"), "Quantity must be a whole number, in digits")
  assert(#quantity <= MAX_DIGITS, "Quantity is too large")
  quantity = tostring(bint(quantity))
  assert(quantity ~= "0", "Quantity must be more than zero")
  return quantity
end

local function take(account, quantity)
  assert(covers(Balances[account], quantity), "Insufficient balance")
  local rest = subtract(Balances[account], quantity)
  Balances[account] = rest ~= "0" and rest or nil
end

local function give(account, quantity) Balances[account] = add(Balances[account], quantity) end

--- Tags X-… are for the receiver of the tokens and travel with the notices.
local function withForwardedTags(notice, msg)
  for name, value in pairs(msg.Tags) do
    if name:sub(1, 2) == "X-" then notice[name] = value end
  end
  return notice
end

--- A handler whose failed assertions are answered with <Action>-Error. Nothing has changed by then.
local function on(action, handle)
  Handlers.add(action, { Action = action }, function(msg)
    local ok, problem = pcall(handle, msg)
    if ok then return end
    local text = tostring(problem):gsub("^[^:]+:%d+: ", "")
    msg.reply({ Action = action .. "-Error", ["Message-Id"] = msg.Id, Error = text, Data = text })
  end)
end

on("Info", function(msg)
  msg.reply({ Name = Name, Ticker = Ticker, Logo = Logo, Denomination = tostring(Denomination) })
end)

on("Balance", function(msg)
  local account = msg.Tags.Recipient or msg.Tags.Target or msg.From
  local balance = Balances[account] or "0"
  msg.reply({ Account = account, Ticker = Ticker, Balance = balance, Data = balance })
end)

on("Balances", function(msg) msg.reply({ Data = next(Balances) and json.encode(Balances) or "{}" }) end)

on("Total-Supply", function(msg) msg.reply({ Action = "Total-Supply", Ticker = Ticker, Data = TotalSupply }) end)

on("Transfer", function(msg)
  local recipient, quantity = msg.Tags.Recipient, quantityOf(msg)
  assert(type(recipient) == "string" and recipient ~= "", "Recipient is missing")
  take(msg.From, quantity)
  give(recipient, quantity)
  -- Cast: who sends very many transfers may do without the notices.
  if msg.Tags.Cast then return end
  msg.reply(withForwardedTags({
    Action = "Debit-Notice",
    Recipient = recipient,
    Quantity = quantity,
    Data = "You transferred " .. quantity .. " to " .. recipient,
  }, msg))
  Send(withForwardedTags({
    Target = recipient,
    Action = "Credit-Notice",
    Sender = msg.From,
    Quantity = quantity,
    Data = "You received " .. quantity .. " from " .. msg.From,
  }, msg))
end)

on("Mint", function(msg)
  assert(msg.From == Owner or msg.From == ao.id, "Only the owner can mint")
  local quantity = quantityOf(msg)
  local supply = add(TotalSupply, quantity)
  assert(#supply <= MAX_DIGITS, "Quantity is too large")
  TotalSupply = supply
  give(msg.From, quantity)
  msg.reply({ Action = "Mint-Notice", Quantity = quantity, Data = "Minted " .. quantity })
end)

on("Burn", function(msg)
  local quantity = quantityOf(msg)
  take(msg.From, quantity)
  TotalSupply = subtract(TotalSupply, quantity)
  msg.reply({ Action = "Burn-Notice", Quantity = quantity, Data = "Burned " .. quantity })
end)
