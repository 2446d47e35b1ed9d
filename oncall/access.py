"""The only door to policies, schedules and the catch-all for screens and API.

Every member reads them; a policy or schedule is edited by managers of its team, the catch-all by admins. What does not
exist is 404, what may be seen but not done is 403.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Prefetch, QuerySet
from django.http import Http404

from accounts.access import can, get_arranged, get_person, require
from accounts.models import User
from ledger.crypto import token_hash
from oncall.models import (
    AbsenceCalendar,
    CalendarFeed,
    Canary,
    CatchAll,
    ContactTest,
    Exercise,
    LayerMembers,
    Notice,
    OnCallCorrection,
    OnCallInterval,
    Override,
    Page,
    Policy,
    Run,
    Schedule,
    ScheduleLayer,
    StepExecution,
    Swap,
)
from oncall.rota.swaps import Part, may, parts

Row = TypeVar("Row", bound=Model)


def get_policy(user: Any, public_id: str, need: str = "read") -> Policy:
    """A policy; retired ones can be read, not edited. Raises Http404, PermissionDenied."""
    _signed_in(user)
    found = Policy.objects.all() if need == "read" else Policy.objects.in_force()
    policy = found.select_related("team").filter(public_id=public_id).first()
    if policy is None:
        raise Http404
    require(user, need, policy)
    return policy


def get_catch_all(user: Any, need: str = "read") -> CatchAll:
    """The catch-all, for who may do `need`; editing it is an admin's. Raises Http404, PermissionDenied."""
    _signed_in(user)
    require(user, "edit_any" if need == "edit" else need)
    return CatchAll.current()


def all_runs(user: Any) -> QuerySet[Run]:
    """Every escalation: all members read them. Raises PermissionDenied."""
    require(user, "read")
    return Run.objects.select_related("policy")


def get_run(user: Any, public_id: str) -> Run:
    """An escalation with the steps it took. Raises Http404, PermissionDenied."""
    _signed_in(user)
    run = (
        all_runs(user)
        .prefetch_related(Prefetch("executions", StepExecution.objects.order_by("pk")))
        .filter(public_id=public_id)
        .first()
    )
    if run is None:
        raise Http404
    return run


def all_pages(user: Any) -> QuerySet[Page]:
    """Every page, with the masks of addresses only: all members read them. Raises PermissionDenied."""
    require(user, "read")
    return Page.objects.select_related("run", "person", "contact", "carried_by")


def get_page(user: Any, public_id: str) -> Page:
    """A page. Raises Http404, PermissionDenied."""
    return _one(all_pages, user, public_id)


def get_schedule(user: Any, public_id: str, need: str = "read") -> Schedule:
    """A schedule; retired ones can be read, not edited. Raises Http404, PermissionDenied."""
    _signed_in(user)
    found = Schedule.objects.all() if need == "read" else Schedule.objects.in_force()
    schedule = found.select_related("team").filter(public_id=public_id).first()
    if schedule is None:
        raise Http404
    require(user, need, schedule)
    return schedule


def get_layer(user: Any, public_id: str, need: str = "read") -> ScheduleLayer:
    """A layer, which belongs to the team of its schedule. Raises Http404, PermissionDenied."""
    _signed_in(user)
    layer = ScheduleLayer.objects.select_related("schedule__team").filter(public_id=public_id).first()
    if layer is None:
        raise Http404
    require(user, need, layer.schedule)
    return layer


def get_members(user: Any, public_id: str, need: str = "read") -> LayerMembers:
    """A list of members, which belongs to the team of its schedule. Raises Http404, PermissionDenied."""
    _signed_in(user)
    members = LayerMembers.objects.select_related("layer__schedule__team").filter(public_id=public_id).first()
    if members is None:
        raise Http404
    require(user, need, members.layer.schedule)
    return members


def all_overrides(user: Any) -> QuerySet[Override]:
    """Overrides, those that were taken back too: all members read them. Raises PermissionDenied."""
    require(user, "read")
    return Override.objects.select_related("schedule__team", "who", "whom", "made_by")


