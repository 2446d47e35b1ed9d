"""When a contact was last shown to reach its person: by a code that came back, a test, or a page that was answered there.

A sign-in is no proof of a contact, and neither is a receipt: only what somebody did with the message itself counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet

from accounts.models import ContactMethod, User
from oncall.escalation.who import channel_of
from oncall.models import ContactTest, Page

# Somebody who is paged should have seen the way work not longer ago than this.
TESTED_WITHIN = timedelta(days=35)
# What was confirmed elsewhere, signed in, says nothing of the contact.
ELSEWHERE = "acted"
# Channels over which no answer of the person's own comes back, so that nothing sent there can be confirmed.
UNANSWERED = ("pagerduty",)
SHOWN_TESTS = 5


@dataclass(frozen=True)
class Proof:
    """One contact: when it was last proved, how (`code`, `sms`, `voice`, `link`, …), and how long the answer took.

    took_s counts from the instant at which the provider took the page; None for a code. `due_at`: when it should be proved
    again; None for a contact that cannot be, or that a code has not yet verified.
    """

    contact: ContactMethod
    at: datetime | None
    how: str
    took_s: int | None
    due_at: datetime | None

    def overdue(self, now: datetime) -> bool:
        """Whether the proof is too old to be relied upon."""
        return self.due_at is not None and self.due_at < now


def proofs_of(contacts: Iterable[ContactMethod]) -> list[Proof]:
    """The newest proof of each contact, in the order given. Two queries."""
    held = list(contacts)
    newest = _newest(held)
    pages = {
        page.contact_id: page
        for page in _answers(held).filter(confirmed_at__in=newest.values())
        if page.confirmed_at == newest.get(page.contact_id)
    }
    return [_proof(contact, pages.get(contact.pk)) for contact in held]


def overdue_contacts(people: Iterable[str], *, now: datetime) -> list[ContactMethod]:
    """Verified contacts of these people, given by public id, whose proof is too old; those that do not work aside."""
    limit = now - TESTED_WITHIN
    held = ContactMethod.objects.in_force().filter(
        user__public_id__in=set(people), verified_at__lt=limit, unhealthy_since__isnull=True
    )
    old = [one for one in held.order_by("verified_at", "pk") if channel_of(one.kind) not in UNANSWERED]
    newest = _newest(old)
    return [one for one in old if newest.get(one.pk) is None or newest[one.pk] < limit]


@dataclass(frozen=True)
class AskedTest:
    """One asking for a test, and what came of it over each contact."""

    test: ContactTest
    pages: list[Page]

    @property
    def waits(self) -> bool:
        """Whether an answer may still come."""
        return any(page.confirmed_at is None and page.ended_at is None for page in self.pages)


def newest_tests(person: User) -> list[AskedTest]:
    """The newest tests of a person, newest first, each with its pages. Two queries."""
    asked = ContactTest.objects.filter(person=person).select_related("asked_by").order_by("-asked_at", "-pk")
    return with_pages(list(asked[:SHOWN_TESTS]))


def with_pages(tests: list[ContactTest]) -> list[AskedTest]:
    """Tests with their pages in the order in which they were planned. One query."""
    pages = Page.objects.filter(origin="test", reference__in=[test.public_id for test in tests])
    held: dict[str, list[Page]] = {}
    for page in pages.select_related("person", "contact").order_by("pk"):
        held.setdefault(page.reference, []).append(page)
    return [AskedTest(test, held.get(test.public_id, [])) for test in tests]


def _answers(contacts: list[ContactMethod]) -> QuerySet[Page]:
    return Page.objects.filter(contact__in=contacts, confirmed_at__isnull=False).exclude(confirmed_how=ELSEWHERE)


def _newest(contacts: list[ContactMethod]) -> dict[int, datetime]:
    """When the newest answer of each contact came, by primary key."""
    answers = _answers(contacts).order_by().values("contact_id").annotate(at=Max("confirmed_at"))
    return {row["contact_id"]: row["at"] for row in answers}


def _proof(contact: ContactMethod, page: Page | None) -> Proof:
    provable = contact.verified_at is not None and channel_of(contact.kind) not in UNANSWERED
    if page is None or page.confirmed_at is None or (contact.verified_at and contact.verified_at > page.confirmed_at):
        at, how, took_s = contact.verified_at, "code" if contact.verified_at else "", None
    else:
        at, how, took_s = page.confirmed_at, page.confirmed_how, took(page)
    return Proof(contact, at, how, took_s, at + TESTED_WITHIN if at and provable else None)


def took(page: Page) -> int | None:
    """Whole seconds from the instant at which the provider took a page to its confirmation."""
    if page.confirmed_at is None:
        return None
    return max(0, int((page.confirmed_at - (page.accepted_at or page.planned_at)).total_seconds()))
