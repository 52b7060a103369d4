--- The process's side of the ao protocol: who it is, whom it trusts, and what it sends.
local utils = require('.utils')
local json = require('json')

-- A program that loads this file again stays who it is.
local previous = ao or {}

local ao = {
  _version = '1.0.0',
  id = previous.id or '',
  _module = previous._module or '',
  authorities = previous.authorities or {},
  assignables = previous.assignables or {},
  reference = previous.reference or 0,
  Nonce = previous.Nonce,
  env = previous.env,
  outbox = previous.outbox or { Output = {}, Messages = {}, Spawns = {}, Assignments = {} },
  --- Tags that do not become keys of the message: the message's own keys must not be overwritten by a sender.
  nonExtractableTags = {
    'Data-Protocol', 'Variant', 'From-Process', 'From-Module', 'Type', 'From', 'Owner', 'Anchor', 'Target', 'Data',
    'Tags', 'TagArray', 'Read-Only', 'Id', 'Cron', 'Timestamp', 'Block-Height', 'Nonce', 'Epoch', 'Hash-Chain',
    'Signature', 'Forwarded-By',
  },
  --- Keys that belong to one message and not to the one that forwards it.
  nonForwardableTags = {
    'Data-Protocol', 'Variant', 'From-Process', 'From-Module', 'Type', 'From', 'Owner', 'Anchor', 'Target', 'Tags',
    'TagArray', 'Hash-Chain', 'Timestamp', 'Nonce', 'Epoch', 'Signature', 'Forwarded-By', 'Pushed-For', 'Read-Only',
    'Cron', 'Block-Height', 'Reference', 'Id', 'Reply-To',
  },
}

--- A deep copy that keeps metatables, shared tables and cycles.
function ao.clone(value, seen)
  if type(value) ~= 'table' then return value end
  seen = seen or {}
  if seen[value] then return seen[value] end
  local copy = {}
  seen[value] = copy
  for key, item in pairs(value) do copy[ao.clone(key, seen)] = ao.clone(item, seen) end
  return setmetatable(copy, getmetatable(value))
end

-- ao.nonExtractableTags as a set; made anew when a program has added to the list.
local protected, protectedCount = {}, 0

local function updateProtected()
  protected, protectedCount = {}, #ao.nonExtractableTags
  for _, name in ipairs(ao.nonExtractableTags) do protected[name] = true end
end

--- Makes the tags of a message its keys, except those that only the network may set.
function ao.normalize(msg)
  if protectedCount ~= #ao.nonExtractableTags then updateProtected() end
  for _, tag in ipairs(msg.Tags) do
    if not protected[tag.name] then msg[tag.name] = tag.value end
  end
  return msg
end

--- A copy of a message without what must not be forwarded.
function ao.sanitize(msg)
  local copy = ao.clone(msg)
  for _, name in ipairs(ao.nonForwardableTags) do copy[name] = nil end
  return copy
end

local function addAuthorities(value)
  for authority in value:gmatch('[^,%s]+') do
    if not utils.includes(authority, ao.authorities) then table.insert(ao.authorities, authority) end
  end
end

--- Called with the environment of every message; who the process is and whom it trusts is taken from the first one.
function ao.init(env)
  if ao.id == '' then ao.id = env.Process.Id end
  local readAuthorities = #ao.authorities == 0
  if readAuthorities or ao._module == '' then
    for _, tag in ipairs(env.Process.Tags) do
      if tag.name == 'Module' and ao._module == '' then ao._module = tag.value end
      if tag.name == 'Authority' and readAuthorities then addAuthorities(tag.value) end
    end
  end
  ao.clearOutbox()
  ao.env = env
end

function ao.clearOutbox() ao.outbox = { Output = {}, Messages = {}, Spawns = {}, Assignments = {} } end

--- Adds a line to the Output of this message.
function ao.log(text)
  if type(ao.outbox.Output) ~= 'table' then ao.outbox.Output = { ao.outbox.Output } end
  table.insert(ao.outbox.Output, text)
end

local function tagValue(value)
  if type(value) == 'table' then return json.encode(value) end
  return tostring(value)
end

local NOT_TAGS = { Target = true, Data = true, Anchor = true, Tags = true, From = true }