def get_override(user: Any, public_id: str, need: str = "read") -> Override:
    """An override; it is ended by who may edit its schedule, and by who made it. Raises Http404, PermissionDenied."""
    override = _one(all_overrides, user, public_id)
    if need == "read" or override.made_by_id != user.pk:
        require(user, need, override.schedule)
    return override


def require_override(user: Any, schedule: Schedule, *, who: User | None) -> None:
    """Who answers pages may take a shift themselves; more takes the right to edit. Raises PermissionDenied."""
    if who is None or who.pk != user.pk or not can(user, "respond"):
        require(user, "edit", schedule)


def all_intervals(user: Any) -> QuerySet[OnCallInterval]:
    """Who was on call, as it was recorded: all members read it. Raises PermissionDenied."""
    require(user, "read")
    return OnCallInterval.objects.select_related("schedule", "person", "layer", "override")


def get_interval(user: Any, public_id: str) -> OnCallInterval:
    """One interval of somebody on call, or of nobody. Raises Http404, PermissionDenied."""
    return _one(all_intervals, user, public_id)


def all_corrections(user: Any) -> QuerySet[OnCallCorrection]:
    """Corrections of who was on call, refused ones too: all members read them. Raises PermissionDenied."""
    require(user, "read")
    return OnCallCorrection.objects.select_related("schedule__team", "requested_by", "decided_by")


def get_correction(user: Any, public_id: str, need: str = "read") -> OnCallCorrection:
    """A correction, with the rights of its schedule. `withdraw`: to refuse it, which who asked may too.

    Raises Http404, PermissionDenied.
    """
    correction = _one(all_corrections, user, public_id)
    if need != "withdraw" or correction.requested_by_id != user.pk:
        require(user, "edit" if need == "withdraw" else need, correction.schedule)
    return correction


def all_tests(user: Any) -> QuerySet[ContactTest]:
    """Every test of contacts: all members read them, with masks. Raises PermissionDenied."""
    require(user, "read")
    return ContactTest.objects.select_related("person", "asked_by")


def get_test(user: Any, public_id: str) -> ContactTest:
    """A test of contacts. Raises Http404, PermissionDenied."""
    return _one(all_tests, user, public_id)


def all_swaps(user: Any) -> QuerySet[Swap]:
    """Swaps of shifts, those that are over too: all members read them. Raises PermissionDenied."""
    require(user, "read")
    people = ("giver", "asked", "taker", "requested_by", "offered_by", "accepted_by", "ended_by")
    return Swap.objects.select_related("schedule__team", *people)


def get_swap(user: Any, public_id: str) -> Swap:
    """A swap, to read. Raises Http404, PermissionDenied."""
    return _one(all_swaps, user, public_id)


def parts_in(user: Any, swap: Swap) -> frozenset[Part]:
    """What somebody is to a swap."""
    named = {
        part: getattr(swap, column).public_id if getattr(swap, column) else ""
        for part, column in (("giver", "giver"), ("asker", "requested_by"), ("asked", "asked"), ("taker", "taker"))
    }
    manages, answers = can(user, "edit", swap.schedule), can(user, "respond")
    return parts(user.public_id, **named, manages=manages, answers=answers)


def require_swap(user: Any, public_id: str, verb: str, *, taker: User | None = None) -> Swap:
    """A swap that somebody may do a verb with, wherever it stands. taker: of an offer; another than oneself takes the right to edit.

    Raises Http404, PermissionDenied.
    """
    swap = get_swap(user, public_id)
    if not may(verb, parts_in(user, swap)):
        raise PermissionDenied(f"To {verb.replace('_', ' ')} this swap is for others: docs/swaps.md says for whom.")
    if verb == "offer" and taker is not None and taker.pk != user.pk:
        require(user, "edit", swap.schedule)
    return swap


