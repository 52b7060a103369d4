--- A Lua value as Lua source text.
local utils = require('.utils')

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true
  until while]]):gmatch('%a+') do
  KEYWORDS[word] = true
end

local function dump(value, indent, open)
  local kind = type(value)
  if kind == 'string' then return string.format('%q', value):gsub('\\\n', '\\n'):gsub('\r', '\\r') .. '' end
  if kind ~= 'table' then return tostring(value) end
  if open[value] then return 'nil --[[cycle]]' end
  if next(value) == nil then return '{}' end
  open[value] = true
  local inner = indent .. '  '
  local lines = {}
  if utils.isArray(value) then
    for i, item in ipairs(value) do lines[i] = inner .. dump(item, inner, open) end
  else
    for i, key in ipairs(utils.sortedKeys(value)) do
      local isName = type(key) == 'string' and key:find('^[%a_][%w_]*$') and not KEYWORDS[key]
      local left = isName and key or '[' .. dump(key, inner, open) .. ']'
      lines[i] = inner .. left .. ' = ' .. dump(value[key], inner, open)
    end
  end
  open[value] = nil
  return '{\n' .. table.concat(lines, ',\n') .. '\n' .. indent .. '}'
end

return function(value) return dump(value, '', {}) end
