"""What `RedisStore` has its server do: each script is carried out as a whole, with nothing in between.

Every script gets the same two keys, which share a slot of a Redis Cluster: the record (a hash with `version`, `value`,
`writer`, `fence`, `owner`, `until`), and the sorted set of the names that have a value. A deleted value leaves its
version behind, and a lease its fence. Times are the server's own, in milliseconds.
"""

from __future__ import annotations

from hashlib import sha1
from typing import Final

from attrs import field, frozen


@frozen
class Script:
    """A script, and the name by which a server that has seen it knows it."""

    text: str
    digest: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        digest = sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "digest", digest)


SCHEMA: Final = Script("""
local version = redis.call('GET', KEYS[1])
if not version then
  version = ARGV[1]
  redis.call('SET', KEYS[1], version)
end
return version
""")
"""Read the version of the layout; a store without one gets that of `ARGV[1]`."""

MIGRATE: Final = Script("""
local version = redis.call('GET', KEYS[1])
if not version or tonumber(version) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1])
end
return version or '0'
""")
"""Bring the layout to the version of `ARGV[1]`, and give the one that was there: version 0 is nothing at all."""

LOAD: Final = Script("return redis.call('HMGET', KEYS[1], 'value', 'version')")
"""A script, though it only reads: scripts go to the primary, while a client may have its reads go to replicas."""

# Sent again because its answer was lost, it finds its own writer, and gives the same answer again.
SAVE: Final = Script("""
local replaced, writer, kept, value, name, fence, owner = unpack(ARGV)
local there = redis.call('HMGET', KEYS[1], 'version', 'writer', 'fence', 'owner')
local version = string.format('%.0f', replaced + 1)
if there[1] == version and there[2] == writer then
  return version
end
if (there[1] or '0') ~= replaced then
  return false
end
if fence ~= '' then
  local lent = tonumber(there[3] or '0')
  if lent > tonumber(fence) or (lent == tonumber(fence) and there[4] ~= owner) then
    return false
  end
end
redis.call('HSET', KEYS[1], 'version', version, 'writer', writer)
if kept == '1' then
  redis.call('HSET', KEYS[1], 'value', value)
  redis.call('ZADD', KEYS[2], 0, name)
else
  redis.call('HDEL', KEYS[1], 'value')
  redis.call('ZREM', KEYS[2], name)
end
return version
""")
"""Replace a value, if the version is the one that is named and nobody was lent a later lease."""

ACQUIRE: Final = Script("""
local owner, term = unpack(ARGV)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lent = redis.call('HMGET', KEYS[1], 'owner', 'until')
if lent[1] and lent[1] ~= owner and tonumber(lent[2]) > now then
  return false
end
redis.call('HSET', KEYS[1], 'owner', owner, 'until', string.format('%.0f', now + term))
return redis.call('HINCRBY', KEYS[1], 'fence', 1)
""")
"""Lend the key, and give the fence."""

PROLONG: Final = Script("""
local fence, owner, term = unpack(ARGV)
local lent = redis.call('HMGET', KEYS[1], 'fence', 'owner')
local there = tonumber(lent[1] or '0')
if there > tonumber(fence) or (there == tonumber(fence) and lent[2] ~= owner) then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'fence', fence, 'owner', owner, 'until', string.format('%.0f', now + term))
return 1
""")
"""Lend it from now on, or for no time at all to give it back, unless somebody was lent a later one."""

NAMES: Final = Script("return redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], '+', 'LIMIT', 0, ARGV[2])")
"""Give a page of names, in the order of their bytes."""
