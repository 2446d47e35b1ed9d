"""Storms: pages that wait because a contact or an account has had enough, and the one message that then says them all.

The rules are in limits.py and docs/paging.md, "Storms". A page is never dropped here: it waits, with the instant at which it is
looked at again, or it goes out in a bundle.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import ContactMethod
from ledger.record import record
from oncall.escalation.states import refuses_page
from oncall.models import Page, ProviderPace
from oncall.notify.limits import LIMITED, NEWS_AFTER, longest, next_allowed, take_turn
from oncall.notify.rows import page_key
from oncall.notify.states import BUNDLE, CANCELLED, CLAIMED, FAILED_PERMANENT, THROTTLED, WAITING, move
from oncall.notify.transitions import cancel
from oncall.subject import EXERCISE

# A message to one person says so many pages at most; the rest wait for the next.
MOST_CARRIED = 100
# So many messages an idle account takes at once. A call takes its turn by itself.
_BURST = {"sms": 5, "voice": 1}


GO, ALONE, HELD = "go", "alone", "held"


def let_through(page: Page, *, now: datetime) -> str:
    """Whether a page may go: GO, with all that waits; ALONE, since it is news and the windows are full; or HELD: the contact
    has had enough for now, and the page is planned again for when it may go.

    Wants the page locked. Locks its contact, after everything else, so that two senders count one after the other. What was
    let through once is not held when it is tried again.
    """
    if page.run is not None and page.run.subject_kind == EXERCISE:
        return ALONE  # what proves that pages arrive must not wait, nor count
    windows = settings.PAGE_LIMITS.get(page.kind, ())
    if not windows or page.origin not in LIMITED or page.attempts_made:
        return GO
    _lock_contact(page)
    sent = _sent_to(page).filter(begun_at__gt=now - longest(windows)).exclude(state=FAILED_PERMANENT)
    times = [at for at in sent.values_list("begun_at", flat=True) if at is not None]
    until = next_allowed(windows, times, now)
    if until is None:
        return GO
    if _is_news(page, now=now):
        return ALONE
    _hold(page, until, now=now)
    return HELD


def _lock_contact(page: Page) -> None:
    if connection.features.has_select_for_update:
        # not against the rows that only refer to it: planners go on inserting pages to this contact
        no_key = connection.features.has_select_for_no_key_update
        ContactMethod.objects.select_for_update(no_key=no_key).filter(pk=page.contact_id).values_list("pk").get()


def _sent_to(page: Page) -> QuerySet[Page]:
    """The messages that went to the contact of a page: a bundle counts once, what it carries does not count again."""
    sent = Page.objects.filter(contact=page.contact_id, begun_at__isnull=False, origin__in=LIMITED, carried_by=None)
    return sent.exclude(run__isnull=False, run__subject_kind=EXERCISE)


def _is_news(page: Page, *, now: datetime) -> bool:
    """Whether nothing about the service of a page went to its contact lately, alone or in a bundle."""
    if page.run is None:
        return False
    lately = Page.objects.filter(contact=page.contact_id, begun_at__gt=now - NEWS_AFTER, origin__in=LIMITED)
    return not lately.filter(run__service_key=page.run.service_key).exists()


def _hold(page: Page, until: datetime, *, now: datetime) -> None:
    first = page.held_at is None
    page.state, page.lease_until = move(page.state, "release"), None
    page.reason, page.due_at, page.held_at = THROTTLED, until, page.held_at or now
    page.save(update_fields=["state", "lease_until", "reason", "due_at", "held_at"])
    if first and page.run is not None:
        about = [page, page.person, page.run, (page.run.subject_kind, page.run.subject_id)]
        record("page.held", about, {"channel": page.kind, "until": until.isoformat()}, now=now)


def others_held(page_id: int) -> list[int]:
    """Keys of pages that wait for the contact of a page and would go along with it; read without any lock."""
    contact_id, kind, origin = Page.objects.values_list("contact_id", "kind", "origin").get(pk=page_id)
    if origin not in ("step", "responder") or not settings.PAGE_LIMITS.get(kind):
        return []
    return list(_waiting_for(contact_id).exclude(pk=page_id).order_by("pk").values_list("pk", flat=True)[:MOST_CARRIED])


def _waiting_for(contact_id: int) -> QuerySet[Page]:
    held = Q(held_at__isnull=False, attempts_made=0, carried_by=None)
    return Page.objects.filter(held, contact=contact_id, state__in=WAITING, origin__in=("step", "responder"))


def bundle(page: Page, others: list[Page], *, now: datetime) -> Page | None:
    """Put a page that may go, and those that waited for the same contact, into one message; None when it goes alone.

    Wants all of them locked, with their runs. What is not wanted any more is called off here.
    """
    along = [other for other in others if _goes_along(other, now=now)]
    if not along:
        return None
    carried = sorted([page, *along], key=lambda one: one.pk)
    made = Page.objects.create(
        key=page_key(page.public_id, BUNDLE, 0, 0, "all", page.person.public_id, page.contact.public_id),
        origin=BUNDLE,
        rule="all",
        person=page.person,
        contact=page.contact,
        kind=page.kind,
        person_name=page.person_name,
        to_mask=page.to_mask,
        urgency="high" if any(one.urgency == "high" for one in carried) else "low",
        priority=min(one.priority for one in carried),
        state=CLAIMED,
        planned_at=now,
        due_at=now,
    )
    for one in carried:
        one.state, one.carried_by, one.lease_until = move(one.state, "carry"), made, None
        one.save(update_fields=["state", "carried_by", "lease_until"])
    record("page.bundled", [made, made.person, *carried], {"channel": made.kind, "pages": len(carried)}, now=now)
    return made


def _goes_along(page: Page, *, now: datetime) -> bool:
    """Whether a page that waited still waits and is still wanted."""
    if page.run is None or page.state not in WAITING or page.carried_by_id or page.attempts_made:
        return False
    refusal = refuses_page(page.origin, page.run.state, page.run.over_at is not None)
    if refusal:
        cancel(page, page.run.stop_reason or refusal, now=now)
    return not refusal


def carried_by(page: Page) -> list[Page]:
    """The pages that a bundle still says, worst first and then oldest, with their runs."""
    living = page.carried.exclude(state=CANCELLED).select_related("run")
    return sorted(living, key=lambda one: (one.run.severity if one.run else 9, one.planned_at, one.pk))


def begun(page: Page, *, now: datetime) -> None:
    """Note when a page went to its provider, for it and for what it carries; in the transaction of the attempt."""
    page.begun_at = now
    if page.origin == BUNDLE:
        page.carried.exclude(state=CANCELLED).update(begun_at=now, state=page.state)


def in_pace(found: list[tuple[int, str]], *, now: datetime) -> list[int]:
    """Those of the pages (key and channel, most urgent first) that their accounts take now; the others stay planned.

    Wants to run in a transaction: the row of an account is locked until it ends, so that all senders share one pace.
    """
    taken, closed = [], set(closed_channels(now=now))
    for page_id, kind in found:
        if kind not in closed and not _takes(kind, now=now):
            closed.add(kind)
        if kind not in closed:
            taken.append(page_id)
    return taken


def closed_channels(*, now: datetime) -> list[str]:
    """Channels whose accounts take nothing yet: their pages need not be looked at."""
    waiting = ProviderPace.objects.filter(next_at__gt=now).values_list("kind", "next_at")
    return [kind for kind, next_at in waiting if _rate(kind) and _turn(kind, next_at, now)[0] is not None]


def _takes(kind: str, *, now: datetime) -> bool:
    if not _rate(kind):
        return True
    ProviderPace.objects.get_or_create(kind=kind)
    row = ProviderPace.objects.select_for_update().get(kind=kind)
    wait_until, next_at = _turn(kind, row.next_at, now)
    if wait_until is None:
        ProviderPace.objects.filter(pk=row.pk).update(next_at=next_at)
    return wait_until is None


def _turn(kind: str, next_at: datetime | None, now: datetime) -> tuple[datetime | None, datetime]:
    return take_turn(next_at, now, per_s=_rate(kind), burst=_BURST[kind])


def _rate(kind: str) -> float:
    return {"sms": settings.TWILIO_TEXTS_PER_S, "voice": settings.TWILIO_CALLS_PER_S}.get(kind, 0)
