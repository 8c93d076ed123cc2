/** `mustMeet` is that of node-set.ts. An id is outranked by a newer one of its position, or by one of the same counter. */
export const SETS = `
local function parseSet(setText)
  local generation, leaseTtlMs, words = string.match(setText, '^(%d+) (%d+) (.+)$')
  local set = { text = setText, generation = tonumber(generation), leaseTtlMs = leaseTtlMs, positions = {}, has = {} }
  for position in string.gmatch(words, '%S+') do
    set.positions[#set.positions + 1] = position
    set.has[position] = true
  end
  return set
end

local function quorumOf(nodes)
  return math.floor(nodes / 2) + 1
end

local function mustMeet(one, other)
  local union = #one.positions
  for _, position in ipairs(other.positions) do
    if not one.has[position] then
      union = union + 1
    end
  end
  return quorumOf(#one.positions) + quorumOf(#other.positions) > union and one.leaseTtlMs == other.leaseTtlMs
end

-- The text of the set on record, or nothing.
local function stampedSet()
  return string.match(stamp, '^%d+ %S* (.+)$')
end

-- A stamp since no instant: the set that it names does not stand yet.
local function isProvisional()
  return string.match(stamp, '^0 ') ~= nil
end

-- The newest ids that this node has noted, by position, but for the one that is its own here.
local function notedIds(positions, own)
  local fields, others, noted = {}, {}, {}
  for _, position in ipairs(positions) do
    if position ~= own then
      others[#others + 1] = position
      fields[#fields + 1] = 'n:' .. position
    end
  end
  if #fields > 0 then
    local values = redis.call('HMGET', KEYS[1], unpack(fields))
    for i, position in ipairs(others) do
      noted[position] = values[i] or nil
    end
  end
  return noted
end

local function isOutranked(named, known)
  return known and known ~= named and counterOf(known) >= counterOf(named)
end

-- The ids by which a message is refused that names ARGV[first], its id, the next position, its id ... up to ARGV[last]: it names
-- another id for this node, or for some position one that is outranked by what this node has noted.
local function refusedIds(own, first, last)
  local positions, named, refused = {}, {}, {}
  for i = first, last, 2 do
    positions[#positions + 1] = ARGV[i]
    named[ARGV[i]] = ARGV[i + 1]
  end
  if named[own] ~= id then
    refused = { own, id }
  end
  for other, known in pairs(notedIds(positions, own)) do
    if isOutranked(named[other], known) then
      refused[#refused + 1] = other
      refused[#refused + 1] = known
    end
  end
  return refused
end
`;
