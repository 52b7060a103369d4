--- Tables as indented lines `key: value`.
local utils = require('.utils')

local pretty = { _version = '1.0.0' }

function pretty.tprint(value, indent)
  indent = indent or 0
  local lines = {}
  for _, key in ipairs(utils.sortedKeys(value)) do
    local item = value[key]
    local left = (' '):rep(indent) .. tostring(key) .. ': '
    if type(item) == 'table' then
      lines[#lines + 1] = left .. '\n' .. pretty.tprint(item, indent + 1)
    else
      lines[#lines + 1] = left .. tostring(item) .. '\n'
    end
  end
  return table.concat(lines)
end

return pretty
