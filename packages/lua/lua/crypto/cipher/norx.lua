--- NORX64-4-1, version 3 (Jean-Philippe Aumasson, Philipp Jovanovic, Samuel Neves, 2016): encryption with authentication.
local util = require('.crypto.util')

local norx = {}

local ROUNDS, TAG_BYTES = 4, 32
--- Bytes that are combined with the state at a time: twelve words of the sixteen.
local RATE, RATE_WORDS = 96, ('<' .. ('i8'):rep(12))
local FOUR_WORDS = '<i8i8i8i8'
--- What the next bytes are.
local HEADER, PAYLOAD, TRAILER, TAG = 1, 2, 4, 8
--- Word size, rounds, parallelism and bits of the tag.
local PARAMETERS = { 64, ROUNDS, 1, TAG_BYTES * 8 }

local function rotate(word, bits) return word >> bits | word << 64 - bits end

local function add(x, y) return x ~ y ~ (x & y) << 1 end

local function quarter(s, a, b, c, d)
  s[a] = add(s[a], s[b])
  s[d] = rotate(s[d] ~ s[a], 8)
  s[c] = add(s[c], s[d])
  s[b] = rotate(s[b] ~ s[c], 19)
  s[a] = add(s[a], s[b])
  s[d] = rotate(s[d] ~ s[a], 40)
  s[c] = add(s[c], s[d])
  s[b] = rotate(s[b] ~ s[c], 63)
end

local function permute(s, rounds)
  for _ = 1, rounds do
    for i = 0, 3 do quarter(s, 1 + i, 5 + i, 9 + i, 13 + i) end
    for i = 0, 3 do quarter(s, 1 + i, 5 + (i + 1) % 4, 9 + (i + 2) % 4, 13 + (i + 3) % 4) end
  end
end

local function addKey(s, key)
  for i = 1, 4 do s[12 + i] = s[12 + i] ~ key[i] end
end

local function start(key, nonce)
  local s = {}
  for i = 1, 16 do s[i] = i - 1 end
  permute(s, 2)
  for i = 1, 4 do
    s[i], s[4 + i], s[12 + i] = nonce[i], key[i], s[12 + i] ~ PARAMETERS[i]
  end
  permute(s, ROUNDS)
  addKey(s, key)
  return s
end

local function begin(s, what)
  s[16] = s[16] ~ what
  permute(s, ROUNDS)
end

--- A text's parts of RATE bytes. The last one is shorter, and may be empty; an empty text has none.
local function parts(text)
  local at = 1 - RATE
  return function()
    at = at + RATE
    if text == '' or at > #text + 1 then return nil end
    return text:sub(at, at + RATE - 1)
  end
end

local function padded(part)
  if #part == RATE then return part end
  if #part == RATE - 1 then return part .. '\x81' end
  return part .. '\1' .. ('\0'):rep(RATE - 2 - #part) .. '\x80'
end

local function absorb(s, text, what)
  for part in parts(text) do
    begin(s, what)
    local words = { RATE_WORDS:unpack(padded(part)) }
    for i = 1, 12 do s[i] = s[i] ~ words[i] end
  end
end

local function outer(s) return RATE_WORDS:pack(table.unpack(s, 1, 12)) end

local function xor(left, right)
  local bytes = {}
  for i = 1, #left do bytes[i] = string.char(left:byte(i) ~ right:byte(i)) end
  return table.concat(bytes)
end

local function run(text, key, nonce, header, trailer, decrypting)
  if #key ~= 32 then error('norx: a key has 32 bytes', 3) end
  if #nonce ~= 32 then error('norx: a nonce has 32 bytes', 3) end
  key = { FOUR_WORDS:unpack(key) }
  local s, out = start(key, { FOUR_WORDS:unpack(nonce) }), {}
  absorb(s, header, HEADER)
  for part in parts(text) do
    begin(s, PAYLOAD)
    local result = xor(part, outer(s))
    out[#out + 1] = result
    local words = { RATE_WORDS:unpack(padded(decrypting and result or part)) }
    for i = 1, 12 do s[i] = s[i] ~ words[i] end
  end
  absorb(s, trailer, TRAILER)
  begin(s, TAG)
  addKey(s, key)
  permute(s, ROUNDS)
  addKey(s, key)
  return table.concat(out), FOUR_WORDS:pack(table.unpack(s, 13, 16))
end

--- (key and nonce of 32 bytes, text, [header], [trailer]): the encrypted text, and 32 bytes that prove it, the header and the
--- trailer.
function norx.encrypt(key, nonce, text, header, trailer)
  local encrypted, tag = run(text, key, nonce, header or '', trailer or '', false)
  return util.result(encrypted .. tag)
end

--- (key, nonce, what encrypt gave as a string, [header], [trailer]): the text as a string, or nil and why there is none.
function norx.decrypt(key, nonce, sealed, header, trailer)
  local encrypted = sealed:sub(1, -1 - TAG_BYTES)
  local text, tag = run(encrypted, key, nonce, header or '', trailer or '', true)
  if tag ~= sealed:sub(-TAG_BYTES) then return nil, 'norx: it was not encrypted so' end
  return text
end

return norx
