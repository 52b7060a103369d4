--- What happens to every message: prepare it, decide whether it is trusted, run the handlers, build the result.
local process = { _version = '1.0.0' }

Colors = { red = '\27[31m', green = '\27[32m', blue = '\27[34m', gray = '\27[90m', reset = '\27[0m' }
Bell = '\x07'

local utils = require('.utils')
Utils = utils
Dump = require('.dump')
ao = require('.ao')
Handlers = require('.handlers')

local json = require('json')
local stringify = require('.stringify')

Seeded = Seeded or false
HANDLER_PRINT_LOGS = {}

-- ---------------------------------------------------------------- what a program may call

--- The tags of a message as a map; of several with one name, the first.
function Tab(msg)
  local map = {}
  for _, tag in ipairs(msg.Tags) do
    if map[tag.name] == nil then map[tag.name] = tag.value end
  end
  return map
end

function Prompt()
  local c = Colors
  return c.green .. tostring(Name) .. c.gray .. '@' .. c.blue .. 'ao-lua-' .. process._version .. c.gray
    .. '[Inbox:' .. c.red .. #Inbox .. c.gray .. ']' .. c.reset .. '> '
end

local PRINT_COLORS = { boolean = Colors.blue, number = Colors.green, ['nil'] = Colors.red }

local function printable(value)
  local kind = type(value)
  if kind == 'string' then return value end
  if kind == 'table' then return stringify.format(value) end
  local color = PRINT_COLORS[kind]
  return color and color .. tostring(value) .. Colors.reset or tostring(value)
end

--- Adds a line to the Output of this message.
function print(...)
  local parts = {}
  for i = 1, select('#', ...) do parts[i] = printable((select(i, ...))) end
  table.insert(HANDLER_PRINT_LOGS, table.concat(parts, '\t'))
end

ao.log = print

function Send(msg)
  if not msg.Target then
    print('WARN: No target specified for message. Data will be stored, but no process will receive it.')
  end
  local sent = ao.send(msg)
  return { output = 'Message added to outbox', receive = sent.receive, onReply = sent.onReply }
end

--- ([module,] msg): without a module, another process of this one's.
function Spawn(...)
  local module, msg = ...
  if select('#', ...) == 1 and type(module) == 'table' then module, msg = ao._module, module end
  local spawned = ao.spawn(module, msg or {})
  return {
    output = 'Spawn process request added to outbox',
    receive = spawned.receive,
    onReply = spawned.onReply,
    after = spawned.onReply,
  }
end

function Receive(pattern) return Handlers.receive(pattern) end

function Assign(assignment)
  ao.assign(assignment)
  print('Assignment added to outbox.')
  return 'Assignment added to outbox.'
end

--- Adds a patch to the result: what changes in the state that the process shows to the outside.
function Patch(patch)
  ao.outbox.Patches = ao.outbox.Patches or {}
  table.insert(ao.outbox.Patches, patch)
end

function Version() print('version: ' .. process._version) end

-- ---------------------------------------------------------------- the standard library, in a process

local now = 0
local calendarTime = os.time

--- Without an argument the Timestamp of the message, in milliseconds. With one as in Lua, in seconds.
function os.time(date)
  if date then return calendarTime(date) end
  return now
end

function os.exit() error('os.exit: a process cannot exit', 2) end

-- ---------------------------------------------------------------- preparing a message

local function normalizeKeys(msg)
  local renamed
  for key in pairs(msg) do
    if utils.normalize(key) ~= key then
      renamed = renamed or {}
      table.insert(renamed, key)
    end
  end
  if not renamed then return end
  table.sort(renamed)
  for _, key in ipairs(renamed) do
    local value = msg[key]
    msg[key] = nil
    msg[utils.normalize(key)] = value
  end
end

-- Returns the values under the names the sender wrote, where those were others.
local function normalizeTags(tags)
  local asSent
  for _, tag in ipairs(tags) do
    local name = utils.normalize(tag.name)
    if name ~= tag.name then
      asSent = asSent or {}
      asSent[tag.name], tag.name = tag.value, name
    end
  end
  return asSent
end

local function addReplies(msg)
  function msg.reply(reply)
    local answer = {}
    for key, value in pairs(reply) do answer[key] = value end
    answer.Target = msg['Reply-To'] or reply.Target or msg.From
    answer['X-Reference'] = msg['X-Reference'] or msg.Reference
    answer['X-Origin'] = msg['X-Origin']
    return ao.send(answer)
  end

  function msg.forward(target, changes)
    local forwarded = ao.sanitize(msg)
    for key, value in pairs(changes or {}) do forwarded[key] = value end
    forwarded.Target = target
    forwarded['Reply-To'] = msg['Reply-To'] or msg.From
    forwarded['X-Reference'] = msg['X-Reference'] or msg.Reference
    forwarded['X-Origin'] = msg['X-Origin'] or msg.From
    return ao.send(forwarded)
  end
end

