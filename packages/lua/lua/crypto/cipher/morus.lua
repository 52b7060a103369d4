--- MORUS-1280, version 2 (Hongjun Wu, Tao Huang, 2016): encryption with authentication.
local util = require('.crypto.util')

local morus = {}

local BLOCK_BYTES, TAG_BYTES = 32, 16
local FOUR_WORDS = '<i8i8i8i8'
--- The Fibonacci numbers modulo 256.
local FIBONACCI = '\0\1\1\2\3\5\8\13\21\34\55\89\144\233\121\98\219\61\24\85\109\194\47\241\32\17\49\66\115\181\40\221'
--- For each of the five rounds of a step: bits by which words are rotated, and words by which a row is.
local ROTATIONS = { { 13, 1 }, { 46, 2 }, { 38, 3 }, { 7, 2 }, { 4, 1 } }

local function block(text) return { FOUR_WORDS:unpack(text) } end

local ZEROS = block(('\0'):rep(BLOCK_BYTES))

--- The state is five rows of four words each.
local function step(state, message)
  for round, rotation in ipairs(ROTATIONS) do
    local bits, words = rotation[1], rotation[2]
    local row, fourth = state[round], state[(round + 2) % 5 + 1]
    local second, third = state[round % 5 + 1], state[(round + 1) % 5 + 1]
    for i = 1, 4 do
      local word = row[i] ~ second[i] & third[i] ~ fourth[i]
      if round > 1 then word = word ~ message[i] end
      row[i] = word << bits | word >> 64 - bits
    end
    local rotated = {}
    for i = 1, 4 do rotated[(i - 1 + words) % 4 + 1] = fourth[i] end
    state[(round + 2) % 5 + 1] = rotated
  end
end

local function start(key, vector)
  local row = block(key)
  local state = {
    block(vector .. ('\0'):rep(16)),
    block(key),
    block(('\255'):rep(BLOCK_BYTES)),
    block(('\0'):rep(BLOCK_BYTES)),
    block(FIBONACCI),
  }
  for _ = 1, 16 do step(state, ZEROS) end
  for i = 1, 4 do state[2][i] = state[2][i] ~ row[i] end
  return state
end

--- What a block of data is combined with.
local function mask(state)
  local words = {}
  for i = 1, 4 do words[i] = state[1][i] ~ state[2][i % 4 + 1] ~ state[3][i] & state[4][i] end
  return words
end

--- The blocks of a text, the last one filled up with zeros, and how many bytes of it are the text's.
local function blocks(text)
  local at = 1 - BLOCK_BYTES
  return function()
    at = at + BLOCK_BYTES
    if at > #text then return nil end
    local part = text:sub(at, at + BLOCK_BYTES - 1)
    return block(part .. ('\0'):rep(BLOCK_BYTES - #part)), #part
  end
end

local function run(text, key, vector, header, decrypting)
  if #key == 16 then key = key .. key end
  if #key ~= 32 then error('morus: a key has 16 or 32 bytes', 3) end
  if #vector ~= 16 then error('morus: an initialization vector has 16 bytes', 3) end
  local state, out = start(key, vector), {}
  for words in blocks(header) do step(state, words) end
  for words, bytes in blocks(text) do
    local result = mask(state)
    for i = 1, 4 do result[i] = result[i] ~ words[i] end
    local part = FOUR_WORDS:pack(table.unpack(result)):sub(1, bytes)
    out[#out + 1] = part
    if decrypting then words = block(part .. ('\0'):rep(BLOCK_BYTES - bytes)) end
    step(state, words)
  end
  for i = 1, 4 do state[5][i] = state[5][i] ~ state[1][i] end
  for _ = 1, 10 do step(state, { #header * 8, #text * 8, 0, 0 }) end
  local tag = FOUR_WORDS:pack(table.unpack(mask(state))):sub(1, TAG_BYTES)
  return table.concat(out), tag
end

--- (key of 16 or 32 bytes, initialization vector of 16, text, [header]): the header as it is, the encrypted text and 16 bytes
--- that prove both.
function morus.encrypt(key, vector, text, header)
  header = header or ''
  local encrypted, tag = run(text, key, vector, header, false)
  return util.result(header .. encrypted .. tag)
end

--- (key, initialization vector, what encrypt gave as a string, [length of the header]): the text as a string, or nil and why
--- there is none.
function morus.decrypt(key, vector, sealed, headerLength)
  local start = (headerLength or 0) + 1
  local header, encrypted = sealed:sub(1, start - 1), sealed:sub(start, -1 - TAG_BYTES)
  local text, tag = run(encrypted, key, vector, header, true)
  if #sealed < start - 1 + TAG_BYTES or tag ~= sealed:sub(-TAG_BYTES) then return nil, 'morus: it was not encrypted so' end
  return text
end

return morus
