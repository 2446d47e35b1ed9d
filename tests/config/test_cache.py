"""Redis away: the cache goes on counting elsewhere, and comes back."""

import pytest
from django.core.cache import caches
from redis.exceptions import ConnectionError as RedisAway

from config import cache
from config.cache import RedisWithSubstitute


@pytest.fixture
def redis(monkeypatch, settings):
    """A cache whose Redis is nowhere, and a clock that the test moves."""
    settings.CACHES = {
        **settings.CACHES,
        "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "t"},
    }
    moment = [1000.0]
    monkeypatch.setattr(cache, "monotonic", lambda: moment[0])
    monkeypatch.setattr(cache, "_away_until", 0.0)
    made = RedisWithSubstitute("redis://127.0.0.1:1/0", {"KEY_PREFIX": "t", "OPTIONS": {"substitute": "process"}})
    made.later = lambda seconds: moment.__setitem__(0, moment[0] + seconds)
    yield made
    caches["process"].clear()


def test_what_is_counted_stays_counted_while_redis_is_away(redis):
    assert redis.add("guesses", 1)
    assert not redis.add("guesses", 1)
    assert redis.incr("guesses") == 2
    assert redis.get("guesses") == 2


def test_redis_is_left_alone_for_a_while_and_then_asked_again(redis, monkeypatch):
    asked = []

    def refuse(self, *args, **kwargs):
        asked.append(args)
        raise RedisAway

    monkeypatch.setattr("config.cache.RedisCache.get", refuse)
    redis.get("a")
    redis.get("a")
    assert len(asked) == 1
    redis.later(cache.REST_S)
    redis.get("a")
    assert len(asked) == 2
