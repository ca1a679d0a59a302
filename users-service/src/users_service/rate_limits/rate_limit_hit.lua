-- KEYS: counters. ARGV of each: its limit (0 never refuses), the seconds that it lives if it is
-- new, and how many the caller knows to have been counted, whatever is found here.
-- Returns the seconds to wait if one is full, and then counts nothing, else 0; and for each
-- counter what it stands at and the seconds that it has left.
local wait = 0
for i, key in ipairs(KEYS) do
  local limit, known = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i])
  local count = tonumber(redis.call('GET', key) or '0')
  if count < known then
    count = redis.call('INCRBY', key, known - count)
  end
  if count == known and redis.call('TTL', key) == -1 then
    redis.call('EXPIRE', key, ARGV[3 * i - 1])
  end
  if limit > 0 and count >= limit then
    wait = math.max(wait, 1, redis.call('TTL', key))
  end
end
local reply = { wait }
for i, key in ipairs(KEYS) do
  local count = tonumber(redis.call('GET', key) or '0')
  if wait == 0 then
    count = redis.call('INCR', key)
    if count == 1 then
      redis.call('EXPIRE', key, ARGV[3 * i - 1])
    end
  end
  reply[2 * i] = count
  reply[2 * i + 1] = redis.call('TTL', key)
end
return reply
