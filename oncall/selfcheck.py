"""What paging promises: steps and pages go in time, providers take them, answers are heard, people can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.models import ContactMethod, User
from ledger.hints import hint
from ledger.promises import MOST_NAMED, Breach, Promise, counted, lasting, named, waiting
from oncall import ticks
from oncall.escalation.who import reachable_contacts
from oncall.exercises import unanswered_canary
from oncall.models import Attempt, Callback, CatchAll, Page, Run, Schedule
from oncall.models.exercises import NOBODY
from oncall.models.providers import SUSPENDED
from oncall.notify import callbacks
from oncall.notify.accounts import in_trouble
from oncall.notify.retry import CONTACT_CODES
from oncall.notify.states import CLAIMED, PLANNED
from oncall.proofs import TESTED_WITHIN, overdue_contacts
from oncall.queries import people_of_policies

LATE = timedelta(seconds=30)
INQUIRED_WITHIN = timedelta(seconds=60)
APPLIED_WITHIN = timedelta(minutes=5)
# A provider is judged by its last attempts of this span; so many in a row must have failed.
LOOKED_BACK, IN_A_ROW, NEWEST = timedelta(minutes=15), 3, 200
# What a provider says of one address: Twilio's codes, and SMTP's for a mailbox.
OF_ONE_PERSON = ("webhook",)  # a tool of somebody's own that is down is no provider that is
OF_THE_ADDRESS = frozenset({*map(str, CONTACT_CODES), "550", "551", "552", "553"})


def steps_on_time(now: datetime) -> Breach | None:
    """Every step is taken within thirty seconds of its time."""
    due = Run.objects.due(now - LATE)
    first = list(due.values_list("due_at", "public_id")[:MOST_NAMED])
    return _late(due.count(), "escalation", first, now, "for the next step") if first else None


def pages_on_time(now: datetime) -> Breach | None:
    """Every page is begun within thirty seconds of its time."""
    limit = now - LATE
    overdue = Q(state=PLANNED, due_at__lt=limit) | Q(state=CLAIMED, lease_until__lt=limit)
    late = Page.objects.filter(overdue).order_by("due_at")
    first = list(late.values_list("due_at", "public_id")[:MOST_NAMED])
    return _late(late.count(), "page", first, now, "to be sent") if first else None


def attempts_end(now: datetime) -> Breach | None:
    """Every call to a provider is written down as answered or unknown."""
    open_ones = Attempt.objects.filter(completed_at__isnull=True, deadline__lt=now - LATE).order_by("deadline")
    first = list(open_ones.values_list("deadline", "page__public_id")[:MOST_NAMED])
    return (
        _late(open_ones.count(), "call to a provider", first, now, "for its end", "calls to providers")
        if first
        else None
    )


def unknown_inquired(now: datetime) -> Breach | None:
    """The provider is asked about every page whose fate is not known."""
    waits = Attempt.objects.filter(inquire_at__lt=now - INQUIRED_WITHIN).order_by("inquire_at")
    first = list(waits.values_list("inquire_at", "page__public_id")[:MOST_NAMED])
    return _late(waits.count(), "page", first, now, "for the provider to be asked about it") if first else None


def callbacks_applied(now: datetime) -> Breach | None:
    """What providers tell is taken into account."""
    waits = Callback.objects.filter(applied_at__isnull=True, received_at__lt=now - APPLIED_WITHIN)
    oldest = waits.order_by("received_at").values_list("received_at", flat=True).first()
    if oldest is None:
        return None
    return Breach(
        waiting(waits.count(), "report of a provider", oldest, now, "to be understood", "reports of providers")
    )


def providers_take_pages(now: datetime) -> Breach | None:
    """No provider refused the last three attempts in a row, for whatever reason that was not the address's own."""
    # by key, which grows with time: the newest calls without an index of their own
    newest = Attempt.objects.order_by("-pk").values_list("provider", "outcome", "error_code", "begun_at")
    last: dict[str, list[str]] = {}
    for provider, outcome, code, begun_at in newest.exclude(provider__in=OF_ONE_PERSON)[:NEWEST]:
        if outcome and begun_at > now - LOOKED_BACK and code not in OF_THE_ADDRESS:
            last.setdefault(provider, []).append(outcome)
    refused = [
        name for name, said in sorted(last.items()) if len(said) >= IN_A_ROW and "accepted" not in said[:IN_A_ROW]
    ]
    if not refused:
        return None
    return Breach(f"The last {IN_A_ROW} pages given to {' and '.join(refused)} were not taken.")


