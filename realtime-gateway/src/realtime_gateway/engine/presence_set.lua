-- A client is in a channel, for ARGV[1] seconds from now by the clock of Redis.
-- KEYS: expiry times (sorted set), what is known of each client (hash). ARGV: seconds, client, info.
local now = redis.call('TIME')[1]
redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[1])
