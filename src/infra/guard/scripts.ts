/**
 * What the guard counts, as scripts of Redis, each of which nothing comes between. An end is kept as a value as well as by
 * the key's life, and compared by the same clock as all else. A clock that was set back shuts nobody out for longer than
 * the rule says: what lies ahead of it is of now. The first write of a script is one that a full Redis refuses.
 */
export const SERVER_CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** How long what ends at the key's value lasts yet, and no longer than that. */
const LEFT = `
local function left(key, most)
  local ends = tonumber(redis.call('GET', key))
  return ends and math.max(0, math.min(ends - now, most)) or 0
end`;

/** Members of a window, those ahead of the clock brought back to it and those before the window removed. */
const WINDOW = `
local function within(key, since)
  for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. now, '+inf')) do
    redis.call('ZADD', key, now, ahead)
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', since)
  return redis.call('ZCARD', key)
end`;

/** Does a window hold anything? What lies ahead of the clock is brought back to it. */
const BRING_BACK = `
local function bring_back(key)
  local latest = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2]
  if latest and tonumber(latest) > now then
    for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. now, '+inf')) do
      redis.call('ZADD', key, now, ahead)
    end
  end
  return latest
end`;

/**
 * Visitors who come at the same time, one after the other. KEYS: all keys; then of each visitor the address's block, the
 * address's browsers, and of the browser, and of the crowd: hold, burst, rate. ARGV: the numbers; then of each the browser's
 * key, the crowd's, 1 at a venue, the route, a member. What is empty, as it is of most, is asked nothing further.
 * @returns of each what it is by, whether it is the crowd, and how long to wait
 */
export const ADMIT = `${LEFT}${BRING_BACK}
local most, of_address, keys_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local burst_routes, burst_ms = tonumber(ARGV[4]), tonumber(ARGV[5])
local rate_posts, rate_ms, block_ms = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local all, since = KEYS[1], now - keys_ms
local total, grew = redis.call('ZCOUNT', all, '(' .. since, '+inf'), false

local function last(key, member)
  local score = tonumber(redis.call('ZSCORE', key, member))
  return score and score > since
end

local function add(key, member, window_ms)
  local isKnown = bring_back(key)
  redis.call('ZADD', key, now, member)
  redis.call('PEXPIRE', key, keys_ms)
  if not isKnown then return 1 end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. (now - window_ms))
  return redis.call('ZCARD', key)
end

local function admit(names, values)
  local key, crowd, venue, route, member = unpack(ARGV, values + 1, values + 5)
  local browsers = KEYS[names + 2]
  local isKnown = bring_back(browsers)
  local is_crowd = isKnown and not last(browsers, key)
    and redis.call('ZCOUNT', browsers, '(' .. since, '+inf') >= of_address
  local of = names + (is_crowd and 5 or 2)
  local hold, burst, rate = KEYS[of + 1], KEYS[of + 2], KEYS[of + 3]
  local counted, flag = is_crowd and crowd or key, is_crowd and 1 or 0
  local block = venue == '1' and hold or KEYS[names + 1]
  local wait = left(block, block_ms)
  if wait > 0 then return { 'block', flag, wait } end
  if total >= most and not last(all, counted) then return { 'full', flag, keys_ms } end
  total, grew = total + redis.call('ZADD', all, now, counted), true
  if not is_crowd then
    redis.call('ZADD', browsers, now, key)
    redis.call('PEXPIRE', browsers, keys_ms)
    if isKnown then redis.call('ZREMRANGEBYSCORE', browsers, '-inf', since) end
  end
  local routes = add(burst, route, burst_ms)
  local posts = add(rate, member, rate_ms)
  local by = routes >= burst_routes and 'burst' or posts > rate_posts and 'rate'
  if not by then return { 'admitted', flag, 0 } end
  redis.call('SET', block, now + block_ms, 'PX', block_ms)
  redis.call('DEL', burst, rate)
  return { by, flag, block_ms }
end

local answers = {}
for i = 0, (#KEYS - 1) / 8 - 1 do answers[i + 1] = admit(1 + 8 * i, 8 + 5 * i) end
if grew then
  redis.call('ZREMRANGEBYSCORE', all, '-inf', since)
  redis.call('PEXPIRE', all, keys_ms)
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
export const CROWD = `
local since = now - tonumber(ARGV[3])
local seen = redis.call('ZSCORE', KEYS[1], ARGV[1])
if seen and tonumber(seen) > since then return 0 end
return redis.call('ZCOUNT', KEYS[1], '(' .. since, '+inf') >= tonumber(ARGV[2]) and 1 or 0`;

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