--- Tags from the keys of `msg` and from msg.Tags, a map or a list. In the order of their names, where Lua has no order.
local function addTags(tags, msg)
  for _, key in ipairs(utils.sortedKeys(msg)) do
    if not NOT_TAGS[key] and type(msg[key]) ~= 'function' then
      table.insert(tags, { name = tostring(key), value = tagValue(msg[key]) })
    end
  end
  if type(msg.Tags) ~= 'table' then return end
  if utils.isArray(msg.Tags) then
    for _, tag in ipairs(msg.Tags) do table.insert(tags, { name = tag.name, value = tagValue(tag.value) }) end
    return
  end
  for _, key in ipairs(utils.sortedKeys(msg.Tags)) do
    table.insert(tags, { name = tostring(key), value = tagValue(msg.Tags[key]) })
  end
end

local function nextReference()
  ao.reference = ao.reference + 1
  return tostring(ao.reference), string.format('%032d', ao.reference)
end

-- A table sent as Data travels as JSON and says so.
local function dataOf(msg, tags)
  local data = msg.Data
  if type(data) == 'table' then
    if msg['Content-Type'] == nil then table.insert(tags, { name = 'Content-Type', value = 'application/json' }) end
    return json.encode(data)
  end
  if data == nil then return nil end
  return tostring(data)
end

--- Sends a message when this one has been evaluated.
--- @return the message, with .receive([from]) and .onReply([from,] handler) for the answer
function ao.send(msg)
  assert(type(msg) == 'table', 'ao.send needs a table')
  local reference, anchor = nextReference()
  local tags = {
    { name = 'Data-Protocol', value = 'ao' },
    { name = 'Variant', value = 'ao.TN.1' },
    { name = 'Type', value = 'Message' },
    { name = 'Reference', value = reference },
  }
  addTags(tags, msg)
  local target = msg.Target ~= nil and tostring(msg.Target) or nil
  local message = { Target = target, Data = dataOf(msg, tags), Anchor = anchor, Tags = tags }
  table.insert(ao.outbox.Messages, message)

  local function answer(from) return { From = from or target, ['X-Reference'] = reference } end
  local sent = { Target = target, Data = message.Data, Anchor = anchor, Tags = tags }
  function sent.onReply(...)
    local from, handler = ...
    if select('#', ...) == 1 then from, handler = nil, from end
    Handlers.once(answer(from), handler)
  end
  function sent.receive(from) return Handlers.receive(answer(from)) end
  return sent
end

--- Starts a process when this message has been evaluated. The network answers with Action = Spawned.
--- @return the spawn, with .receive() and .onReply(handler) for that answer
function ao.spawn(module, msg)
  assert(type(module) == 'string', 'ao.spawn needs the id of a module')
  assert(type(msg) == 'table', 'ao.spawn needs a table')
  local reference, anchor = nextReference()
  local tags = {
    { name = 'Data-Protocol', value = 'ao' },
    { name = 'Variant', value = 'ao.TN.1' },
    { name = 'Type', value = 'Process' },
    { name = 'From-Process', value = ao.id },
    { name = 'From-Module', value = ao._module },
    { name = 'Module', value = module },
    { name = 'Reference', value = reference },
  }
  addTags(tags, msg)
  local spawn = { Data = dataOf(msg, tags) or 'NODATA', Anchor = anchor, Tags = tags }
  table.insert(ao.outbox.Spawns, spawn)

  local answer = { Action = 'Spawned', From = ao.id, Reference = reference }
  local spawned = { Data = spawn.Data, Anchor = anchor, Tags = tags }
  function spawned.onReply(handler) Handlers.once(answer, handler) end
  function spawned.receive() return Handlers.receive(answer) end
  return spawned
end

--- Assigns a message that is already on Arweave to processes.
function ao.assign(assignment)
  assert(type(assignment) == 'table', 'ao.assign needs a table')
  assert(type(assignment.Processes) == 'table', 'ao.assign needs Processes, a list of ids')
  assert(type(assignment.Message) == 'string', 'ao.assign needs Message, an id')
  table.insert(ao.outbox.Assignments, assignment)
end

--- Whether an authority of this process vouches for the message.
function ao.isTrusted(msg)
  return utils.includes(msg.From, ao.authorities) or utils.includes(msg.Owner, ao.authorities)
end

--- What the evaluation returns to the compute unit. With an error the state does not change and nothing is sent.
function ao.result(result)
  local problem = result.Error or ao.outbox.Error
  if problem then return { Error = problem } end
  return {
    Output = result.Output or ao.outbox.Output,
    Messages = ao.outbox.Messages,
    Spawns = ao.outbox.Spawns,
    Assignments = ao.outbox.Assignments,
    Patches = ao.outbox.Patches,
  }
end

require('.assignment').init(ao)

return ao
