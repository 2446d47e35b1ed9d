"""Telling what was sent before that somebody answered: a message with buttons, an incident in another tool.

An update is a page of origin `update`: planned in the transaction of the answer, sent like any page, tried again like any
page. It pages nobody. `rule` is what became of the subject, `reference` the page it follows.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max, QuerySet

from accounts.models import User
from ledger.hints import hint
from oncall.escalation.states import ACKNOWLEDGED, MANUAL, MERGED, RESOLVED
from oncall.escalation.who import reachable
from oncall.models import Attempt, Page, Run
from oncall.notify.rows import new_page
from oncall.notify.states import AFTERWARDS, CANCELLED, CLAIMED, FOLLOWING, PLANNED, SENDING, UNKNOWN, WAITING, move
from oncall.notify.transitions import cancel

TOLD = (ACKNOWLEDGED, RESOLVED, MERGED, MANUAL)
_WORDS = {
    ACKNOWLEDGED: "Acknowledged",
    RESOLVED: "Resolved",
    MERGED: "Merged into another",
    MANUAL: "Escalation stopped",
}
GO, WAIT, OUTDATED, NOTHING = "go", "wait", "outdated", "nothing_sent"


def plan_updates(run: Run, became: str, *, by: User | None, now: datetime) -> None:
    """Plan an update of whatever was sent about the subject since it last ended; in the transaction of the answer.

    became: the reason for which the run stopped. Updates that wait are outdated by this one.
    """
    if became not in TOLD:
        return
    sent = _sent(run)
    for older in _updates(run).select_for_update(of=("self",)).filter(state__in=WAITING).order_by("pk"):
        cancel(older, OUTDATED, now=now)
    words = f"{_WORDS[became]}{f' by {by}' if by else ''}."
    pages = [_update(page, run, became, words, now=now) for page in sent]
    Page.objects.bulk_create(pages, ignore_conflicts=True)
    if pages:
        hint("send")


def standing(page: Page) -> str:
    """Whether an update may go out: GO, WAIT (the page it follows has not settled, or an older update is on its way),
    OUTDATED (a newer one is planned) or NOTHING (what it would change was never taken)."""
    others = Page.objects.filter(origin="update", reference=page.reference).exclude(pk=page.pk)
    if others.filter(pk__gt=page.pk).exclude(state=CANCELLED).exists():
        return OUTDATED
    if others.filter(pk__lt=page.pk, state__in=(CLAIMED, SENDING), ended_at__isnull=True).exists():
        return WAIT
    before = followed(page)
    if before.ended_at is None and before.state in (PLANNED, CLAIMED, SENDING, UNKNOWN):
        return WAIT
    return GO if sid_followed(page) else NOTHING


def followed(page: Page) -> Page:
    """The page that an update is about."""
    return Page.objects.select_related("person", "contact").get(public_id=page.reference)


def sid_before(page: Page) -> str:
    """The provider's id of the last message about the run over this contact; "" when there is none."""
    taken = Attempt.objects.filter(page__run=page.run_id, page__contact=page.contact_id).exclude(provider_sid="")
    newest = taken.exclude(page__origin__in=AFTERWARDS).order_by("-pk")
    return newest.values_list("provider_sid", flat=True).first() or ""


def sid_followed(page: Page) -> str:
    """The provider's id of what an update changes; "" when the provider never took it."""
    taken = Attempt.objects.filter(page__public_id=page.reference).exclude(provider_sid="").order_by("-n")
    return taken.values_list("provider_sid", flat=True).first() or ""


def put_off(page: Page, *, until: datetime) -> None:
    """Let a claimed update wait."""
    page.state, page.lease_until, page.due_at = move(page.state, "release"), None, until
    page.save(update_fields=["state", "lease_until", "due_at"])


def _updates(run: Run) -> QuerySet[Page]:
    return Page.objects.filter(run__subject_kind=run.subject_kind, run__subject_id=run.subject_id, origin="update")


def _sent(run: Run) -> list[Page]:
    """Pages that follow the subject and may have been taken, of the runs since it last ended."""
    runs = Run.objects.of(run.subject_kind, run.subject_id)
    ended = runs.exclude(pk=run.pk).aggregate(at=Max("over_at"))["at"]
    if ended is not None:
        runs = runs.filter(started_at__gte=ended)
    pages = Page.objects.filter(run__in=runs, kind__in=FOLLOWING, attempts_made__gt=0).exclude(origin__in=AFTERWARDS)
    return list(pages.filter(contact__retired_at__isnull=True).select_related("person", "contact").order_by("pk"))


def _update(page: Page, run: Run, became: str, words: str, *, now: datetime) -> Page:
    made = new_page(
        reachable(page.contact, page.person), run=run, origin="update", now=now, rule=became, loop=page.loop,
        step=page.step, note=words, reference=page.public_id,
    )  # fmt: skip
    # each page is followed once for each thing that becomes of the subject
    made.key = f"{page.public_id}:update:{became}:{run.public_id}"
    return made
