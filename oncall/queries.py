"""Reads: policies, runs, pages and their truths. Nothing here changes a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.contact_kinds import PHONE
from accounts.models import ContactMethod, User
from ledger.crypto import fingerprint
from oncall.escalation.states import PLANNABLE
from oncall.escalation.who import Reachable, reachable, reachable_contacts
from oncall.ladder import Rung, rungs
from oncall.models import Attempt, Callback, Page, Policy, Run
from oncall.notify.setup import any_provider, ready
from oncall.notify.states import AFTERWARDS, CALLS, ENDS_WITH, PLANNED, SENDING, TRUTHS, UNKNOWN

# A reply may come as long as the link in the page holds.
REPLY_WINDOW = timedelta(hours=24)
_MAY_HAVE_ARRIVED = Q(accepted_at__isnull=False) | Q(state__in=(SENDING, UNKNOWN, *TRUTHS))


@dataclass(frozen=True)
class PersonOnRung:
    """One person of a step and the contacts a page would use now; no contacts: this person would not be reached."""

    person: User
    contacts: tuple[Reachable, ...]


@dataclass(frozen=True)
class LadderStep:
    """One rung as a screen shows it: `after_s` counts from the start of the run."""

    loop: int
    step: int
    after_s: int
    people: tuple[PersonOnRung, ...]


@dataclass(frozen=True)
class NextStep:
    """What a run does next if nobody answers. No people: the catch-all."""

    run: Run
    due_at: datetime
    loop: int
    step: int
    people: tuple[User, ...]


def policies_in_force() -> QuerySet[Policy]:
    """Policies by name, with their team."""
    return Policy.objects.in_force().select_related("team").order_by("name", "pk")


def policies_naming(person: str) -> list[Policy]:
    """Policies in force that page this person, given by public id."""
    return [policy for policy in policies_in_force() if any(person in step["people"] for step in policy.steps)]


def ladder_of(policy: Policy) -> list[LadderStep]:
    """Who would be paged, when and over what, step by step through every repeat; asked of the engine's own lists."""
    climbed = list(rungs(policy.frozen()))
    people = people_by_id({person for rung in climbed for person in rung.people})
    contacts = _contacts_by_person(people.values())
    return [_ladder_step(rung, people, contacts) for rung in climbed]


def people_by_id(public_ids: Iterable[str]) -> dict[str, User]:
    """People by public id; unknown ids are left out."""
    return {user.public_id: user for user in User.objects.filter(public_id__in=set(public_ids))}


def current_run(subject_kind: str, subject_id: str) -> Run | None:
    """The newest run of a subject, whatever its state."""
    return Run.objects.of(subject_kind, subject_id).select_related("policy").first()


def next_step(subject_kind: str, subject_id: str) -> NextStep | None:
    """What is due next for a subject, for the countdown; None when nothing is."""
    run = current_run(subject_kind, subject_id)
    if run is None or run.due_at is None or run.state not in PLANNABLE:
        return None
    steps = run.frozen.steps
    named = steps[run.step - 1].people if run.step <= len(steps) else ()
    known = people_by_id(named)
    return NextStep(run, run.due_at, run.loop, run.step, tuple(known[person] for person in named if person in known))


def pages_for_subject(subject_kind: str, subject_id: str) -> QuerySet[Page]:
    """Every page about a subject, in the order they were planned, with the person and the run.

    An update of what was sent before pages nobody and is left out; the evidence has it.
    """
    pages = Page.objects.filter(run__subject_kind=subject_kind, run__subject_id=subject_id).exclude(origin="update")
    return pages.select_related("person", "run", "contact").order_by("pk")


def people_paged(subject_kind: str, subject_id: str) -> list[User]:
    """People whom a page about a subject reached or may have reached, in the order they were paged."""
    pages = pages_for_subject(subject_kind, subject_id).filter(_MAY_HAVE_ARRIVED)
    return list({page.person_id: page.person for page in pages.exclude(origin__in=AFTERWARDS)}.values())


