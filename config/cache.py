"""The shared cache on Redis, with a substitute while Redis is away: law 2 holds for the cache as well.

Rate limits and used one-time codes are in here. Were they simply gone with the broker, every page and
every API call would fail; were they skipped, guessing passwords would be free. So they are counted
elsewhere until Redis is back: slower, or per process, but counted.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import structlog
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

# How long Redis is left alone after it failed: a request must not wait for the same timeout again and again.
REST_S = 5.0

_away_until = 0.0


def _with_substitute(name: str) -> Callable[..., Any]:
    def call(self: RedisWithSubstitute, *args: Any, **kwargs: Any) -> Any:
        global _away_until
        if monotonic() >= _away_until:
            try:
                return getattr(RedisCache, name)(self, *args, **kwargs)
            except (RedisError, OSError) as error:
                _away_until = monotonic() + REST_S
                log.warning("cache_away", error=type(error).__name__, substitute=self.substitute)
        return getattr(caches[self.substitute], name)(*args, **kwargs)

    return call


class RedisWithSubstitute(RedisCache):
    """Django's Redis cache. OPTIONS["substitute"] names the cache of CACHES that stands in for it."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = dict(params.get("OPTIONS", {}))
        self.substitute: str = options.pop("substitute")
        super().__init__(server, {**params, "OPTIONS": options})

    add = _with_substitute("add")
    get = _with_substitute("get")
    set = _with_substitute("set")
    touch = _with_substitute("touch")
    delete = _with_substitute("delete")
    get_many = _with_substitute("get_many")
    has_key = _with_substitute("has_key")
    incr = _with_substitute("incr")
    set_many = _with_substitute("set_many")
    delete_many = _with_substitute("delete_many")
    clear = _with_substitute("clear")
