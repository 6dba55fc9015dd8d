-- KEYS: one state per policy. ARGV: per policy the time of one request and that
-- of the whole quota. Answers how far each state was ahead of the clock, and
-- counts the request unless a policy refuses it. All times are in µs.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local ahead, allowed = {}, true
for i, key in ipairs(KEYS) do
  -- Never more than a whole quota: the policy, or the clock, may have changed since.
  ahead[i] = math.min(math.max(tonumber(redis.call('GET', key) or 0) - now, 0), tonumber(ARGV[2 * i]))
  allowed = allowed and ahead[i] + ARGV[2 * i - 1] <= tonumber(ARGV[2 * i])
end
if allowed then
  for i, key in ipairs(KEYS) do
    local after = ahead[i] + ARGV[2 * i - 1]
    redis.call('SET', key, string.format('%.0f', now + after), 'PX', math.ceil(after / 1000))
  end
end
return ahead