def contacts_paged(run: Run) -> list[Reachable]:
    """The contacts over which pages of a run went out or may have, each once.

    Nobody is called to hear that it is over who can read it, or who did not pick up in the first place; and where an update
    says it already, nothing more is said.
    """
    pages = Page.objects.filter(_MAY_HAVE_ARRIVED, run=run).exclude(origin__in=AFTERWARDS)
    pages = pages.filter(contact__retired_at__isnull=True, person__is_active=True).select_related("person", "contact")
    pages = pages.exclude(kind__in=ENDS_WITH)
    found = {page.contact_id: reachable(page.contact, page.person) for page in pages.order_by("pk")}
    picked_up = set(pages.filter(answered_at__isnull=False).values_list("contact_id", flat=True))
    read = {to.person_id for to in found.values() if to.kind not in CALLS}
    return [
        to for to in found.values() if to.kind not in CALLS or (to.contact_id in picked_up and to.person_id not in read)
    ]


def pages_by_phone(number: str, *, now: datetime) -> QuerySet[Page]:
    """Pages that went to a phone number (E.164) in the last 24 hours, newest first: what a reply may answer."""
    return pages_by_fingerprint(fingerprint(number, f"contact.{PHONE}"), now=now)


def pages_by_fingerprint(phone_fingerprint: str, *, now: datetime) -> QuerySet[Page]:
    """The same for a number of which a stored text kept the fingerprint only."""
    pages = Page.objects.filter(
        contact__address_fingerprint=phone_fingerprint,
        kind="sms",
        run__isnull=False,
        origin__in=("step", "responder"),
        planned_at__gt=now - REPLY_WINDOW,
        attempts_made__gt=0,
    )
    return pages.select_related("run", "person", "contact").order_by("-pk")


def page_for_reply(number: str, code: int | None, *, now: datetime) -> Page | None:
    """The page a reply from `number` answers: the newest with that short code, or simply the newest."""
    pages = pages_by_phone(number, now=now)
    return (pages if code is None else pages.filter(short_code=code)).first()


def delivery_due(*, now: datetime) -> bool:
    """Whether the sender has something to do: a page to send, a provider to ask, or a call to take back."""
    waits = Attempt.objects.filter(Q(inquire_at__lte=now) | Q(hang_up_at__lte=now))
    return Page.objects.filter(state=PLANNED, due_at__lte=now).exists() or waits.exists()


def lag_s(*, now: datetime) -> float:
    """Seconds by which the longest overdue run or page is late; 0 when nothing is."""
    dues = (
        Run.objects.filter(state__in=PLANNABLE, due_at__lte=now).order_by("due_at"),
        Page.objects.filter(state=PLANNED, due_at__lte=now).order_by("due_at"),
    )
    oldest = [due for rows in dues if (due := rows.values_list("due_at", flat=True).first()) is not None]
    return max(((now - due).total_seconds() for due in oldest), default=0.0)


def _contacts_by_person(people: Iterable[User]) -> dict[str, tuple[Reachable, ...]]:
    found: dict[str, tuple[Reachable, ...]] = {}
    for contact in reachable_contacts(people):
        found[contact.person] = (*found.get(contact.person, ()), contact)
    return found


def _ladder_step(rung: Rung, people: dict[str, User], contacts: dict[str, tuple[Reachable, ...]]) -> LadderStep:
    shown = tuple(PersonOnRung(people[p], contacts.get(p, ())) for p in rung.people if p in people)
    return LadderStep(rung.loop, rung.step, rung.after_s, shown)


def pages_can_leave() -> bool:
    """Whether a provider is set up, or somebody has proved a contact that needs none."""
    if any_provider():
        return True
    kinds = ready()
    return ContactMethod.objects.in_force().filter(verified_at__isnull=False, kind__in=kinds).exists()


def callbacks_of(page: Page) -> QuerySet[Callback]:
    """What providers said of a page's attempts, as it came."""
    return Callback.objects.filter(attempt_id__in=Attempt.objects.filter(page=page).values("pk"))
