"""Canaries and drills for a pack (MC-3): that the way from a fault to a person was tried, and how long it took."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from ledger.evidence import threaded
from ledger.tables import Row, Scope, Table
from oncall.exercises import Held, with_pages
from oncall.models import Exercise, Run
from oncall.subject import EXERCISE

DRILLS = (
    "drill_id", "kind", "path", "policy_id", "policy_sha256", "target_id", "asked_by", "reason_sha256", "slot_at", "late_s", "started_at",
    "steps_taken", "people_paged", "pages", "accepted_at", "delivered_at", "answered_at", "answered_by", "answered_how", "took_s",
    "ended_at", "result",
)  # fmt: skip
PATH = "planner > contact rules > pages > provider > answer"


def exercises_table(scope: Scope) -> Table:
    """Exercises that began in the window, those under way too."""

    def rows() -> Iterator[Row]:
        begun = Exercise.objects.filter(started_at__gte=scope.start, started_at__lt=scope.end).order_by("pk")
        held = with_pages(begun.select_related("policy", "asked_by", "answered_by"))
        runs = {
            run.subject_id: run for run in Run.objects.filter(_of(held)).prefetch_related("executions").order_by("pk")
        }
        cells = (_cells(one, runs.get(one.exercise.public_id)) for one in held)
        return threaded(cells, "exercise", [one.exercise.public_id for one in held])

    words = (
        "Canaries and drills: runs of the engine although nothing was wrong, marked so in every message. No incident, and in no figure "
        "about incidents. accepted_at, delivered_at: the first of their pages. late_s: a canary after its slot."
    )
    return Table("04_continuity/pipeline_drills", DRILLS, rows, "pipeline_drills", words, scope.window)


def _of(held: list[Held]) -> Q:
    return Q(subject_kind=EXERCISE, subject_id__in=[one.exercise.public_id for one in held])


def _cells(held: Held, run: Run | None) -> tuple[object, ...]:
    e = held.exercise
    return (
        e.public_id, e.kind, PATH, e.policy.public_id if e.policy else None, run.policy_sha256 if run else None, e.target or None,
        e.asked_by.public_id if e.asked_by else None, e.reason_sha256 or None, e.slot_at, held.late_s, e.started_at,
        len(run.executions.all()) if run else 0, held.people, len(held.pages), held.first("accepted"), held.first("delivered"),
        e.answered_at, e.answered_by.public_id if e.answered_by else None, e.answered_how or None, e.took_s, e.ended_at,
        e.outcome or "under_way",
    )  # fmt: skip
