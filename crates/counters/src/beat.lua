-- Says that one of those who share the counters is there, and tells how many are.
-- KEYS: who shares the counters. ARGV: the one, how long it is believed to be there (microseconds).
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - tonumber(ARGV[2])))
return {string.format('%.0f', now), tostring(redis.call('ZCARD', KEYS[1]))}
