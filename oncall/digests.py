"""What providers and phones said, in the hourly digest: callbacks, texts, keys pressed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ledger.hours import HourSource
from ledger.record import text_hash
from oncall.models import Callback, InboundKey, InboundSms, InboundTap


def _callbacks(start: datetime, end: datetime) -> Iterator[tuple[Any, ...]]:
    rows = Callback.objects.filter(received_at__gte=start, received_at__lt=end).order_by("received_at", "pk")
    for row in rows.values_list("source", "provider", "sid", "status", "error_code", "received_at", "payload"):
        yield (*row[:-1], text_hash(json.dumps(row[-1], sort_keys=True, separators=(",", ":"))))


def _texts(start: datetime, end: datetime) -> Iterator[tuple[Any, ...]]:
    rows = InboundSms.objects.filter(received_at__gte=start, received_at__lt=end).order_by("received_at", "pk")
    yield from rows.values_list("sid", "from_fingerprint", "received_at")


def _keys(start: datetime, end: datetime) -> Iterator[tuple[Any, ...]]:
    rows = InboundKey.objects.filter(received_at__gte=start, received_at__lt=end).order_by("received_at", "pk")
    yield from rows.values_list("sid", "round", "digits", "received_at")


def _taps(start: datetime, end: datetime) -> Iterator[tuple[Any, ...]]:
    rows = InboundTap.objects.filter(received_at__gte=start, received_at__lt=end).order_by("received_at", "pk")
    yield from rows.values_list("sid", "provider", "verb", "user_fingerprint", "received_at")


HOUR_SOURCES = (
    HourSource("callbacks", _callbacks, "source, provider, sid, status, error_code, received_at, SHA-256 of the payload; in order of arrival"),
    HourSource("texts", _texts, "sid, fingerprint of the sender, received_at; in order of arrival"),
    HourSource("keys", _keys, "sid, round, digits, received_at; in order of arrival"),
    HourSource("taps", _taps, "sid, provider, verb, fingerprint of the member, received_at; in order of arrival"),
)  # fmt: skip
