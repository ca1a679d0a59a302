-- KEYS: counters. ARGV: limit and window in seconds of each; limit 0 never refuses.
-- Returns {seconds to wait} if one is full, and then counts nothing; else {0, counts...}.
for i, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[2 * i - 1])
  if limit > 0 and tonumber(redis.call('GET', key) or '0') >= limit then
    return { math.max(1, redis.call('TTL', key)) }
  end
end
local reply = { 0 }
for i, key in ipairs(KEYS) do
  local count = redis.call('INCR', key)
  if count == 1 then
    redis.call('EXPIRE', key, ARGV[2 * i])
  end
  reply[i + 1] = count
end
return reply
