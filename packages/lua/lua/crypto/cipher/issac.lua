--- ISAAC (Robert J. Jenkins, 1996): random numbers from a seed, and a cipher made of them. Programs spell it issac.
local util = require('.crypto.util')

local issac = {}

local WORD = 0xFFFFFFFF
local GOLDEN_RATIO = 0x9E3779B9
--- Bits to the left, or to the right if negative.
local MIX = { [0] = 11, -2, 8, -16, 10, -4, 8, -9 }
local STIR = { [0] = 13, -6, 2, -16 }

local state, results, used
local a, b, c

local function generate()
  c = c + 1 & WORD
  b = b + c & WORD
  for i = 0, 255 do
    local x = state[i]
    a = (a ~ a << STIR[i & 3]) + state[i + 128 & 255] & WORD
    local y = state[x >> 2 & 255] + a + b & WORD
    state[i] = y
    b = state[y >> 10 & 255] + x & WORD
    results[i] = b
  end
  used = 0
end

local function mix(words)
  for i = 0, 7 do
    local second, fourth = i + 1 & 7, i + 3 & 7
    words[i] = (words[i] ~ words[second] << MIX[i]) & WORD
    words[fourth] = words[fourth] + words[i] & WORD
    words[second] = words[second] + words[i + 2 & 7] & WORD
  end
end

--- Fills the state, in eights, after adding what `from` has at the same place.
local function fill(words, from)
  for i = 0, 255, 8 do
    for j = 0, 7 do words[j] = words[j] + from[i + j] & WORD end
    mix(words)
    for j = 0, 7 do state[i + j] = words[j] end
  end
end

--- (text, [false: to do as if all bytes of it were 0])
function issac.seedIsaac(seed, all)
  seed = tostring(seed)
  state, results, a, b, c = {}, {}, 0, 0, 0
  for i = 0, 255 do results[i] = all ~= false and seed:byte(i + 1) or 0 end
  local words = {}
  for i = 0, 7 do words[i] = GOLDEN_RATIO end
  for _ = 1, 4 do mix(words) end
  fill(words, results)
  if all ~= false then fill(words, state) end
  generate()
end

--- The next number of 32 bits.
function issac.getRandom()
  if not state then issac.seedIsaac(math.random(0, 2147483647)) end
  if used == 256 then generate() end
  used = used + 1
  return results[used - 1]
end

--- The next code of a character from the space to the tilde.
function issac.getRandomChar() return issac.getRandom() % 95 + 32 end

--- ([min], [max], [seed]): an integer in [min, max]. Every call begins with a seed: that of the process's random numbers
--- unless one is given.
function issac.random(min, max, seed)
  min = min or 0
  issac.seedIsaac(seed or math.random(0, 2147483647))
  return issac.getRandom() % ((max or 2147483647) - min + 1) + min
end

--- Moves each character among the 95 from the space to the tilde. What is not one of them does not come back.
local function shift(text, key, sign)
  issac.seedIsaac(key)
  return (text:gsub('.', function(character)
    return string.char((character:byte() - 32 + sign * issac.getRandomChar()) % 95 + 32)
  end))
end

function issac.encrypt(text, key) return util.result(shift(text, key, 1)) end

--- Returns a string.
function issac.decrypt(text, key) return shift(text, key, -1) end

return issac
