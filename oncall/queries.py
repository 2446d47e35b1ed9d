"""Reads: policies, runs, pages and their truths. Nothing here changes a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q, QuerySet

from accounts.contact_kinds import PHONE
from accounts.models import ContactMethod, User
from ledger.crypto import fingerprint
from oncall.escalation.plan import RunView, plan
from oncall.escalation.states import PLANNABLE
from oncall.escalation.targets import people_ahead, split, stand_for
from oncall.escalation.who import Reachable, directory, reachable
from oncall.models import Attempt, Callback, InboundTap, Page, Policy, Run, Schedule
from oncall.notify.setup import any_provider, ready
from oncall.notify.states import AFTERWARDS, BUNDLE, CALLS, ENDS_WITH, SENDING, TRUTHS, UNKNOWN

# A reply may come as long as the link in the page holds.
REPLY_WINDOW = timedelta(hours=24)
_MAY_HAVE_ARRIVED = Q(accepted_at__isnull=False) | Q(state__in=(SENDING, UNKNOWN, *TRUTHS))


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


def policies_naming(person: str, *, now: datetime) -> list[Policy]:
    """Policies in force that page this person, given by public id: by name, by team, or because they are on call."""
    held = [(policy, {target for step in policy.steps for target in step["people"]}) for policy in policies_in_force()]
    named = stand_for({target for _, targets in held for target in targets}, now=now)
    return [
        policy
        for policy, targets in held
        if person in targets or any(person == one.person for target in targets for one in named.get(target, ()))
    ]


def policies_calling(schedule: str) -> list[Policy]:
    """Policies in force with a step that names a schedule, given by public id: who is on call, behind them, or next."""
    return [
        policy
        for policy in policies_in_force()
        if any(split(target)[0] == schedule for step in policy.steps for target in step["people"])
    ]


def schedules_named(policy: Policy) -> list[Schedule]:
    """The schedules that a policy's steps call, by name."""
    named = {split(target)[0] for step in policy.steps for target in step["people"]}
    return list(Schedule.objects.filter(public_id__in=named).order_by("name", "pk"))


def people_of_policies(*, now: datetime) -> set[str]:
    """Public ids of everybody whom a policy in force would page at an instant, or who is on call for one in the next two weeks."""
    return people_ahead(
        {target for policy in policies_in_force() for step in policy.steps for target in step["people"]}, now=now
    )


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
    named: Sequence[str] = ()
    if run.step <= len(steps):
        who = directory(steps[run.step - 1].targets, now=run.due_at).who
        done = plan(
            run.frozen, RunView(run.loop, run.step, urgency=run.urgency, turn=run.turn), who, run.due_at
        ).execution
        named = [to.person for to in done.recipients] if done else ()
    known = people_by_id(named)
    return NextStep(run, run.due_at, run.loop, run.step, tuple(known[person] for person in named if person in known))


def pages_for_subject(subject_kind: str, subject_id: str) -> QuerySet[Page]:
    """Every page about a subject, in the order they were planned, with the person and the run.

    An update of what was sent before pages nobody and is left out; the evidence has it.
    """
    pages = Page.objects.filter(run__subject_kind=subject_kind, run__subject_id=subject_id).exclude(origin="update")
    return pages.select_related("person", "run", "contact").order_by("pk")


def held_pages(subject_kind: str, subject_id: str) -> list[Page]:
    """Pages about a subject that a limit held back for a while, in the order they were planned."""
    held = Page.objects.filter(run__subject_kind=subject_kind, run__subject_id=subject_id, held_at__isnull=False)
    return list(held.order_by("pk"))


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


def contacts_paged_since_the_end(run: Run) -> list[Reachable]:
    """The same for every run of its subject since that last ended, each contact once."""
    runs = Run.objects.of(run.subject_kind, run.subject_id)
    ended = runs.exclude(pk=run.pk).aggregate(at=Max("over_at"))["at"]
    if ended is not None:
        runs = runs.filter(started_at__gte=ended)
    return list({to.contact_id: to for one in runs.order_by("pk") for to in contacts_paged(one)}.values())


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


def newest_test(phone_fingerprint: str, *, now: datetime) -> Page | None:
    """The newest test that went to a phone in the last 24 hours: what a reply may confirm."""
    tests = Page.objects.filter(
        contact__address_fingerprint=phone_fingerprint,
        kind="sms",
        origin="test",
        planned_at__gt=now - REPLY_WINDOW,
        attempts_made__gt=0,
    )
    return tests.select_related("person", "contact").order_by("-pk").first()


def newest_bundle(phone_fingerprint: str, *, now: datetime) -> Page | None:
    """The newest message to a phone in the last 24 hours that said several pages at once."""
    sent = Page.objects.filter(
        contact__address_fingerprint=phone_fingerprint,
        kind="sms",
        origin=BUNDLE,
        planned_at__gt=now - REPLY_WINDOW,
        attempts_made__gt=0,
    )
    return sent.select_related("person", "contact").order_by("-pk").first()


def page_for_reply(number: str, code: int | None, *, now: datetime) -> Page | None:
    """The page a reply from `number` answers: the newest with that short code, or simply the newest."""
    pages = pages_by_phone(number, now=now)
    return (pages if code is None else pages.filter(short_code=code)).first()


def delivery_due(*, now: datetime) -> bool:
    """Whether the sender has something to do: a page to send, a provider to ask, a call to take back, words to say."""
    waits = Attempt.objects.filter(Q(inquire_at__lte=now) | Q(hang_up_at__lte=now))
    pages = Page.objects.due(now)
    return pages.exists() or waits.exists() or InboundTap.objects.filter(reply_due_at__lte=now).exists()


def lag_s(*, now: datetime) -> float:
    """Seconds by which the longest overdue run or page is late; 0 when nothing is."""
    dues = (
        Run.objects.filter(state__in=PLANNABLE, due_at__lte=now).order_by("due_at"),
        Page.objects.due(now).order_by("due_at"),
    )
    oldest = [due for rows in dues if (due := rows.values_list("due_at", flat=True).first()) is not None]
    return max(((now - due).total_seconds() for due in oldest), default=0.0)


def pages_can_leave() -> bool:
    """Whether a provider is set up, or somebody has proved a contact that needs none."""
    if any_provider():
        return True
    kinds = ready()
    return ContactMethod.objects.in_force().filter(verified_at__isnull=False, kind__in=kinds).exists()


def callbacks_of(page: Page) -> QuerySet[Callback]:
    """What providers said of a page's attempts, as it came."""
    return Callback.objects.filter(attempt_id__in=Attempt.objects.filter(page=page).values("pk"))