def accounts_stand(now: datetime) -> Breach | None:
    """No provider says that our account is suspended, or lets us in no more."""
    ill = in_trouble()
    if not ill:
        return None
    said = " and ".join(
        f"{one.provider.capitalize()} says that our account is suspended{_word(one.code)}" if one.state == SUSPENDED
        else f"{one.provider.capitalize()} lets us in no more ({one.code})"
        for one in ill
    )  # fmt: skip
    return Breach(f"{said}, since {lasting(now - (ill[0].since or now))}.")


def _word(code: str) -> str:
    """The provider's own word, where it says more."""
    return f" ({code})" if code not in ("", SUSPENDED) else ""


def somebody_reachable(now: datetime) -> Breach | None:
    """If anybody is to be paged at all, one of them has a healthy, confirmed contact."""
    wanted = _wanted(now)
    if not wanted or any(contact.healthy for contact in reachable_contacts()):
        return None
    return Breach("Nobody in the house has a confirmed contact that works.", named(sorted(wanted)))


def people_reachable(now: datetime) -> Breach | None:
    """Everybody a policy or the catch-all names can be reached."""
    wanted = _wanted(now)
    people = list(User.objects.filter(public_id__in=wanted))
    healthy = {contact.person for contact in reachable_contacts(people) if contact.healthy}
    silent = sorted(wanted - healthy)
    if not silent:
        return None
    verb = "has" if len(silent) == 1 else "have"
    said = f"{counted(len(silent), 'person', 'people')} who would be paged {verb} no confirmed contact that works."
    return Breach(said, named(silent))


def duty_on_record(now: datetime) -> Breach | None:
    """Every change of who is on call is written down within thirty seconds."""
    late = Schedule.objects.in_force().filter(next_change_at__lt=now - LATE).order_by("next_change_at")
    first = list(late.values_list("next_change_at", "public_id")[:MOST_NAMED])
    return _late(late.count(), "schedule", first, now, "for a change of shift to be recorded") if first else None


def contacts_healthy(now: datetime) -> Breach | None:
    """No contact of somebody who would be paged was given up by its provider."""
    ill = _contacts_of(_wanted(now)).filter(unhealthy_since__isnull=False).order_by("unhealthy_since")
    first = list(ill.values_list("public_id", flat=True)[:MOST_NAMED])
    if not first:
        return None
    number = ill.count()
    verb = "does" if number == 1 else "do"
    return Breach(f"{counted(number, 'contact')} of people who would be paged {verb} not work.", named(first))


def contacts_tested(now: datetime) -> Breach | None:
    """Every contact of somebody who would be paged was proved within five weeks."""
    old = overdue_contacts(_wanted(now), now=now)
    if not old:
        return None
    verb = "was" if len(old) == 1 else "were"
    said = f"{counted(len(old), 'contact')} of people who would be paged {verb} not confirmed for {lasting(TESTED_WITHIN)}."
    return Breach(said, named(contact.public_id for contact in old))


def canary_confirmed(now: datetime) -> Breach | None:
    """The newest canary that is over was answered, in time or since."""
    missed = unanswered_canary()
    if missed is None:
        return None
    why = (
        "had nobody to go to"
        if missed.outcome == NOBODY
        else f"was not confirmed in {lasting((missed.ended_at or now) - missed.started_at)}"
    )
    return Breach(f"The canary of {lasting(now - missed.started_at)} ago {why}.", named([missed.public_id]))


def _wanted(now: datetime) -> set[str]:
    """Public ids of everybody whom a policy in force or the catch-all would page."""
    return people_of_policies(now=now) | set(CatchAll.current().people)


def _contacts_of(people: set[str]) -> QuerySet[ContactMethod]:
    return ContactMethod.objects.in_force().filter(user__public_id__in=people, verified_at__isnull=False)


def _late(
    number: int, noun: str, first: Sequence[tuple[datetime | None, str]], now: datetime, why: str, plural: str = ""
) -> Breach:
    oldest = first[0][0] or now
    return Breach(waiting(number, noun, oldest, now, why, plural), named(public_id for _, public_id in first))


def _send(now: datetime) -> None:
    """Free what a dead sender held and knock on the sender's door: providers are not called from here."""
    ticks.reconcile(now)
    hint("send")


