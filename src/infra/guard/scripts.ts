/**
 * What the guard counts, as scripts of Redis, each of which nothing comes between. An end is kept as a value as well as by
 * the key's life, and compared by the same clock as all else. A clock that was set back shuts nobody out for longer than
 * the rule says: what lies ahead of it is of now. The first write of a script is one that a full Redis refuses.
 */
export const SERVER_CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Members of a window, those ahead of the clock brought back to it and those before the window removed. */
const WINDOW = `
local function within(key, since)
  for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. now, '+inf')) do
    redis.call('ZADD', key, now, ahead)
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', since)
  return redis.call('ZCARD', key)
end`;

/**
 * Windows as text, the latest entry first: a line of its time and its name. So all windows of many visitors are read by one
 * command, and each is written by one. `others`: the entries from a time on without the name's own, how many, and when the
 * name was seen; those ahead of the clock are of now. `seen`: the name's own of a window that has none ahead, and the rest.
 */
const TEXT_WINDOWS = `
local function others(text, from, name)
  local kept, at, seen_at = {}, 1, nil
  while at <= #text do
    local space, stop = string.find(text, ' ', at, true), string.find(text, '\\n', at, true)
    local time = math.min(tonumber(string.sub(text, at, space - 1)), now)
    if time < from then break end
    local one = string.sub(text, space + 1, stop - 1)
    if one == name then seen_at = time else kept[#kept + 1] = time .. ' ' .. one .. '\\n' end
    at = stop + 1
  end
  return table.concat(kept), #kept, seen_at
end

local function seen(text, name)
  local at = string.find(text, ' ' .. name .. '\\n', 1, true)
  if not at or tonumber(string.match(text, '^%d+')) > now then return nil end
  local time = string.match(string.sub(text, math.max(1, at - 16), at - 1), '%d+$')
  return tonumber(time), string.sub(text, 1, at - #time - 1) .. string.sub(text, at + #name + 2)
end`;

/**
 * Visitors who come at the same time, one after the other. KEYS: all keys; then of each visitor the block, the address's
 * browsers, and of what is counted: burst, rate. ARGV: the numbers; then of each what is counted, the route, 1 at a venue, 1
 * where it is known to be of the crowd. What comes out to be of the crowd is not counted: it is to be shown again as that.
 * Of the first post of a key, which for most is the only one, the burst alone holds the time: a write is most of the cost.
 * Under the names of burst and rate the version before has windows that are no text: MGET passes them over, and they are written anew.
 * @returns of each what it is by, how long to wait, and for a block whether it would be of the crowd
 */
export const ADMIT = `${TEXT_WINDOWS}
local most, of_address, keys_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local burst_routes, burst_ms = tonumber(ARGV[4]), tonumber(ARGV[5])
local rate_posts, rate_ms, block_ms = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local all, since, visitors = KEYS[1], now - keys_ms, (#KEYS - 1) / 4
local total = redis.call('ZCOUNT', all, '(' .. since, '+inf')
local isTight = total + visitors >= most
local texts, lives, isNew, scores = {}, {}, {}, {}
for i, text in ipairs(redis.call('MGET', unpack(KEYS, 2))) do texts[KEYS[i + 1]] = text end

local function write(key, text, lives_ms)
  texts[key], lives[key] = text, lives_ms or '0'
end

local function add(key, name, kept)
  write(key, now .. ' ' .. name .. '\\n' .. kept, ARGV[3])
end

local function browsersBeside(key, name)
  local text = texts[key] or ''
  local seen_at, rest = seen(text, name)
  if seen_at and seen_at > since then return rest, false end
  local kept, many, was_at = others(text, since + 1, name)
  return kept, not was_at and many >= of_address
end

local function isCounted(key)
  local score = isTight and tonumber(redis.call('ZSCORE', all, key))
  return isNew[key] or score and score > since
end

local function admit(names, values)
  local counted, route, venue, crowd = unpack(ARGV, values + 1, values + 4)
  local block, browsers, burst, rate = unpack(KEYS, names + 1, names + 4)
  local beside, isTooMany = '', false
  if crowd == '0' then beside, isTooMany = browsersBeside(browsers, counted) end
  if isTooMany and venue == '1' then return { 'crowd', 0, 1 } end
  local ends = tonumber(texts[block] or 0)
  local wait = math.max(0, math.min(ends - now, block_ms))
  if wait > 0 then return { 'block', wait, isTooMany and 1 or 0 } end
  if isTooMany then return { 'crowd', 0, 1 } end
  if not isCounted(counted) then
    if total >= most then return { 'full', keys_ms, 0 } end
    total, isNew[counted] = total + 1, true
  end
  scores[#scores + 1], scores[#scores + 2] = now, counted
  if crowd == '0' then add(browsers, counted, beside) end
  local before = texts[burst] or ''
  local routes, asked = others(before, now - burst_ms, route)
  local posts, posted = others(texts[rate] or before, now - rate_ms)
  local by = asked + 1 >= burst_routes and 'burst' or posted + 1 > rate_posts and 'rate'
  if by then
    write(block, string.format('%.0f', now + block_ms), ARGV[8])
    write(burst, false)
    write(rate, false)
    return { by, block_ms, 0 }
  end
  if before ~= '' then add(rate, '', posts) end
  add(burst, route, routes)
  return { 'admitted', 0, 0 }
end

local answers = {}
for i = 0, visitors - 1 do answers[i + 1] = admit(1 + 4 * i, 8 + 4 * i) end
if #scores > 0 then
  redis.call('ZADD', all, unpack(scores))
  redis.call('ZREMRANGEBYSCORE', all, '-inf', since)
  redis.call('PEXPIRE', all, keys_ms)
end
for key, lives_ms in pairs(lives) do
  if texts[key] then redis.call('PSETEX', key, lives_ms, texts[key]) else redis.call('DEL', key) end
end
return answers`;

