-- Who is in a channel: client, info, client, info ... Expired entries go first.
-- KEYS: expiry times (sorted set), what is known of each client (hash).
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], 0, redis.call('TIME')[1])
for _, client in ipairs(gone) do
  redis.call('HDEL', KEYS[2], client)
end
if #gone > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, redis.call('TIME')[1])
end
return redis.call('HGETALL', KEYS[2])
