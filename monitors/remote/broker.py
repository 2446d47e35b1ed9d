"""The lists in Redis through which engine and remote probes speak: what each may touch stands in docs/locations.md.

Plain lists and not Celery's queues, so that a probe's own account of Redis needs no more than its own keys.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import redis

RESULTS = "watchbook.results"
PLAN_LIFE_S = 60
ACK_LIFE_S = 3600
MOST_WAITING = 20_000  # messages nobody took: beyond that a probe keeps them in its spool

Unreachable = redis.RedisError


@lru_cache(maxsize=4)
def connect(url: str, *, wait_s: float = 2.0) -> Any:
    """A client that gives up soon; it connects by itself when it is used, and again after a break."""
    return redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=wait_s + 3, health_check_interval=30)


def plans_key(key_name: str) -> str:
    """The list of plans for a probe."""
    return f"watchbook.plans.{key_name}"


def acks_key(key_name: str, probe: str) -> str:
    """The list of the engine's answers to one probe process."""
    return f"watchbook.acks.{key_name}.{probe}"


def push_plan(client: Any, key_name: str, message: bytes) -> None:
    """Send a plan. Plans that nobody takes within a minute are gone: they are worthless by then."""
    _push(client, plans_key(key_name), message, PLAN_LIFE_S)


def push_ack(client: Any, key_name: str, probe: str, message: bytes) -> None:
    """Answer a probe."""
    _push(client, acks_key(key_name, probe), message, ACK_LIFE_S)


def push_results(client: Any, message: bytes) -> bool:
    """Send results; False if so many wait that nobody seems to take them."""
    if client.llen(RESULTS) >= MOST_WAITING:
        return False
    client.rpush(RESULTS, message)
    return True


def take_plan(client: Any, key_name: str, wait_s: int) -> bytes | None:
    """The next plan; None when none came in time."""
    found = client.blpop([plans_key(key_name)], timeout=wait_s)
    return None if found is None else found[1]


def take_acks(client: Any, key_name: str, probe: str) -> list[bytes]:
    """The engine's answers that wait."""
    return client.lpop(acks_key(key_name, probe), 100) or []


def take_results(client: Any, most: int) -> list[bytes]:
    """The oldest messages of remote probes."""
    return client.lpop(RESULTS, most) or []


def _push(client: Any, key: str, message: bytes, life_s: int) -> None:
    with client.pipeline(transaction=True) as pipe:
        pipe.rpush(key, message)
        pipe.expire(key, life_s)
        pipe.execute()
