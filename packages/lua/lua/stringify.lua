--- Lua values as text for a person to read.
local utils = require('.utils')

local stringify = { _version = '1.0.0' }

local COLORS = { red = '\27[31m', green = '\27[32m', blue = '\27[34m', reset = '\27[0m' }
local NO_COLORS = { red = '', green = '', blue = '', reset = '' }

local function format(value, indent, colors, open)
  if type(value) == 'string' then return colors.green .. '"' .. value .. '"' .. colors.reset end
  if type(value) ~= 'table' then return colors.blue .. tostring(value) .. colors.reset end
  local meta = getmetatable(value)
  if type(meta) == 'table' and meta.__tostring then return colors.blue .. tostring(value) .. colors.reset end
  if open[value] then return colors.red .. '<cycle>' .. colors.reset end
  if next(value) == nil then return '{ }' end
  open[value] = true
  local inner = (' '):rep(indent + 2)
  local lines = {}
  if utils.isArray(value) then
    for i, item in ipairs(value) do lines[i] = inner .. format(item, indent + 2, colors, open) end
  else
    for i, key in ipairs(utils.sortedKeys(value)) do
      local name = colors.red .. tostring(key) .. colors.reset
      lines[i] = inner .. name .. ' = ' .. format(value[key], indent + 2, colors, open)
    end
  end
  open[value] = nil
  return '{\n' .. table.concat(lines, ',\n') .. '\n' .. (' '):rep(indent) .. '}'
end

--- With the colours of a terminal. Keys are sorted, so that equal tables look the same.
function stringify.format(value, indent) return format(value, indent or 0, COLORS, {}) end

--- Without colours; a string stays as it is.
function stringify.plain(value)
  if type(value) == 'string' then return value end
  return format(value, 0, NO_COLORS, {})
end

return stringify
