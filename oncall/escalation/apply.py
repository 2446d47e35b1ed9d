"""The applier: claims due runs, asks the planner, inserts what it says. All of a batch commits together or not at all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet

from ledger.failpoints import fail_point
from ledger.hints import hint
from ledger.record import record
from oncall.escalation import states
from oncall.escalation.plan import Plan, Recipient, RunView, Who, plan
from oncall.escalation.reach import CATCH_ALL
from oncall.escalation.who import Directory, directory
from oncall.models import Page, Run, StepExecution
from oncall.notify.rows import new_page
from oncall.notify.states import CALLS, CLAIMED, FAILED_PERMANENT, PLANNED, SENDING, UNHEARD
from oncall.subject import EXERCISE

log = structlog.get_logger(__name__)

# On SQLite an engine transaction must end within 50 ms, or an acknowledge waits for it.
BATCH_SQLITE = 10
BATCH = 250


@dataclass(frozen=True)
class _Planned:
    run: Run
    plan: Plan
    execution: StepExecution | None


def plan_batch(*, now: datetime) -> int:
    """Plan the runs that are due, at most one batch; return how many. Safe to run anywhere, twice, at once."""
    if not Run.objects.due(now).exists():  # an idle engine must not take SQLite's write lock every second
        return 0
    try:
        return _plan_together(Run.objects.due(now), now=now)
    except OperationalError:
        raise  # a lock or the line: the next tick finds everything as it was
    except Exception:
        log.exception("plan_failed")
        return _plan_apart(now=now)


def _plan_apart(*, now: datetime) -> int:
    """One run that cannot be planned must not hold up the others: plan each alone, and give up the one that fails."""
    planned = 0
    for pk in list(Run.objects.due(now).values_list("pk", flat=True)[:BATCH]):
        try:
            planned += _plan_together(Run.objects.due(now).filter(pk=pk), now=now)
        except OperationalError:
            raise
        except Exception:
            log.exception("run_cannot_be_planned", run=pk)
            planned += _give_up(pk, now=now)
    return planned


def _give_up(pk: int, *, now: datetime) -> int:
    """A bug of ours keeps the run from going on: call the first ring of the catch-all without any planning, and say so."""
    with transaction.atomic():
        run = Run.objects.due(now).select_for_update().filter(pk=pk).first()
        if run is None:
            return 0
        run.state, run.due_at, run.last_progress_at = states.move(run.state, "fail"), None, now
        run.fence += 1
        run.save()
        known = directory([], now=now)
        contacts = [
            c.id for ring in _who(run, known).rings[:1] for person in ring.people for c in known.who.contacts[person]
        ]
        pages = [new_page(known.contacts[c], run=run, origin="step", now=now, rule=CATCH_ALL) for c in contacts]
        Page.objects.bulk_create(pages, ignore_conflicts=True)
        record("run.failed", [run, (run.subject_kind, run.subject_id)], {"pages": len(pages)}, now=now)
        hint("send")
    return 1


def _plan_together(due: QuerySet[Run], *, now: datetime) -> int:
    """Plan a batch of these runs in one transaction; return how many."""
    with transaction.atomic():
        runs = _claim(due)
        if not runs:
            return 0
        policies = {run.pk: run.policy_or_none for run in runs}
        targets = {target for policy in policies.values() for step in policy.steps for target in step.targets}
        known = directory(targets, now=now)
        views = _views(runs)
        planned = [_planned(run, plan(policies[run.pk], views[run.pk], _who(run, known), now), now) for run in runs]
        _insert(planned, known, now)
        _advance(planned, now)
        _record(planned, now)
        hint("send")
        fail_point("plan.before_commit")
    fail_point("plan.after_commit")
    return len(runs)


def _who(run: Run, known: Directory) -> Who:
    """Who can be reached for a run; an exercise is not the catch-all's business."""
    return replace(known.who, rings=()) if run.subject_kind == EXERCISE else known.who


def _claim(rows: QuerySet[Run]) -> list[Run]:
    """Lock the due runs nobody else is planning. SQLite needs no lock: the transaction began as the only writer."""
    if connection.features.has_select_for_update_skip_locked:
        return list(rows.select_for_update(skip_locked=True)[:BATCH])
    return list(rows[:BATCH_SQLITE])


