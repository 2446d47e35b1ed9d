"""Chapter: some say when and over what they are paged, and everybody's contacts are tested each four weeks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.models import ContactMethod, User
from accounts.services.contact_rules import write_rules
from config.demo.world import Demo, doing
from ledger.actors import Actor, acting_as
from oncall.models import Page
from oncall.notify.services import ask_for_test, confirmed

FIRST_TEST, EVERY = timedelta(days=13, hours=4), timedelta(days=28)
# by first name: kinds of contacts with their seconds, for high urgency; kinds left out of low urgency
HIGH: dict[str, tuple[tuple[str, int], ...]] = {
    "Tomas": (("phone", 0), ("email", 300)),
    "Kofi": (("email", 0), ("phone", 60)),
}
QUIET = ("Noor", "phone", "Low urgency can wait until I am at my desk")
# one of so many tests is never answered
FORGOTTEN = 17


def begin(demo: Demo) -> None:
    """Rules are written on the first day; tests are asked for from the second week on."""
    demo.at(demo.start + timedelta(hours=5), lambda now: _rules(demo, now))
    when = demo.start + FIRST_TEST
    while when < demo.end:
        demo.at(when, lambda now: _tests(demo, now))
        when += EVERY


def _rules(demo: Demo, now: datetime) -> bool:
    for name, wanted in HIGH.items():
        person = demo.people[name]
        held = _by_kind(person)
        rules = [{"contact": held[kind].public_id, "delay_s": delay} for kind, delay in wanted if kind in held]
        with doing(person):
            write_rules(person, "high", rules=rules, opt_outs=[], now=now, reason="What rings comes last")
    name, kind, why = QUIET
    noor = demo.people[name]
    held = _by_kind(noor)
    if len(held) > 1:
        left = [{"contact": one.public_id, "delay_s": 0} for key, one in held.items() if key != kind]
        out = [{"contact": held[kind].public_id, "reason": why}]
        with doing(noor):
            write_rules(noor, "low", rules=left, opt_outs=out, now=now, reason="Nights are for what is urgent")
    return False


def _by_kind(person: User) -> dict[str, ContactMethod]:
    return {one.kind: one for one in person.contact_methods.filter(verified_at__isnull=False, retired_at__isnull=True)}


def _tests(demo: Demo, now: datetime) -> bool:
    """Everybody asks for a test of their own contacts and answers within a minute or two."""
    for position, person in enumerate(demo.people.values()):
        if not _by_kind(person):
            continue
        with doing(person):
            _, pages = ask_for_test(person, by=person, now=now)
        _answers(demo, pages, now + timedelta(seconds=20 + 7 * position))
    return True


def _answers(demo: Demo, pages: Sequence[Page], when: datetime) -> None:
    """By the link; a call is answered by a key, which what becomes of calls sees to."""
    for number, page in enumerate(page for page in pages if page.kind != "voice"):
        if (page.pk + number) % FORGOTTEN:
            demo.at(when + timedelta(seconds=11 * number), lambda now, key=page.pk: _tap(key, now))  # type: ignore[misc]


def _tap(key: int, now: datetime) -> bool:
    page = Page.objects.select_related("person").get(pk=key)
    person = page.person
    with acting_as(
        Actor("link", person.public_id, label=str(person), via=f"link in {page.kind} to {page.to_mask}"[:64])
    ):
        confirmed(page, "link", now=now)
    return False
