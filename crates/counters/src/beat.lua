-- Says that one of those who share the counters is there, and tells how many are; passes on whom they have suspended.
-- KEYS: who shares the counters; suspensions by candidate; the candidates by the turn in which they were told;
--       since when anything is remembered.
-- ARGV: the one, how long it is believed to be there (microseconds), the last turn that it has heard (-1 = it wants to
--       hear none of before), since when it believes that anything is remembered, then candidates and suspensions that
--       it tells.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - tonumber(ARGV[2])))
redis.call('SET', KEYS[4], string.format('%.0f', now), 'NX')

local last = redis.call('ZREVRANGE', KEYS[3], 0, 0, 'WITHSCORES')
local turn = tonumber(last[2] or 0)
local heard = tonumber(ARGV[3])
-- Everything was forgotten, and some of it may have been told again.
local born = redis.call('GET', KEYS[4])
if heard > 0 and born ~= ARGV[4] then heard = 0 end

if heard < 0 then heard = turn end
local told = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. heard, '+inf')
for i = 5, #ARGV, 2 do
  turn = turn + 1
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[1] .. ' ' .. ARGV[i + 1])
  redis.call('ZADD', KEYS[3], turn, ARGV[i])
end

local reply = {
  string.format('%.0f', now), born, tostring(redis.call('ZCARD', KEYS[1])), string.format('%.0f', turn)
}
for _, candidate in ipairs(told) do
  local text = redis.call('HGET', KEYS[2], candidate)
  -- Whoever told it knows it.
  if text and string.sub(text, 1, #ARGV[1]) ~= ARGV[1] then
    reply[#reply + 1] = candidate
    reply[#reply + 1] = string.sub(text, #ARGV[1] + 2)
  end
end
return reply
