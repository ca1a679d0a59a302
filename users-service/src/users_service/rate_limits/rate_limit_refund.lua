-- The first ARGV[1] of KEYS count one less (never below nothing), the others are forgotten.
for i, key in ipairs(KEYS) do
  if i > tonumber(ARGV[1]) then
    redis.call('DEL', key)
  elseif tonumber(redis.call('GET', key) or '0') > 0 then
    redis.call('DECR', key)
  end
end
return {}
