"""Taking a ping: one statement that is on the disk before the answer leaves. What it means is judged afterwards."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from ledger.actors import Actor, acting_as
from ledger.ids import snowflake
from monitors.engine.bulk import stored
from monitors.heartbeats.address import Address
from monitors.kinds import HEARTBEAT
from monitors.models import PingKey, Service
from monitors.services.monitors import create_monitor
from monitors.services.ping_store import Write, store

AGENT_MAX, ADDRESS_MAX = 200, 45
PINGED = Actor("system", label="A ping", via="ping")

_LIVE = "k.digest = %s AND k.retired_at IS NULL AND (k.ends_at IS NULL OR k.ends_at > %s)"
_COLUMNS = (
    "day, id, received_at, kind, exit_status, rid, method, agent, address, body_bytes, body_sha256, key_id, monitor_id"
)
_VALUES = ", ".join(["%s"] * 11)
# the key is looked up by the statement that stores the ping: one round trip, one commit
_STORE = f"INSERT INTO monitors_ping ({_COLUMNS}) SELECT {_VALUES}, k.id, k.monitor_id FROM monitors_pingkey k WHERE {_LIVE} AND k.monitor_id IS NOT NULL"  # noqa: S608
_STORE_BY_SLUG = f"INSERT INTO monitors_ping ({_COLUMNS}) VALUES ({_VALUES}, %s, %s)"  # noqa: S608
_BODY = "INSERT INTO monitors_pingbody (day, ping_id, body) VALUES (%s, %s, %s)"
_BY_SLUG = " ".join(
    (
        "SELECT k.id, m.id FROM monitors_pingkey k JOIN monitors_service s ON s.id = k.service_id",
        "JOIN monitors_heartbeat h ON h.slug = %s JOIN monitors_monitor m ON m.id = h.monitor_id",
        f"WHERE {_LIVE} AND m.retired_at IS NULL",
        # a key reaches the heartbeats of its service's team; without a team those of its service
        "AND (m.service_id = s.id OR m.team_id = s.team_id) LIMIT 2",
    )
)


class Unknown(LookupError):
    """No heartbeat answers to this key and slug; nothing was stored."""


class Ambiguous(LookupError):
    """More than one heartbeat has this slug; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that pings: verb, run id, user agent, the caller's address, and what of its body is kept."""

    method: str
    rid: str = ""
    agent: str = ""
    address: str = ""
    body: bytes = b""


def receive(told: Address, call: Call, *, create: bool, now: datetime) -> bool:
    """Store a ping; True if a heartbeat was made for it. On return it is committed.

    create: make a heartbeat for a slug that there is none of yet. Raises Unknown, Ambiguous, and what the database
    raises when it cannot store.
    """
    if told.slug:
        return _receive_by_slug(told, call, create=create, now=now)
    if not _insert(_STORE, told, call, (told.digest, stored(now)), now):
        raise Unknown
    return False


def _receive_by_slug(told: Address, call: Call, *, create: bool, now: datetime) -> bool:
    found = _find(told, now)
    made = False
    if not found and create:
        made = _provide(told, now)
        found = _find(told, now)
    if not found:
        raise Unknown
    if len(found) > 1:
        raise Ambiguous
    _insert(_STORE_BY_SLUG, told, call, found[0], now)
    return made


def _find(told: Address, now: datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_BY_SLUG, [told.slug, told.digest, stored(now)])
        return cursor.fetchall()


def _provide(told: Address, now: datetime) -> bool:
    """Make the heartbeat; False if the key is none, or another ping was quicker."""
    live = PingKey.objects.filter(digest=told.digest, retired_at__isnull=True, service__retired_at__isnull=True)
    key = live.exclude(ends_at__lte=now).select_related("service").first()
    if key is None or key.service_id is None:
        return False
    with acting_as(PINGED), transaction.atomic():
        service = Service.objects.select_for_update().get(
            pk=key.service_id
        )  # two first pings of one slug go one by one
        if _find(told, now):
            return False
        create_monitor(
            service=service,
            name=told.slug,
            kind=HEARTBEAT,
            target={"slug": told.slug},
            now=now,
            reason="Made by a ping",
        )
    return True


def _insert(statement: str, told: Address, call: Call, where: tuple[Any, ...], now: datetime) -> bool:
    try:
        return store(_written(statement, told, call, where, now))
    except IntegrityError:
        # two processes met in one id (ledger.ids): the next one is free
        return store(_written(statement, told, call, where, now))


def _written(statement: str, told: Address, call: Call, where: tuple[Any, ...], now: datetime) -> Write:
    day, ping_id, body = now.date(), snowflake(), call.body
    held_day = day if connection.vendor == "postgresql" else day.isoformat()
    values = (
        held_day, ping_id, stored(now), told.kind.value, told.exit_status, call.rid, call.method,
        call.agent[:AGENT_MAX], call.address[:ADDRESS_MAX], len(body), hashlib.sha256(body).hexdigest() if body else "",
        *where,
    )  # fmt: skip
    return Write(statement, values, (_BODY, (held_day, ping_id, body)) if body else None)