local function prepare(msg)
  normalizeKeys(msg)
  if type(msg.Tags) ~= 'table' then msg.Tags = {} end
  local asSent = normalizeTags(msg.Tags)
  ao.normalize(msg)
  msg.TagArray = msg.Tags
  msg.Tags = Tab(msg)
  if asSent then
    -- The key of a tag TokenId is Tokenid. Programs look for what they have seen being sent.
    setmetatable(msg.Tags, { __index = asSent })
    setmetatable(msg, { __index = asSent })
  end
  if msg.Tags['Content-Type'] == 'application/json' and type(msg.Data) == 'string' then
    local ok, data = pcall(json.decode, msg.Data)
    -- A sender's broken JSON is the sender's problem: the program sees the text it sent.
    if ok then msg.Data = data end
  end
  addReplies(msg)
end

-- ---------------------------------------------------------------- who the process is

local function seedOf(text)
  local seed = 2166136261
  for i = 1, #text do seed = (seed ~ text:byte(i)) * 16777619 & 0xffffffff end
  return seed
end

local function initialize(msg, env)
  local tags = env.Process.Tags
  if not Owner then Owner = tags['From-Process'] or env.Process.Owner or msg.From end
  if not Name then Name = tags.Name or 'aos' end
  if not Seeded then
    local parts = { msg['Block-Height'], msg.Owner, ao._module, msg.Id or env.Process.Id }
    for i = 1, 4 do parts[i] = tostring(parts[i]) end
    math.randomseed(seedOf(table.concat(parts)))
    Seeded = true
  end
end

-- A program that clears one of these must not lock its owner out.
local NEEDED = {}
for _, name in ipairs({ 'ao', 'Colors', 'Dump', 'Handlers', 'print', 'Prompt', 'Send', 'Tab', 'Utils' }) do
  NEEDED[name] = _G[name]
end

local function restoreGlobals()
  for name, value in pairs(NEEDED) do
    if _G[name] == nil then _G[name] = value end
  end
  Inbox = Inbox or {}
  Errors = Errors or {}
  HANDLER_PRINT_LOGS = HANDLER_PRINT_LOGS or {}
end

-- ---------------------------------------------------------------- the handlers every process has

local function isEval(msg) return msg.Action == 'Eval' and msg.From == Owner end

local function has(name)
  for _, handler in ipairs(Handlers.list) do
    if handler.name == name then return true end
  end
end

-- On every message: a program that empties the list must not lock its owner out.
local function addBuiltins(isSpawn)
  if not has('_eval') then Handlers.prepend('_eval', isEval, require('.eval')(ao)) end
  if not has('_default') then Handlers.append('_default', function() return true end, require('.default')()) end
  if not isSpawn then return end
  Handlers.once('_boot', function(msg) return msg.Id == ao.id and msg.From == Owner end, function(msg)
    table.insert(Inbox, msg)
    require('.boot')(ao)(msg)
  end)
end

-- ---------------------------------------------------------------- the result

local function printed() return table.concat(HANDLER_PRINT_LOGS, '\n') end

local function output() return { data = printed(), prompt = Prompt(), print = true } end

local function errorText(text)
  local before = printed()
  return (before == '' and '' or before .. '\n\n') .. Colors.red .. 'error:\n' .. Colors.reset .. text
end

local function failure(msg, thread, problem, evaluating)
  if evaluating then
    local text = stringify.plain(problem)
    table.insert(Errors, text)
    return { Error = errorText(text) }
  end
  local what = msg.Action and 'message with Action = ' .. tostring(msg.Action) or 'message'
  print(Colors.red .. 'Error' .. Colors.gray .. ' handling ' .. what .. Colors.reset)
  return { Error = errorText(Handlers.describe(thread, problem)) }
end

local function refuse(msg, what)
  print(what .. ' is not trusted! From: ' .. tostring(msg.From) .. ' - Owner: ' .. tostring(msg.Owner))
  return ao.result({ Output = output() })
end

--- Evaluates one message. `msg` and `env` are what the compute unit gives, decoded.
--- @return { Output, Messages, Spawns, Assignments } or { Error }
function process.handle(msg, env)
  restoreGlobals()
  env.Process.Tags = env.Process.Tags or {}
  ao.init(env)
  env.Process.TagArray = env.Process.Tags
  env.Process.Tags = Tab(env.Process)
  HANDLER_PRINT_LOGS = {}
  now = tonumber(msg.Timestamp) or now
  prepare(msg)
  initialize(msg, env)
  if not msg['Read-Only'] and not msg.Cron then ao.Nonce = tonumber(msg.Nonce) or ao.Nonce end

  if msg.From ~= msg.Owner and not ao.isTrusted(msg) then return refuse(msg, 'Message') end
  if ao.isAssignment(msg) and not ao.isAssignable(msg) then
    if msg.From ~= ao.id then
      ao.send({ Target = msg.From, Data = 'Assignment is not trusted by this process!' })
    end
    return refuse(msg, 'Assignment')
  end

  addBuiltins(msg.Id ~= nil and msg.Id == env.Process.Id)
  -- In a coroutine of its own, so that it can wait for another message.
  local thread = coroutine.create(Handlers.evaluate)
  local evaluating = isEval(msg)
  local ok, problem = coroutine.resume(thread, msg, env)
  restoreGlobals()
  if not ok then return failure(msg, thread, problem, evaluating) end
  if evaluating then
    return ao.result({ Output = { data = printed(), prompt = Prompt(), test = Dump(HANDLER_PRINT_LOGS) } })
  end
  return ao.result({ Output = output() })
end

return process
