"""The outside dead-man: naming its address, asking for a ping, withholding it, and the ping itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.egress.client import EgressError, request
from evidence.addresses import mask_url, read_url
from evidence.models import DeadMan, DeadManState
from evidence.queries.watch import dead_man_address
from ledger.hints import hint

log = structlog.get_logger(__name__)

# A ping speaks for the audit that asked for it; one that leaves later than this would lie.
SPEAKS_FOR = timedelta(minutes=2)
TIMEOUT_S = 10.0


class SetInEnvironment(ValueError):
    """DEADMAN_URL names the address; it is changed there."""


def change_dead_man(*, url: str, now: datetime, reason: str, expected_version: int | None = None) -> DeadMan:
    """Name the address that is pinged, "" for none. Raises AddressRefused, SetInEnvironment, StaleVersion."""
    if settings.DEADMAN_URL:
        raise SetInEnvironment("DEADMAN_URL is set in the environment of this installation; change it there.")
    address = read_url(url)
    with transaction.atomic():
        dead_man = DeadMan.current()
        moved = dead_man.url != address
        dead_man.url = address
        dead_man.save(now=now, reason=reason, expected_version=expected_version)
        if moved:
            # what was heard of the old address says nothing of the new one
            DeadManState.objects.filter(pk=1).update(
                due_at=None, tried_at=None, ok_at=None, failed=0, error="", error_at=None
            )
    return dead_man


def ask(*, now: datetime) -> None:
    """Let one ping leave, for the audit of `now` that found paging sound; in that audit's transaction."""
    url, _ = dead_man_address()
    due_at = now if url else None
    if not DeadManState.objects.filter(pk=1).update(due_at=due_at, withheld_at=None):
        DeadManState.objects.get_or_create(pk=1, defaults={"due_at": due_at})
    if url:
        hint("ping")


def withhold(*, now: datetime) -> None:
    """Let no ping leave: paging is in danger, and the outside service shall raise the alarm that we may not be able to."""
    state, _ = DeadManState.objects.get_or_create(pk=1)
    DeadManState.objects.filter(pk=1).update(due_at=None, withheld_at=state.withheld_at or now)


def ping_waits(now: datetime) -> bool:
    """Knock on the pinger's door while a ping is due; whether one is. For the tick: it finds what a hint missed."""
    due = DeadManState.objects.filter(due_at__lte=now).exists()
    if due:
        hint("ping")
    return due


def ping(now: datetime) -> int:
    """Send the ping that is due, once among all who try, outside any transaction; return how many left."""
    state = DeadManState.objects.filter(due_at__lte=now).first()
    if state is None or state.due_at is None:
        return 0
    if not DeadManState.objects.filter(pk=1, due_at=state.due_at).update(due_at=None, tried_at=now):
        return 0
    url, from_environment = dead_man_address()
    if not url or now - state.due_at > SPEAKS_FOR:
        return 0
    error = _call(url, from_environment)
    if error:
        log.warning("dead_man_not_reached", host=mask_url(url), error=error)
        DeadManState.objects.filter(pk=1).update(failed=F("failed") + 1, error=error[:200], error_at=now)
        return 0
    DeadManState.objects.filter(pk=1).update(ok_at=now, failed=0, error="")
    return 1


def _call(url: str, from_environment: bool) -> str:
    """Ask for the address; return what went wrong, "" for an answer of 2xx."""
    try:
        # the operator's own environment may name a private address; an admin's screen only what networks allow
        response = request("GET", url, timeout=TIMEOUT_S, provider=url if from_environment else "")
    except EgressError as error:
        return str(error)
    except ValueError:
        return "The address cannot be called."
    if 200 <= response.status < 300:
        return ""
    hint_of_move = " Name the address it leads to." if 300 <= response.status < 400 else ""
    return f"{mask_url(url)} answered {response.status}.{hint_of_move}"