def require_request(user: Any, schedule: Schedule, *, giver: User) -> None:
    """Who answers pages asks for shifts of their own; for others it takes the right to edit. Raises PermissionDenied."""
    if giver.pk != user.pk or not can(user, "respond"):
        require(user, "edit", schedule)


def all_notices(user: Any) -> QuerySet[Notice]:
    """Letters about shifts: all members read them. Raises PermissionDenied."""
    require(user, "read")
    return Notice.objects.select_related("person", "schedule")


def get_notice(user: Any, public_id: str) -> Notice:
    """A letter about somebody's shifts. Raises Http404, PermissionDenied."""
    return _one(all_notices, user, public_id)


def all_absences(user: Any) -> QuerySet[AbsenceCalendar]:
    """Calendars of absences and holidays: all members see that they are there. Raises PermissionDenied."""
    require(user, "read")
    return AbsenceCalendar.objects.select_related("person", "schedule__team", "uploaded_by")


def get_absences(user: Any, public_id: str, need: str = "read") -> AbsenceCalendar:
    """A calendar of absences; `edit`: the person, who arranges how they are paged, or who may edit the schedule.

    Raises Http404, PermissionDenied.
    """
    held = _one(all_absences, user, public_id)
    if need == "edit" and held.person is not None:
        get_arranged(user, held.person.public_id)
    elif need == "edit":
        require(user, "edit", held.schedule)
    return held


def visible_feeds(user: Any) -> QuerySet[CalendarFeed]:
    """One's own calendar addresses; everybody's for who manages people. Without their secrets."""
    require(user, "read")
    found = CalendarFeed.objects.select_related("owner", "schedule")
    return found if can(user, "manage_people") else found.filter(owner_id=user.pk)


def get_feed(user: Any, public_id: str, *, own: bool = False) -> CalendarFeed:
    """A calendar address; own: one's own, for nobody is told a secret of another. Raises Http404, PermissionDenied."""
    feed = _one(visible_feeds, user, public_id)
    if own and feed.owner_id != user.pk:
        raise Http404
    return feed


def get_feeds_person(user: Any, public_id: str) -> User:
    """Somebody whose calendar addresses one may see: oneself, or anybody for who manages people. Raises Http404, PermissionDenied."""
    person = get_person(user, public_id)
    if person.pk != user.pk:
        require(user, "manage_people")
    return person


def feed_by_secret(secret: str) -> CalendarFeed | None:
    """What a secret opens, for everybody who has it; nothing if it is wrong, revoked, or its owner may not sign in any more."""
    found = CalendarFeed.objects.in_force().filter(owner__is_active=True).select_related("owner", "schedule")
    return found.filter(secret_hash=token_hash(secret)).first()


def get_canary(user: Any, need: str = "read") -> Canary:
    """The canary, for who may do `need`; setting it is an admin's. Raises Http404, PermissionDenied."""
    _signed_in(user)
    require(user, "edit_any" if need == "edit" else need)
    return Canary.current()


def all_exercises(user: Any) -> QuerySet[Exercise]:
    """Every canary and drill: all members read them. Raises PermissionDenied."""
    require(user, "read")
    return Exercise.objects.select_related("policy__team", "asked_by", "answered_by")


def get_exercise(user: Any, public_id: str) -> Exercise:
    """One canary or drill. Raises Http404, PermissionDenied."""
    return _one(all_exercises, user, public_id)


def require_ending(user: Any, exercise: Exercise) -> None:
    """A drill is ended by who may edit its policy, a canary by an admin. Raises PermissionDenied."""
    if exercise.policy is None:
        require(user, "edit_any")
    else:
        require(user, "edit", exercise.policy)


def _one(rows: Callable[[Any], QuerySet[Row]], user: Any, public_id: str) -> Row:
    """The one of the rows that somebody may see which has this id. Raises Http404, PermissionDenied."""
    _signed_in(user)
    found = rows(user).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _signed_in(user: Any) -> None:
    if not getattr(user, "is_authenticated", False):
        raise Http404
