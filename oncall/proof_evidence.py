"""Tests of contacts for a pack: what was sent to prove that people can be reached, and what came back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.models import Verification
from ledger.evidence import threaded
from ledger.tables import Row, Scope, Table
from oncall.models import Attempt, ContactTest, Page
from oncall.proofs import ELSEWHERE, TESTED_WITHIN, took
from oncall.subject import EXERCISE

# How far back of the end of a pack's span a proof is still of interest.
LOOKED_BACK = timedelta(days=90)
KINDS = {"verification": "verification", "test": "test", "step": "real_alert", "responder": "real_alert"}
CHANNEL_TESTS = (
    "test_id", "notification_id", "kind", "contact_id", "user_id", "channel_kind", "address_masked", "asked_by", "sent_at",
    "provider_message_id", "accepted_at", "delivered_at", "answered_at", "confirmed_by_human_at", "confirm_method", "took_s",
    "result", "reason", "next_due_at",
)  # fmt: skip


def contact_test_tables(scope: Scope, people: Sequence[str]) -> list[Table]:
    """Codes and tests sent to these people, and real pages that were answered on the contact itself. people: public ids."""

    def rows() -> Iterator[Row]:
        held = list(_pages(scope, people).select_related("person", "contact", "run"))
        asked = dict(
            ContactTest.objects.filter(public_id__in={page.reference for page in held}).values_list(
                "public_id", "asked_by__public_id"
            )
        )
        used = dict(
            Verification.objects.filter(public_id__in={page.reference for page in held}).values_list(
                "public_id", "used_at"
            )
        )
        sids = dict(Attempt.objects.filter(page__in=held).order_by("n").values_list("page_id", "provider_sid"))
        cells = (_cells(page, asked, used, sids) for page in held)
        return threaded(cells, "page", [page.public_id for page in held])

    words = (
        "Codes, tests and pages answered on the contact itself, of the people whom the pack names, planned in the 90 days before"
        " the end of its span. A test is due again 35 days after the contact was last confirmed."
    )
    return [Table("06_alerts/channel_tests", CHANNEL_TESTS, rows, "channel_tests", words, scope.parameters)]


def _pages(scope: Scope, people: Sequence[str]) -> QuerySet[Page]:
    answered = Q(origin__in=("step", "responder"), confirmed_at__isnull=False) & ~Q(confirmed_how=ELSEWHERE)
    sent = Page.objects.filter(
        Q(origin__in=("verification", "test")) | answered,
        person__public_id__in=people,
        planned_at__gte=scope.end - LOOKED_BACK,
        planned_at__lt=scope.end,
    )
    return sent.order_by("pk")


def _kind(page: Page) -> str:
    """`drill` for what was answered in a canary or a drill."""
    rehearsed = page.run is not None and page.run.subject_kind == EXERCISE
    return "drill" if rehearsed else KINDS[page.origin]


def _cells(
    page: Page, asked: Mapping[str, str], used: Mapping[str, datetime | None], sids: Mapping[int, str]
) -> tuple[object, ...]:
    """One page; a code counts as confirmed when it was typed, which the page itself does not know."""
    coded = page.origin == "verification"
    confirmed_at = used.get(page.reference) if coded else page.confirmed_at
    due = confirmed_at + TESTED_WITHIN if confirmed_at is not None else None
    return (
        page.reference or page.public_id, page.public_id, _kind(page), page.contact.public_id, page.person.public_id,
        page.kind, page.to_mask, asked.get(page.reference), page.planned_at, sids.get(page.pk) or None, page.accepted_at,
        page.delivered_at, page.answered_at, confirmed_at, ("code" if confirmed_at else "") if coded else page.confirmed_how,
        None if coded else took(page), "confirmed" if confirmed_at else page.state, page.reason, due,
    )  # fmt: skip
