"""Asks each provider that is set up how our account stands, so that a suspended one is noticed before it is needed."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from ledger.record import record
from oncall.models import ProviderAccount
from oncall.models.providers import ACTIVE, REFUSED, SUSPENDED, UNREACHABLE
from oncall.notify.channels import account
from oncall.notify.channels.base import Standing
from oncall.notify.setup import ready

log = structlog.get_logger(__name__)

# The provider behind a channel whose account can be asked for.
PROVIDERS = {"twilio": "sms", "slack": "slack"}
# Whoever does not say "active" is asked again soon: a token may be changed this minute, and one answer is no proof.
AGAIN = timedelta(seconds=30)
# So often in a row a refusal counts; that an account is suspended need be said only once.
BELIEVED = 2


def set_up() -> list[str]:
    """Providers that are set up and can be asked."""
    channels = ready()
    return [provider for provider, channel in PROVIDERS.items() if channel in channels]


def due(*, now: datetime) -> list[str]:
    """Providers that are set up and whose time to be asked has come. Changes nothing."""
    rest = ProviderAccount.objects.exclude(_its_time(now)).values_list("provider", flat=True)
    return [provider for provider in set_up() if provider not in set(rest)]


def ask_accounts(now: datetime) -> int:
    """Ask every provider whose time has come; return how many were asked. Waits for providers; run outside transactions."""
    return sum(_ask(provider, now=now) for provider in set_up() if _claim(provider, now=now))


def in_trouble() -> list[ProviderAccount]:
    """Accounts that take no pages, of providers that are set up, by what they said themselves."""
    rows = ProviderAccount.objects.filter(
        Q(state=SUSPENDED) | Q(state=REFUSED, times__gte=BELIEVED), provider__in=set_up()
    )
    return list(rows.order_by("since", "provider"))


def _claim(provider: str, *, now: datetime) -> bool:
    ProviderAccount.objects.get_or_create(provider=provider)
    return bool(ProviderAccount.objects.filter(_its_time(now), provider=provider).update(asked_at=now))


def _its_time(now: datetime) -> Q:
    every = timedelta(seconds=settings.PROVIDER_ASK_EVERY_S)
    again = Q(asked_at__lte=now - min(AGAIN, every)) & ~Q(state=ACTIVE)
    return Q(asked_at__isnull=True) | Q(asked_at__lte=now - every) | again


def _ask(provider: str, *, now: datetime) -> int:
    try:
        said = account(provider)()
    except Exception:  # a bug in one question must not stop the sender
        log.exception("account_not_asked", provider=provider)
        said = Standing(UNREACHABLE, "internal_error")
    with transaction.atomic():
        row = ProviderAccount.objects.select_for_update().get(provider=provider)
        changed = row.state != said.state
        row.times = 1 if changed else row.times + 1
        row.since = now if changed or row.since is None else row.since
        row.state, row.code, row.answered_at = said.state, said.code[:32], now
        row.save(update_fields=["state", "code", "times", "since", "answered_at"])
        if changed:
            record(f"provider.{said.state}", [("provider", provider)], {"code": row.code}, now=now)
    return 1
