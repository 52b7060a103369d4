--- First in, first out.
return function()
  local items, first, last = {}, 1, 0
  local queue = {}

  function queue.push(item)
    last = last + 1
    items[last] = item
  end

  function queue.pop()
    if first > last then return nil end
    local item = items[first]
    items[first] = nil
    first = first + 1
    return item
  end

  function queue.size() return last - first + 1 end

  --- What is taken next.
  function queue.getHead() return items[first] end

  --- What was put in last.
  function queue.getTail() return items[last] end

  function queue.reset() items, first, last = {}, 1, 0 end

  return queue
end
