-- Reads a channel's top and history in one step: contracts/channel-log.md.
local stream, meta = KEYS[1], KEYS[2]
local fresh_epoch, unpublished_ttl = ARGV[1], ARGV[2]
local since, limit, reverse = ARGV[3], tonumber(ARGV[4]), ARGV[5] == '1'
local known = redis.call('HMGET', meta, 's', 'e')
local top, epoch = tonumber(known[1] or '0'), known[2]
if not epoch then
  epoch = fresh_epoch
  redis.call('HSET', meta, 'e', epoch)
end
-- Reading makes nothing that lasts: only what was published to is remembered for long.
if not known[1] then redis.call('EXPIRE', meta, unpublished_ttl) end
if limit == 0 or top == 0 or (reverse and since == '0') then return {top, epoch, {}} end
local range
if reverse then
  range = {'XREVRANGE', stream, since == '' and '+' or '(' .. since .. '-0', '-'}
else
  range = {'XRANGE', stream, since == '' and '-' or '(' .. since .. '-0', '+'}
end
if limit > 0 then
  range[5], range[6] = 'COUNT', limit
end
return {top, epoch, redis.call(unpack(range))}
