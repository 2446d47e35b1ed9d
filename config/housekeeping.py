"""Clears away rows that only live for a while: sessions, signs of life of dead processes, bodies of webhooks."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from incidents.webhooks import ticks as webhooks
from ledger.models import Liveness

KEEP_SIGNS = timedelta(days=1)


def tidy(*, now: datetime) -> None:
    """Delete expired sessions and signs of life older than a day; empty bodies of webhooks after theirs."""
    Session.objects.filter(expire_date__lt=now).delete()
    Liveness.objects.filter(seen_at__lt=now - KEEP_SIGNS).delete()
    webhooks.tidy(now=now)