PROMISES = (
    Promise(
        name="oncall.steps_on_time",
        says="Every step of an escalation is taken within 30 s of its time.",
        trouble="steps of escalations are late",
        check=steps_on_time,
        remedy="Look for `step_failed` with the step plan in the engine's log.",
        repair=ticks.plan,
        mends="takes the steps that are due",
        endangers=True,
    ),
    Promise(
        name="oncall.pages_on_time",
        says="Every page is handed to its provider within 30 s of its time.",
        trouble="pages wait to be sent",
        check=pages_on_time,
        remedy="Look whether a worker takes the queue deliver, and whether a provider answers slowly.",
        repair=_send,
        mends="frees what a dead sender held and knocks on the sender's door",
        endangers=True,
    ),
    Promise(
        name="oncall.attempts_end",
        says="Every call to a provider is written down as answered or unknown within 30 s of its deadline.",
        trouble="calls to providers have no end",
        check=attempts_end,
        remedy="Look for `step_failed` with the step reconcile in the engine's log.",
        repair=ticks.reconcile,
        mends="writes them down as unknown",
        endangers=True,
    ),
    Promise(
        name="oncall.unknown_inquired",
        says="The provider is asked within 60 s about every page whose fate is to be asked for.",
        trouble="lost pages are not asked for",
        check=unknown_inquired,
        remedy="Look whether a worker takes the queue deliver.",
        repair=_send,
        mends="knocks on the sender's door",
        endangers=True,
    ),
    Promise(
        name="oncall.callbacks_applied",
        says="What a provider reports is understood within 5 min.",
        trouble="reports of providers are not understood",
        check=callbacks_applied,
        remedy="A report about a page that is not ours is put aside after 10 min; look in the log if it is not.",
        repair=lambda now: callbacks.apply(now=now),
        mends="takes them into account",
    ),
    Promise(
        name="oncall.providers_take_pages",
        says="No provider refused the last 3 pages of 15 min in a row, the fault of an address or of a person's own tool left aside.",
        trouble="a provider takes no pages",
        check=providers_take_pages,
        remedy="Look at the provider's own status page and at the account: is it suspended, or its token changed?",
        endangers=True,
    ),
    Promise(
        name="oncall.accounts_stand",
        says="Twilio and Slack, where they are set up, say that our account is active; they are asked every 5 min.",
        trouble="a provider has suspended us",
        check=accounts_stand,
        remedy="Sign in at the provider: is there a bill, or was the token changed? Until then pages leave by the other channels only.",
        endangers=True,
    ),
    Promise(
        name="oncall.somebody_reachable",
        says="As long as somebody is to be paged, somebody in the house has a confirmed contact that works.",
        trouble="nobody can be reached",
        check=somebody_reachable,
        remedy="Confirm an e-mail address or a phone under Your account.",
        endangers=True,
        quiet=True,
    ),
    Promise(
        name="oncall.people_reachable",
        says="Everybody whom a policy or the catch-all names has a confirmed contact that works.",
        trouble="some people cannot be reached",
        check=people_reachable,
        remedy="Ask them to confirm an address, or take them out of the policy.",
    ),
    Promise(
        name="oncall.duty_on_record",
        says="Every change of who is on call is on record within 30 s.",
        trouble="changes of shift are not on record",
        check=duty_on_record,
        remedy="Look for `step_failed` with the step duty in the engine's log.",
        repair=ticks.duty,
        mends="writes down what the plan said since",
    ),
    Promise(
        name="oncall.contacts_healthy",
        says="No contact of somebody who would be paged was given up by its provider.",
        trouble="some contacts do not work",
        check=contacts_healthy,
        remedy="Ask them to send themselves a test page, or to replace the address.",
    ),
    Promise(
        name="oncall.canary_confirmed",
        says="As long as canaries are sent, the newest one was confirmed by who got it.",
        trouble="a canary page was not confirmed",
        check=canary_confirmed,
        remedy="Look under Exercises how far it came. Its answer ends this, even if it is late; or send another one.",
        endangers=True,
    ),
    Promise(
        name="oncall.contacts_tested",
        says="Each contact of somebody who would be paged was confirmed within 35 d: by a code, a test, or a page answered there.",
        trouble="contacts are not tested",
        check=contacts_tested,
        remedy="Ask them to test their contacts under My settings.",
    ),
)
