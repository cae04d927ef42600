-- One decision about all windows of a call, or an addition to them. The arithmetic is that of the engine's ledger
-- (crates/engine/src/ledger/window.rs); a property test holds the two together. Times are microseconds since 1970 by
-- this server's clock.
--
-- KEYS: who shares the counters, then the windows.
-- ARGV: "reserve" or "add", the asker, the latest time at which it still listens (0 = always), how long one who says
--       nothing is believed to be there; then twelve for each window, as read below.
local EACH = 12
local ROUNDING = 1e-6
local SLOTS = 60

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local mode, asker = ARGV[1], ARGV[2]
local latest, believed = tonumber(ARGV[3]), tonumber(ARGV[4])

local function whole(number) return string.format('%.0f', number) end
local function exact(number) return string.format('%.17g', number) end

if latest > 0 and now > latest then return {'late', whole(now)} end

local function read_slots(text)
  local slots = {}
  for till, units in string.gmatch(text, '([^:;]+):([^:;]+)') do
    slots[#slots + 1] = {tonumber(till), tonumber(units)}
  end
  return slots
end

local function write_slots(slots)
  local texts = {}
  for i, slot in ipairs(slots) do texts[i] = whole(slot[1]) .. ':' .. exact(slot[2]) end
  return table.concat(texts, ';')
end

-- What is under way is counted by who has it under way: one that died has nothing under way any more.
local function under_way(window)
  local counts = redis.call('HGETALL', window.key)
  window.used, window.slots, window.opened = 0, {}, now
  for i = 1, #counts, 2 do
    local seen = redis.call('ZSCORE', KEYS[1], counts[i])
    if counts[i] == asker or (seen and tonumber(seen) > now - believed) then
      window.used = window.used + tonumber(counts[i + 1])
    end
  end
end

local function open(window, at)
  window.opened, window.used, window.slots, window.ends = at, 0, {}, -1
end

local advance = {}
function advance.bucket(window)
  local refilled = math.max(0, now - window.opened) / window.span * window.limit
  window.used = math.max(0, window.used - refilled)
  window.opened = math.max(window.opened, now)
end
function advance.fixed(window)
  -- What was opened and never used has not begun.
  if now - window.opened >= window.span or window.used <= 0 then open(window, now) end
end
-- It has been opened at `span`, by the calendar.
function advance.calendar(window)
  if window.opened < window.span or window.used <= 0 then open(window, window.span) end
end
function advance.rolling(window)
  if #window.slots == 0 and window.used > 0 then window.slots = {{window.opened, window.used}} end
  while window.slots[1] and now - window.slots[1][1] >= window.span do table.remove(window.slots, 1) end
  window.used = 0
  for _, slot in ipairs(window.slots) do window.used = window.used + slot[2] end
end
-- What was not spent in its time is lost.
function advance.credit(window)
  if window.span >= 0 and now - window.opened >= window.span then
    window.used = math.max(window.used, window.limit)
  end
end

-- Where a provider told when the window ends, nothing else ends it before.
local function bring_to_present(window)
  if window.ends >= 0 then
    if now < window.ends then
      if window.kind == 'rolling' then advance.rolling(window) end
      return
    end
    open(window, window.ends)
  end
  advance[window.kind](window)
end

local function read(number)
  local at = 4 + (number - 1) * EACH
  local window = {
    key = KEYS[number + 1],
    kind = ARGV[at + 1],
    limit = tonumber(ARGV[at + 2]),
    units = tonumber(ARGV[at + 3]),
    span = tonumber(ARGV[at + 4]),
    least = tonumber(ARGV[at + 5]),
    lasts = tonumber(ARGV[at + 6]),
    known = tonumber(ARGV[at + 7]),
    most = tonumber(ARGV[at + 10]),
    period = tonumber(ARGV[at + 12]),
  }
  if window.kind == 'concurrency' then
    under_way(window)
    return window
  end
  local known = redis.call('HMGET', window.key, 'opened', 'used', 'slots', 'ends')
  if not known[1] then known = {ARGV[at + 7], ARGV[at + 8], ARGV[at + 9]} end
  window.opened, window.used = tonumber(known[1]), tonumber(known[2])
  window.slots = read_slots(known[3] or '')
  local told = tonumber(ARGV[at + 11])
  window.ends = told > now and told or tonumber(known[4] or -1)
  bring_to_present(window)
  return window
end

-- Whether the window that the asker knows has ended: what is added to it concerns nobody any more.
local function is_over(window)
  return window.period >= 0 and window.opened - window.known > window.period / 2
end

local function take(window, units)
  window.used = window.used + units
  if window.kind ~= 'rolling' then return end
  window.opened = math.max(window.opened, now)
  local last = window.slots[#window.slots]
  if last and now <= last[1] then
    last[2] = last[2] + units
  else
    window.slots[#window.slots + 1] = {now + window.span / SLOTS, units}
  end
end

-- Nobody says when it was taken: of the oldest, so that nothing leaves a rolling window before its time.
local function give_back(window, units)
  window.used = math.max(0, window.used - units)
  local left = units
  for _, slot in ipairs(window.slots) do
    local part = math.min(left, slot[2])
    slot[2] = slot[2] - part
    left = left - part
  end
end

local function write(window)
  if window.kind == 'concurrency' then
    if window.units == 0 then return end
    local own = tonumber(redis.call('HINCRBYFLOAT', window.key, asker, exact(window.units)))
    if own < ROUNDING then redis.call('HDEL', window.key, asker) end
    window.used = math.max(0, window.used + window.units)
  elseif mode == 'reserve' or not is_over(window) then
    if window.least > window.used then take(window, window.least - window.used) end
    if window.units > 0 then take(window, window.units) end
    if window.units < 0 then give_back(window, -window.units) end
    redis.call('HSET', window.key, 'opened', whole(window.opened), 'used', exact(window.used),
      'slots', write_slots(window.slots), 'ends', whole(window.ends))
  end
  if window.lasts > 0 then redis.call('PEXPIRE', window.key, window.lasts) end
end

local windows, taken = {}, 'taken'
for number = 1, #KEYS - 1 do
  local window = read(number)
  windows[number] = window
  -- What needs nothing passes, also where more was used than there was.
  local held = mode == 'reserve' and window.most >= 0 and window.units > 0
  if held and window.used + window.units - window.most > ROUNDING then taken = 'refused' end
end
local reply = {taken, whole(now)}
for _, window in ipairs(windows) do
  if taken == 'taken' then write(window) end
  reply[#reply + 1] = whole(window.opened)
  reply[#reply + 1] = exact(window.used)
  reply[#reply + 1] = write_slots(window.slots)
end
return reply