/** KEYS: the window. ARGV: a member, the most, the window's length. @returns how many, and until there is room */
export const COUNT = `${WINDOW}
local most, window_ms = tonumber(ARGV[2]), tonumber(ARGV[3])
local count = within(KEYS[1], '(' .. (now - window_ms))
if count >= most then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
  return { count + 1, first + window_ms + 1 - now }
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], window_ms + 1)
return { count + 1, 0 }`;

/** KEYS: the address's browsers. ARGV: the browser's key, the most, the window's length. @returns 1 where it is of the crowd */
export const CROWD = `${TEXT_WINDOWS}
local text = redis.call('GET', KEYS[1]) or ''
local _, many, seen_at = others(text, now - tonumber(ARGV[3]) + 1, ARGV[1])
return not seen_at and many >= tonumber(ARGV[2]) and 1 or 0`;

/** KEYS: shadowbans. @returns 1 where one of them lasts */
export const SHADOWED = `
for _, key in ipairs(KEYS) do
  local ends = tonumber(redis.call('GET', key))
  if ends and ends > now then return 1 end
end
return 0`;

/** KEYS: when the author posted last. ARGV: the cooldown, 1 to post, how long it is kept. @returns the wait, now, and what was there */
export const POST = `
local posted = tonumber(redis.call('GET', KEYS[1]))
local wait = posted and math.max(0, math.min(posted, now) + tonumber(ARGV[1]) - now) or 0
if wait == 0 and ARGV[2] == '1' then redis.call('SET', KEYS[1], now, 'PX', ARGV[3]) end
return { wait, now, posted or -1 }`;

/** KEYS: the same. ARGV: what was begun, what was there before or -1, how long it is kept. */
export const GIVE_BACK = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '-1' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

/** KEYS: the author's reporters. ARGV: the reporter, the window's length, the most that are kept. @returns how many there are */
export const REPORT = `${WINDOW}
local count = within(KEYS[1], now - tonumber(ARGV[2]))
if count >= tonumber(ARGV[3]) and not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return count end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])`;

/** KEYS: shadowbans and blocks. ARGV: how long each lasts yet; 0 where it was lifted. */
export const MIRROR = `
for i, key in ipairs(KEYS) do
  local lasts = tonumber(ARGV[i])
  if lasts > 0 then redis.call('SET', key, now + lasts, 'PX', lasts) else redis.call('DEL', key) end
end
return 0`;

/** KEYS: that bans are mirrored. ARGV: for how long. @returns 1 where that was not known */
export const CLAIM = `return redis.call('SET', KEYS[1], now, 'NX', 'PX', ARGV[1]) and 1 or 0`;
