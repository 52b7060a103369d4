--- Base64 (RFC 4648): with padding and `+` `/` unless another alphabet is made.
local base64 = { _version = '1.0.0' }

local LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

--- An alphabet for `encode`: characters 62 and 63, and the padding ('' for none).
function base64.makeencoder(s62, s63, padding)
  local encoder = { padding = padding or '=' }
  local letters = LETTERS .. (s62 or '+') .. (s63 or '/')
  for i = 0, 63 do encoder[i] = letters:sub(i + 1, i + 1) end
  return encoder
end

--- The same alphabet for `decode`.
function base64.makedecoder(s62, s63)
  local decoder = {}
  local letters = LETTERS .. (s62 or '+') .. (s63 or '/')
  for i = 0, 63 do decoder[letters:byte(i + 1)] = i end
  return decoder
end

local ENCODER, DECODER = base64.makeencoder(), base64.makedecoder()

function base64.encode(text, encoder)
  encoder = encoder or ENCODER
  local out, count = {}, 0
  for i = 1, #text, 3 do
    local a, b, c = text:byte(i, i + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    out[count + 1] = encoder[bits >> 18]
    out[count + 2] = encoder[bits >> 12 & 63]
    out[count + 3] = b and encoder[bits >> 6 & 63] or encoder.padding
    out[count + 4] = c and encoder[bits & 63] or encoder.padding
    count = count + 4
  end
  return table.concat(out)
end

--- Characters that are not of the alphabet (padding, line breaks) are passed over.
function base64.decode(text, decoder)
  decoder = decoder or DECODER
  local out, count = {}, 0
  local bits, held = 0, 0
  for i = 1, #text do
    local value = decoder[text:byte(i)]
    if value then
      bits, held = (bits << 6 | value) & 0xffffff, held + 6
      if held >= 8 then
        held = held - 8
        count = count + 1
        out[count] = string.char(bits >> held & 255)
      end
    end
  end
  return table.concat(out)
end

return base64
