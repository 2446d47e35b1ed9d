"""Keys to ping with: made, brought along, rotated with an overlap, retired. Only their hashes are stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from monitors.heartbeats.address import is_key, is_uuid, key_digest, uuid_of
from monitors.models import Monitor, PingKey, Service
from monitors.services.refusals import refusal

OVERLAP_S = 7 * 86_400
OVERLAP_MOST_S = 90 * 86_400
NAME_MAX = 80


def plain_key(key: PingKey) -> str:
    """The key itself, for who may see it; "" for one that was brought along, of which only the hash is known."""
    derived = _derive(key)
    return derived if not key.imported and key_digest(derived) == key.digest else ""


@transaction.atomic
def give_key(monitor: Monitor, *, now: datetime, reason: str, plain: str = "") -> PingKey:
    """Make the key of a heartbeat. plain: a UUID that jobs use already. Raises ValidationError about `key`."""
    return _make(PingKey(monitor=monitor), plain, now=now, reason=reason)


@transaction.atomic
def create_project_key(service: Service, *, name: str, now: datetime, reason: str, plain: str = "") -> PingKey:
    """Make a key that pings by slug every heartbeat of the service's team, and may make new ones of the service.

    plain: a key that jobs use already. Raises ValidationError about `name` or `key`.
    """
    name = name.strip()
    if not 0 < len(name) <= NAME_MAX:
        raise refusal("name", f"Give it a name of at most {NAME_MAX} characters.")
    return _make(PingKey(service=service, name=name), plain, now=now, reason=reason)


@transaction.atomic
def rotate_key(
    key: PingKey,
    *,
    now: datetime,
    reason: str,
    overlap_s: int = OVERLAP_S,
    plain: str = "",
    expected_version: int | None = None,
) -> PingKey:
    """Put a new key in the place of `key`, which goes on for `overlap_s`; return the new one.

    Raises ValidationError where `key` is not the current one, and StaleVersion.
    """
    held = PingKey.objects.select_for_update().get(pk=key.pk)
    if held.ends_at is not None or held.retired_at is not None:
        raise refusal("key", "This key was replaced already.", "conflict")
    if not 0 <= overlap_s <= OVERLAP_MOST_S:
        raise refusal("overlap_s", f"The old key can go on for at most {OVERLAP_MOST_S // 86_400} days.")
    held.ends_at = now + timedelta(seconds=overlap_s)
    held.save(now=now, reason=reason, expected_version=expected_version)
    return _make(PingKey(monitor=held.monitor, service=held.service, name=held.name), plain, now=now, reason=reason)


@transaction.atomic
def retire_key(key: PingKey, *, now: datetime, reason: str, expected_version: int | None = None) -> None:
    """End a key at once, an old one before its time too. The current key of a heartbeat is rotated instead."""
    held = PingKey.objects.select_for_update().get(pk=key.pk)
    if held.retired_at is not None:
        raise refusal("key", "This key was retired already.", "conflict")
    if held.monitor is not None and held.ends_at is None and held.monitor.retired_at is None:
        raise refusal("key", "A heartbeat has one key in force: rotate it instead.", "conflict")
    held.retire(now=now, reason=reason, expected_version=expected_version)


def retire_keys_of(monitor: Monitor, *, now: datetime, reason: str) -> None:
    """End all keys of a heartbeat that is retired."""
    for key in PingKey.objects.in_force().filter(monitor=monitor):
        key.retire(now=now, reason=reason)


def _make(key: PingKey, plain: str, *, now: datetime, reason: str) -> PingKey:
    plain = plain.strip()
    if plain:
        plain = _read(plain, of_one=key.monitor_id is not None)
        key.imported = True
    told = plain or _derive(key)
    key.digest, key.hint = key_digest(told), told[-4:]
    if PingKey.objects.filter(digest=key.digest).exists():
        raise refusal("key", "This key is in use already, or was.", "taken")
    key.save(now=now, reason=reason)
    return key


def _read(plain: str, *, of_one: bool) -> str:
    if of_one and not is_uuid(plain):
        raise refusal("key", "Write the UUID of the old ping address, as in 3f2b8c1e-….")
    if not of_one and not is_key(plain):
        raise refusal("key", "Write the ping key of the old project: at least 20 letters, digits, - and _.")
    return plain.lower() if of_one else plain


def _derive(key: PingKey) -> str:
    """The key that belongs to a row: under the signing key, so that the database alone opens nothing."""
    raw = hmac.new(settings.SIGNING_KEY, f"ping-key\n{key.public_id}".encode(), hashlib.sha256).digest()
    if key.monitor_id is not None:
        return uuid_of(raw)
    return base64.urlsafe_b64encode(raw[:18]).decode()