def _views(runs: list[Run]) -> dict[int, RunView]:
    """Return where each run stands. A page still on its way counts as reached until it has failed."""
    reached: set[int] = set()
    catch_all: set[int] = set()
    pages = Page.objects.filter(run__in=runs, origin="step").values_list("run_id", "rule", "accepted_at", "state", "pk")
    in_vain = _in_vain(runs)
    for run_id, rule, accepted_at, state, pk in pages:
        if rule == CATCH_ALL:
            catch_all.add(run_id)
        if (accepted_at and pk not in in_vain) or state in (PLANNED, CLAIMED, SENDING):
            reached.add(run_id)
    return {
        run.pk: RunView(run.loop, run.step, run.pk in reached, run.pk in catch_all, run.urgency, run.turn)
        for run in runs
    }


def _in_vain(runs: list[Run]) -> set[int]:
    """Calls that nobody took, or that a machine took: they reached nobody, although the provider had accepted them."""
    over = Page.objects.filter(run__in=runs, origin="step", kind__in=CALLS, ended_at__isnull=False)
    return set(over.filter(Q(reason__in=UNHEARD) | Q(state=FAILED_PERMANENT)).values_list("pk", flat=True))


def _planned(run: Run, said: Plan, now: datetime) -> _Planned:
    """Pair a run with its plan and with the row that will prove the step."""
    done = said.execution
    if done is None:
        return _Planned(run, said, None)
    due = run.due_at or now
    execution = StepExecution(
        run=run,
        loop=done.loop,
        step=done.step,
        planned_at=due,
        executed_at=now,
        lateness_ms=(now - due) // timedelta(milliseconds=1),
        outcome=done.outcome,
        reason=done.reason,
        recipients=[_told(recipient) for recipient in done.recipients],
    )
    return _Planned(run, said, execution)


def _told(recipient: Recipient) -> dict[str, object]:
    """Why somebody was named and how they are reached, in the words of docs/paging.md."""
    found = recipient.reach
    return {
        "person": recipient.person,
        "why": recipient.why,
        "contacts": list(dict.fromkeys(line.contact for line in found.lines)),
        "absent": found.absent,
        "how": found.how,
        "rules": found.source,
        "lines": [asdict(line) for line in found.lines],
        "skipped": list(found.skipped),
    }


def _insert(planned: list[_Planned], known: Directory, now: datetime) -> None:
    StepExecution.objects.bulk_create([item.execution for item in planned if item.execution])
    pages = [
        new_page(
            known.contacts[page.contact],
            run=item.run,
            origin="step",
            now=now,
            rule=page.rule,
            loop=item.execution.loop,
            step=item.execution.step,
            delay_s=page.delay_s,
        )
        for item in planned
        if item.execution
        for page in item.plan.pages
    ]
    Page.objects.bulk_create(pages, ignore_conflicts=True, batch_size=500)


def _advance(planned: list[_Planned], now: datetime) -> None:
    """Move the runs on. In a storm most of them move alike, so one update serves many."""
    alike: dict[tuple[str, str, int, int, datetime | None], list[int]] = defaultdict(list)
    for item in planned:
        said = item.plan
        alike[item.run.state, said.state, said.loop, said.step, said.due_at].append(item.run.pk)
    for (before, after, loop, step, due_at), ids in alike.items():
        state = states.move(before, _EVENT[after])
        changes = {"state": state, "loop": loop, "step": step, "due_at": due_at, "last_progress_at": now}
        rows = Run.objects.filter(pk__in=ids)
        rows.update(fence=F("fence") + 1, **changes)
        if after in _REACHED_AT:
            rows.filter(**{f"{_REACHED_AT[after]}__isnull": True}).update(**{_REACHED_AT[after]: now})


_EVENT = {states.RUNNING: "go_on", states.EXHAUSTED: "exhaust", states.NOBODY_NOTIFIED: "nobody"}
_REACHED_AT = {states.EXHAUSTED: "exhausted_at", states.NOBODY_NOTIFIED: "nobody_notified_at"}


def _record(planned: list[_Planned], now: datetime) -> None:
    for item in planned:
        about = [item.run, (item.run.subject_kind, item.run.subject_id)]
        if item.execution is not None:
            record("run.step_executed", [item.execution, *about], _fact(item, item.execution), now=now)
        after = item.plan.state
        if after in _REACHED_AT and item.run.state != after:
            record(f"run.{after}", about, {"reason": item.plan.reason}, now=now)


def _fact(item: _Planned, execution: StepExecution) -> dict[str, object]:
    return {
        "loop": execution.loop,
        "step": execution.step,
        "outcome": execution.outcome,
        "reason": execution.reason,
        "lateness_ms": execution.lateness_ms,
        "recipients": execution.recipients,
        "pages": len(item.plan.pages),
        "policy_sha256": item.run.policy_sha256,
    }
