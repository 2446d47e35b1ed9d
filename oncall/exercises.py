"""Reads of exercises: what came of them, and how long the answers took. Nothing here changes a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from accounts.models import User
from oncall.escalation.targets import target_kind, target_names
from oncall.models import Canary, Exercise, Page
from oncall.models.exercises import CANARY, CONFIRMED, DRILL, MISSED, NOBODY
from oncall.subject import EXERCISE

# Points of the series that a page shows.
SHOWN = 60


@dataclass(frozen=True)
class Held:
    """One exercise with its pages, in the order in which they were planned, and the first instant of each truth."""

    exercise: Exercise
    pages: list[Page]

    def first(self, truth: str) -> datetime | None:
        """When a page of it was first accepted, delivered, …; None when that is not known of any."""
        return min((at for page in self.pages if (at := getattr(page, f"{truth}_at"))), default=None)

    def after_s(self, truth: str) -> int | None:
        """Whole seconds from the beginning to the first of a truth."""
        at = self.first(truth)
        return None if at is None else int((at - self.exercise.started_at).total_seconds())

    @property
    def accepted_after_s(self) -> int | None:
        """Until a provider took the first page."""
        return self.after_s("accepted")

    @property
    def delivered_after_s(self) -> int | None:
        """Until the first page was delivered."""
        return self.after_s("delivered")

    @property
    def late_s(self) -> int | None:
        """How long after its slot a canary began; None for what had none."""
        slot = self.exercise.slot_at
        return None if slot is None else int((self.exercise.started_at - slot).total_seconds())

    @property
    def people(self) -> int:
        """How many people were paged."""
        return len({page.person_id for page in self.pages})


@dataclass(frozen=True)
class Figures:
    """How long answers took, over some exercises that are over. median_s, worst_s: of those that were answered in time."""

    held: int
    confirmed: int
    median_s: int | None
    worst_s: int | None


def with_pages(exercises: Iterable[Exercise]) -> list[Held]:
    """Exercises with their pages. One query."""
    rows = list(exercises)
    pages: dict[str, list[Page]] = {}
    found = Page.objects.filter(run__subject_kind=EXERCISE, run__subject_id__in=[one.public_id for one in rows])
    for page in found.exclude(origin="update").select_related("run", "person", "contact").order_by("pk"):
        pages.setdefault(page.run.subject_id if page.run else "", []).append(page)
    return [Held(one, pages.get(one.public_id, [])) for one in rows]


def figures(exercises: Iterable[Exercise]) -> Figures:
    """Figures of exercises, those under way and those called off left aside."""
    over = [one for one in exercises if one.outcome in (CONFIRMED, MISSED, NOBODY)]
    took = sorted(one.took_s for one in over if one.outcome == CONFIRMED and one.took_s is not None)
    return Figures(len(over), len(took), int(median(took)) if took else None, took[-1] if took else None)


def newest_canaries() -> list[Exercise]:
    """The newest canaries, newest first."""
    return list(Exercise.objects.filter(kind=CANARY).select_related("answered_by").order_by("-started_at")[:SHOWN])


def newest_drills() -> list[Exercise]:
    """The newest drills, newest first."""
    rows = Exercise.objects.filter(kind=DRILL).select_related("policy", "asked_by", "answered_by")
    return list(rows.order_by("-started_at")[:SHOWN])


def newest_canary() -> Exercise | None:
    """The newest canary that is over, those called off left aside."""
    over = Exercise.objects.filter(kind=CANARY, ended_at__isnull=False, outcome__in=(CONFIRMED, MISSED, NOBODY))
    return over.order_by("-started_at", "-pk").first()


def unanswered_canary() -> Exercise | None:
    """The same, if nobody has answered it since and canaries are still sent."""
    newest = newest_canary() if Canary.current().target else None
    return newest if newest is not None and newest.answered_at is None else None


def target_name(target: str) -> str:
    """Whom a canary goes to, in words; "" for nobody."""
    if not target:
        return ""
    if target_kind(target) == "schedule":
        return f"whoever is on call for {target_names({target}).get(target, target)}"
    return str(User.objects.filter(public_id=target).first() or target)
