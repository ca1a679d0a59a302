-- Appends a publication to a channel's log and announces it: contracts/channel-log.md.
local stream, meta, result = KEYS[1], KEYS[2], KEYS[3]
local channel, verb, fragment, fresh_epoch = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local size, ttl, meta_ttl, result_ttl = tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8]
if result then
  local known = redis.call('HMGET', result, 's', 'e')
  if known[1] then return {tonumber(known[1]), known[2]} end
end
local offset, epoch = '0', ''
if size > 0 then
  epoch = redis.call('HGET', meta, 'e')
  if not epoch then
    epoch = fresh_epoch
    redis.call('HSET', meta, 'e', epoch)
  end
  offset = string.format('%.0f', redis.call('HINCRBY', meta, 's', 1))
  redis.call('EXPIRE', meta, meta_ttl)
  if offset == '1' then redis.call('DEL', stream) end
  redis.call('XADD', stream, 'MAXLEN', size, offset .. '-0', 'd', fragment)
  redis.call('EXPIRE', stream, ttl)
end
local now = redis.call('TIME')
local ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
redis.call(verb, channel, 'p:' .. offset .. ':' .. epoch .. ':' .. ms .. ':' .. fragment)
if result then
  redis.call('HSET', result, 's', offset, 'e', epoch)
  redis.call('EXPIRE', result, result_ttl)
end
return {tonumber(offset), epoch}
