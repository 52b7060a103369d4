--- Integers of a fixed number of bits, two's complement, that wrap around: require('.bint')(256).
---
--- A number is a table of 32-bit words, the lowest first. Operators take integers, integral floats, bints and texts of
--- digits; with a float that has a fraction they give a float, as Lua's own operators do.
local WORD_BITS = 32
local WORD_MASK = 0xffffffff
local DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

local classes = {}

-- Quotient and remainder of an unsigned 64-bit number and a divisor below 2^32.
local function divide64(number, divisor)
  if number >= 0 then return number // divisor, number % divisor end
  local quotient = (number >> 1) // divisor << 1
  local remainder = number - quotient * divisor
  if math.ult(remainder, divisor) then return quotient, remainder end
  return quotient + 1, remainder - divisor
end

local function makeClass(bits)
  local SIZE = bits // WORD_BITS
  local bint = { bits = bits }
  bint.__index = bint

  local function raw() return setmetatable({}, bint) end

  -- ---------------------------------------------------------------- making one

  function bint.zero() return bint.frominteger(0) end

  function bint.one() return bint.frominteger(1) end

  function bint.frominteger(value)
    value = assert(math.tointeger(value), 'bint: not an integer')
    local x, fill = raw(), value < 0 and WORD_MASK or 0
    x[1], x[2] = value & WORD_MASK, value >> 32
    for i = 3, SIZE do x[i] = fill end
    return x
  end

  function bint.fromuinteger(value)
    value = assert(math.tointeger(value), 'bint: not an integer')
    local x = raw()
    x[1], x[2] = value & WORD_MASK, value >> 32
    for i = 3, SIZE do x[i] = 0 end
    return x
  end

  function bint.mininteger()
    local x = bint.zero()
    x[SIZE] = 1 << 31
    return x
  end

  function bint.maxinteger() return ~bint.mininteger() end

  -- x = x * factor + addend, in place.
  local function multiplyAdd(x, factor, addend)
    local carry = addend
    for i = 1, SIZE do
      local product = x[i] * factor + carry
      x[i] = product & WORD_MASK
      carry = product >> 32
    end
  end

  --- From text in a base of 2 to 36, with an optional sign. nil when it is not such a text.
  function bint.frombase(text, base)
    if type(text) ~= 'string' then return nil end
    base = base or 10
    if base < 2 or base > 36 then return nil end
    local sign, digits = text:lower():match('^([+-]?)(%w+)$')
    if not digits then return nil end
    local x = bint.zero()
    -- Several digits at a time: as many as fit a word.
    local chunk = base == 10 and 9 or 5
    for at = 1, #digits, chunk do
      local part = digits:sub(at, at + chunk - 1)
      local value = tonumber(part, base)
      if not value then return nil end
      multiplyAdd(x, math.tointeger(base ^ #part), value)
    end
    return sign == '-' and -x or x
  end

  --- From a decimal text, or with a prefix 0x or 0b. nil when it is not such a text.
  function bint.fromstring(text)
    if type(text) ~= 'string' then return nil end
    local sign, prefix, digits = text:match('^%s*([+-]?)0([xXbB])(%w+)%s*$')
    if prefix then return bint.frombase(sign .. digits, prefix:lower() == 'x' and 16 or 2) end
    local decimal = text:match('^%s*([+-]?%d+)%s*$')
    return decimal and bint.frombase(decimal, 10)
  end

  function bint.fromle(bytes)
    local x = bint.zero()
    for i = 1, math.min(#bytes, SIZE * 4) do
      local word = (i - 1) // 4 + 1
      x[word] = x[word] | bytes:byte(i) << (i - 1) % 4 * 8
    end
    return x
  end

  function bint.frombe(bytes) return bint.fromle(bytes:reverse()) end

  function bint.isbint(x) return getmetatable(x) == bint end

  --- A bint of the value, or nil when it is not an integer. A bint is given back itself unless `clone` is set.
  function bint.tobint(value, clone)
    if getmetatable(value) == bint then
      return clone and table.move(value, 1, SIZE, 1, raw()) or value
    end
    if type(value) == 'number' then
      local integer = math.tointeger(value)
      if integer then return bint.frominteger(integer) end
      return math.floor(value) == value and math.abs(value) < math.huge and bint.frombase(('%.0f'):format(value))
        or nil
    end
    if type(value) == 'string' then return bint.fromstring(value) end
  end

  --- As tobint, but a float with a fraction comes back as a float.
  function bint.parse(value, clone) return bint.tobint(value, clone) or bint.tonumber(value) end

  function bint.new(value)
    local x = bint.tobint(value, true)
    if not x then error('bint: ' .. tostring(value) .. ' is not an integer', 2) end
    return x
  end

  --- The integer below, above, or next towards zero.
  function bint.floor(value) return bint.new(bint.isbint(value) and value or math.floor(bint.tonumber(value))) end

  function bint.ceil(value) return bint.new(bint.isbint(value) and value or math.ceil(bint.tonumber(value))) end

  function bint.trunc(value)
    if bint.tobint(value) then return bint.new(value) end
    local number = bint.tonumber(value)
    return number and bint.new(number < 0 and math.ceil(number) or math.floor(number))
  end

  -- ---------------------------------------------------------------- reading one

  function bint.isneg(x)
    if getmetatable(x) == bint then return x[SIZE] >> 31 == 1 end
    return x < 0
  end

  function bint.iszero(x)
    if getmetatable(x) ~= bint then return x == 0 end
    for i = 1, SIZE do
      if x[i] ~= 0 then return false end
    end
    return true
  end

  function bint.isone(x) return bint.eq(x, 1) end

  function bint.isminusone(x) return bint.eq(x, -1) end

  function bint.ispos(x) return not bint.isneg(x) and not bint.iszero(x) end

  function bint.iseven(x) return bint.new(x)[1] & 1 == 0 end

  function bint.isodd(x) return bint.new(x)[1] & 1 == 1 end

  function bint.ismininteger(x) return bint.eq(x, bint.mininteger()) end

  function bint.ismaxinteger(x) return bint.eq(x, bint.maxinteger()) end

  function bint.isintegral(x) return bint.isbint(x) or math.type(x) == 'integer' end

  function bint.isnumeric(x) return bint.isbint(x) or type(x) == 'number' end

  function bint.type(x) return bint.isbint(x) and 'bint' or math.type(x) end

  --- The lowest 64 bits.
  function bint.touinteger(x)
    if getmetatable(x) == bint then return x[1] | x[2] << 32 end
    return math.tointeger(x)
  end

  bint.tointeger = bint.touinteger

  --- A Lua number: an integer when 64 bits are enough, a float otherwise. nil for what is not a number.
  function bint.tonumber(x)
    if getmetatable(x) ~= bint then return tonumber(x) end
    local integer = bint.touinteger(x)
    if bint.eq(x, integer) then return integer end
    return tonumber(tostring(x))
  end

  -- Divides x by a word in place and returns the remainder.
  local function divideByWord(x, divisor)
    local remainder = 0
    for i = SIZE, 1, -1 do x[i], remainder = divide64(remainder << 32 | x[i], divisor) end
    return remainder
  end

  --- Text in a base of 2 to 36. Numbers are unsigned when `unsigned` is set; otherwise only base 10 and those below it are signed.
  function bint.tobase(x, base, unsigned)
    base = base or 10
    if base < 2 or base > 36 then return nil end
    x = bint.new(x)
    if unsigned == nil then unsigned = base ~= 10 end
    local negative = not unsigned and bint.isneg(x)
    if negative then x = -x end
    -- The largest power of the base that fits a word gives several digits for each division.
    local power, width = base, 1
    while power * base <= WORD_MASK do power, width = power * base, width + 1 end
    local parts = {}
    repeat
      local rest = divideByWord(x, power)
      local last = bint.iszero(x)
      local text = {}
      for i = width, 1, -1 do
        local digit = rest % base
        text[i] = DIGITS:sub(digit + 1, digit + 1)
        rest = rest // base
      end
      local part = table.concat(text)
      parts[#parts + 1] = last and part:gsub('^0+(.)', '%1') .. '' or part
    until last
    local out = {}
    for i = #parts, 1, -1 do out[#out + 1] = parts[i] end
    return (negative and '-' or '') .. table.concat(out)
  end

  function bint.__tostring(x) return bint.tobase(x, 10) end

  function bint.tole(x, trim)
    x = bint.new(x)
    local words = {}
    for i = 1, SIZE do words[i] = string.pack('<I4', x[i]) end
    local bytes = table.concat(words)
    return trim and bytes:gsub('(.)\0+$', '%1') .. '' or bytes
  end

  function bint.tobe(x, trim) return bint.tole(x, trim):reverse() end

  -- ---------------------------------------------------------------- comparing

  local function unsignedLess(x, y)
    for i = SIZE, 1, -1 do
      if x[i] ~= y[i] then return x[i] < y[i] end
    end
    return false
  end

  function bint.ult(x, y) return unsignedLess(bint.new(x), bint.new(y)) end

  function bint.ule(x, y) return not bint.ult(y, x) end

  function bint.__eq(x, y)
    for i = 1, SIZE do
      if x[i] ~= y[i] then return false end
    end
    return true
  end

  function bint.eq(x, y)
    local a, b = bint.tobint(x), bint.tobint(y)
    if a and b then return bint.__eq(a, b) end
    return x == y
  end

  function bint.__lt(x, y)
    local a, b = bint.tobint(x), bint.tobint(y)
    if not a or not b then return bint.tonumber(x) < bint.tonumber(y) end
    local negative = bint.isneg(a)
    if negative ~= bint.isneg(b) then return negative end
    return unsignedLess(a, b)
  end

  function bint.__le(x, y)
    local a, b = bint.tobint(x), bint.tobint(y)
    if not a or not b then return bint.tonumber(x) <= bint.tonumber(y) end
    return not bint.__lt(b, a)
  end

  function bint.max(x, y) return bint.new(bint.__lt(x, y) and y or x) end

  function bint.min(x, y) return bint.new(bint.__lt(x, y) and x or y) end

  -- ---------------------------------------------------------------- adding and multiplying

  -- x + y + carry, as a new number.
  local function sum(x, y, carry, flip)
    local out = raw()
    for i = 1, SIZE do
      carry = x[i] + (y[i] ~ flip) + carry
      out[i] = carry & WORD_MASK
      carry = carry >> 32
    end
    return out
  end

  function bint.__add(x, y)
    local a, b = bint.tobint(x), bint.tobint(y)
    if not a or not b then return bint.tonumber(x) + bint.tonumber(y) end
    return sum(a, b, 0, 0)
  end

  function bint.__sub(x, y)
    local a, b = bint.tobint(x), bint.tobint(y)
    if not a or not b then return bint.tonumber(x) - bint.tonumber(y) end
    return sum(a, b, 1, WORD_MASK)
  end

  function bint.__unm(x) return sum(bint.zero(), x, 1, WORD_MASK) end

  function bint.inc(x) return bint.__add(x, 1) end

  function bint.dec(x) return bint.__sub(x, 1) end

  function bint.abs(x)
    x = bint.new(x)
    return bint.isneg(x) and -x or x
  end

  function bint.__mul(x, y)
    local a, b = bint.tobint(x), bint.tobint(y)
    if not a or not b then return bint.tonumber(x) * bint.tonumber(y) end
    local out = bint.zero()
    for i = 1, SIZE do
      local word, carry = a[i], 0
      if word ~= 0 then
        for j = 1, SIZE - i + 1 do
          local product = word * b[j] + out[i + j - 1] + carry
          out[i + j - 1] = product & WORD_MASK
          carry = product >> 32
        end
      end
    end
    return out
  end

  --- x to the power of y, both unsigned.
  function bint.ipow(x, y)
    local base, exponent, result = bint.new(x), bint.new(y), bint.one()
    while not bint.iszero(exponent) do
      if exponent[1] & 1 == 1 then result = result * base end
      base, exponent = base * base, exponent >> 1
    end
    return result
  end

  --- x to the power of y, modulo m, all unsigned and m of at most half the bits.
  function bint.upowmod(x, y, m)
    local modulus = bint.new(m)
    local base, exponent, result = bint.umod(x, modulus), bint.new(y), bint.umod(1, modulus)
    while not bint.iszero(exponent) do
      if exponent[1] & 1 == 1 then result = bint.umod(result * base, modulus) end
      base, exponent = bint.umod(base * base, modulus), exponent >> 1
    end
    return result
  end

  function bint.__pow(x, y) return bint.tonumber(x) ^ bint.tonumber(y) end

  function bint.__div(x, y) return bint.tonumber(x) / bint.tonumber(y) end

  -- ---------------------------------------------------------------- dividing

  local function length(x)
    for i = SIZE, 1, -1 do
      if x[i] ~= 0 then return i end
    end
    return 0
  end

  -- Knuth, The Art of Computer Programming 4.3.1, algorithm D. The divisor has at least two words.
  local function longDivide(x, y, xLength, yLength)
    local shift = 0
    while y[yLength] << shift & 0x80000000 == 0 do shift = shift + 1 end
    local rest, divisor = {}, {}
    for i = yLength, 1, -1 do
      divisor[i] = (y[i] << shift | (i > 1 and y[i - 1] or 0) >> (32 - shift)) & WORD_MASK
    end
    rest[xLength + 1] = x[xLength] >> (32 - shift)
    for i = xLength, 1, -1 do
      rest[i] = (x[i] << shift | (i > 1 and x[i - 1] or 0) >> (32 - shift)) & WORD_MASK
    end
    local quotient = bint.zero()
    local top, second = divisor[yLength], divisor[yLength - 1]
    for at = xLength - yLength + 1, 1, -1 do
      local high = rest[at + yLength]
      local guess, remainder = divide64(high << 32 | rest[at + yLength - 1], top)
      while guess > WORD_MASK or math.ult(remainder << 32 | rest[at + yLength - 2], guess * second) do
        guess, remainder = guess - 1, remainder + top
        if remainder > WORD_MASK then break end
      end
      local borrow, carry = 0, 0
      for i = 1, yLength do
        local product = guess * divisor[i] + carry
        carry = product >> 32
        local difference = rest[at + i - 1] - (product & WORD_MASK) - borrow
        rest[at + i - 1] = difference & WORD_MASK
        borrow = difference < 0 and 1 or 0
      end
      local difference = high - carry - borrow
      rest[at + yLength] = difference & WORD_MASK
      if difference < 0 then
        guess, carry = guess - 1, 0
        for i = 1, yLength do
          carry = rest[at + i - 1] + divisor[i] + carry
          rest[at + i - 1] = carry & WORD_MASK
          carry = carry >> 32
        end
        rest[at + yLength] = rest[at + yLength] + carry & WORD_MASK
      end
      quotient[at] = guess
    end
    local remainder = bint.zero()
    for i = 1, yLength do
      remainder[i] = (rest[i] >> shift | rest[i + 1] << (32 - shift)) & WORD_MASK
    end
    return quotient, remainder
  end

  --- Unsigned quotient and remainder.
  function bint.udivmod(x, y)
    local a, b = bint.new(x), bint.new(y)
    local aLength, bLength = length(a), length(b)
    if bLength == 0 then error('bint: division by zero', 2) end
    if unsignedLess(a, b) then return bint.zero(), a end
    if bLength > 1 then return longDivide(a, b, aLength, bLength) end
    local remainder = divideByWord(a, b[1])
    return a, bint.fromuinteger(remainder)
  end

  function bint.udiv(x, y) return (bint.udivmod(x, y)) end

  function bint.umod(x, y)
    local _, remainder = bint.udivmod(x, y)
    return remainder
  end

  --- Quotient rounded towards zero; the remainder has the sign of x.
  function bint.tdivmod(x, y)
    local a, b = bint.new(x), bint.new(y)
    local negativeA, negativeB = bint.isneg(a), bint.isneg(b)
    local quotient, remainder = bint.udivmod(negativeA and -a or a, negativeB and -b or b)
    return negativeA ~= negativeB and -quotient or quotient, negativeA and -remainder or remainder
  end

  function bint.tdiv(x, y) return (bint.tdivmod(x, y)) end

  function bint.tmod(x, y)
    local _, remainder = bint.tdivmod(x, y)
    return remainder
  end

  --- Quotient rounded down, as Lua's // does; the remainder has the sign of y.
  function bint.idivmod(x, y)
    local quotient, remainder = bint.tdivmod(x, y)
    if not bint.iszero(remainder) and bint.isneg(remainder) ~= bint.isneg(bint.new(y)) then
      return quotient - 1, remainder + y
    end
    return quotient, remainder
  end

  function bint.__idiv(x, y)
    if not bint.tobint(x) or not bint.tobint(y) then return bint.tonumber(x) // bint.tonumber(y) end
    return (bint.idivmod(x, y))
  end

  function bint.__mod(x, y)
    if not bint.tobint(x) or not bint.tobint(y) then return bint.tonumber(x) % bint.tonumber(y) end
    local _, remainder = bint.idivmod(x, y)
    return remainder
  end

  -- ---------------------------------------------------------------- bits

  local function wordwise(operation)
    return function(x, y)
      local a, b, out = bint.new(x), bint.new(y), raw()
      for i = 1, SIZE do out[i] = operation(a[i], b[i]) end
      return out
    end
  end

  bint.__band = wordwise(function(a, b) return a & b end)
  bint.__bor = wordwise(function(a, b) return a | b end)
  bint.__bxor = wordwise(function(a, b) return a ~ b end)

  function bint.__bnot(x)
    local out = raw()
    for i = 1, SIZE do out[i] = ~x[i] & WORD_MASK end
    return out
  end

  function bint.__shl(x, count)
    count = bint.tointeger(count)
    if count < 0 then return bint.__shr(x, -count) end
    x = bint.new(x)
    local words, shift, out = count // 32, count % 32, raw()
    for i = 1, SIZE do
      out[i] = ((x[i - words] or 0) << shift | (x[i - words - 1] or 0) >> (32 - shift)) & WORD_MASK
    end
    return out
  end

  --- The high bits are filled with zeros, as Lua's >> does.
  function bint.__shr(x, count)
    count = bint.tointeger(count)
    if count < 0 then return bint.__shl(x, -count) end
    x = bint.new(x)
    local words, shift, out = count // 32, count % 32, raw()
    for i = 1, SIZE do
      out[i] = ((x[i + words] or 0) >> shift | (x[i + words + 1] or 0) << (32 - shift)) & WORD_MASK
    end
    return out
  end

  return setmetatable(bint, { __call = function(_, value) return bint.new(value) end })
end

--- The class of integers with so many bits, a multiple of 32 and at least 64.
return function(bits)
  bits = bits or 256
  assert(bits >= 64 and bits % WORD_BITS == 0, 'bint: the number of bits must be a multiple of 32, and at least 64')
  classes[bits] = classes[bits] or makeClass(bits)
  return classes[bits]
end
