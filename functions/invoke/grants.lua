-- One node's pulse: it is noted as alive, gives back what it does not keep, and is granted what is free.
--
-- KEYS  1 the members, 2 since when this Redis remembers, 3 the node's announcement, 4... one hash for each scope
-- ARGV  1 node, 2 its state, 3 its announcement, 4 ms that a member and what it holds live without a pulse,
--       5 ms in which every member has spoken, 6 ms that an announcement lives, 7 channel, 8 its term: what it held in
--       another one is nothing;
--       then for each scope: limit (-1: as it was said last), kept, wanted, needed, ms that somebody has waited (-1: nobody)
-- gives {alone, ready, {granted, fair, hope} for each scope}; fair: 0, or another node lacks places: this one should hold
--       what it uses, and at most so many if the other one holds less than that
--
-- members   node -> "until|state|term"; scope   node -> "held|needed|lacks|when|term", and "limit"
local node, state, term = ARGV[1], ARGV[2], ARGV[8]
local life, silence = tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- What was granted before Redis lost its memory is not known until each member has said it: nothing is granted anew.
redis.call('SET', KEYS[2], now, 'NX')
local young = now - tonumber(redis.call('GET', KEYS[2])) < silence

local others, count, blocked = {}, 0, false
local members = redis.call('HGETALL', KEYS[1])
local known = false
for i = 1, #members, 2 do
  local ends, what, theirs = string.match(members[i + 1], '^(%d+)|(%a+)|(%w+)$')
  if tonumber(ends) < now then
    redis.call('HDEL', KEYS[1], members[i])
  elseif members[i] == node then
    known = what
  else
    others[members[i]] = theirs
    count = count + 1
    blocked = blocked or what == 'alone'  -- it may use all of every limit, until it has heard of us
  end
end

local alone = count == 0 and (state ~= 'member' or not young)
local kept_state = alone and 'alone' or (state == 'alone' and 'alone' or 'member')
redis.call('HSET', KEYS[1], node, string.format('%.0f|%s|%s', now + life, kept_state, term))
-- Others may have to change their state, or may be let in now.
local tell = known ~= kept_state
local ready = alone or (state ~= 'alone' and not blocked and not (young and state == 'new'))
if ready then
  redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[6])
end

-- What this node says is all that is known of it after it was away, and when it was alone before.
local fresh = not known or known == 'alone' or state == 'joining'
local scopes = {}
for i = 4, #KEYS do
  local at = 9 + (i - 4) * 5
  local limit, kept, wanted = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local needed, waited = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local held, taken, spare, needy, poorest = nil, 0, 0, needed > 0 and 1 or 0, nil
  local entries = redis.call('HGETALL', KEYS[i])
  for j = 1, #entries, 2 do
    local name, value = entries[j], entries[j + 1]
    if name == 'limit' then
      if limit < 0 then limit = tonumber(value) end
    else
      local theirs, need, lacks, at, when = string.match(value, '^(%d+)|(%d+)|(%d)|(%d+)|(%w+)$')
      if name == node then
        held = when == term and tonumber(theirs) or nil
      elseif others[name] ~= when then
        redis.call('HDEL', KEYS[i], name)
      else
        taken = taken + tonumber(theirs)
        -- What they needed before somebody began to wait here, they may need no more.
        spare = spare + math.max(0, tonumber(theirs) - (now - tonumber(at) < waited and tonumber(need) or 0))
        needy = needy + (tonumber(need) > 0 and 1 or 0)
        if lacks == '1' then poorest = math.min(poorest or tonumber(theirs), tonumber(theirs)) end
      end
    end
  end
  local fair = 0
  if poorest and limit > 0 then
    fair = math.ceil(limit / math.max(1, needy))
    if poorest >= fair then fair = limit end
  end
  local before = held or 0
  if fresh then held = kept else held = math.min(held or 0, kept) end
  local free = limit < 0 and held or math.max(0, limit - taken)
  if alone then
    held = 0
  else
    held = math.min(held, free)
    if not young and not blocked then
      held = math.max(held, math.min(fair > 0 and math.min(needed, fair) or wanted, free))
    end
  end
  local lacks = waited >= 0 and held < needed
  local hope = lacks and (spare > 0 or blocked or young)
  if limit >= 0 then redis.call('HSET', KEYS[i], 'limit', limit) end
  if held > 0 or lacks then
    redis.call('HSET', KEYS[i], node, string.format('%d|%d|%d|%.0f|%s', held, needed, lacks and 1 or 0, now, term))
  else
    redis.call('HDEL', KEYS[i], node)
  end
  redis.call('PEXPIRE', KEYS[i], 60000)
  tell = tell or (lacks and spare > 0) or (fair > 0 and held < before) or taken + held > limit and limit >= 0
  scopes[#scopes + 1] = {held, fair, hope and 1 or 0}
end
if tell and count > 0 then
  redis.call('PUBLISH', ARGV[7], node)
end
return {alone and 1 or 0, ready and 1 or 0, scopes}
