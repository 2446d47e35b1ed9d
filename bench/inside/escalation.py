"""What the processes of the escalation's bench do: make runs that are due, plan as the engine does, count what is amiss."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

from django.db import connection
from django.db.models import Count

from accounts.models import ContactMethod, Team, User
from oncall import ticks
from oncall.escalation.policy import digest, to_json
from oncall.models import Page, Policy, Run, StepExecution
from oncall.services import create_policy

REASON = "Bench"
PEOPLE, STEPS, EACH = 3, 3, 1


def main(role: str, *arguments: str) -> None:
    """Do what the role says: `make` and `check` take how many runs and the number of the round."""
    {"make": _make, "plan": _plan, "check": _check}[role](*arguments)


def _make(runs: str, number: str) -> None:
    """Runs of one policy that have been due for an instant; those of the round before do nothing any more."""
    now = datetime.now(UTC)
    Run.objects.update(due_at=None)
    policy = Policy.objects.first() or _policy(now)
    frozen = policy.frozen()
    Run.objects.bulk_create(
        [
            Run(
                subject_kind="incident", subject_id=f"INC-{number}-{n:06}", service_key="svc_bench", severity=1,
                urgency="high", title="Checkout API is down", url="https://watchbook.example.com/incidents/", policy=policy,
                policy_frozen=to_json(frozen), policy_sha256=digest(frozen), policy_version=frozen.version, due_at=now,
                started_at=now, last_progress_at=now,
            )
            for n in range(int(runs))
        ],
        batch_size=1000,
    )  # fmt: skip
    print(runs)


def _policy(now: datetime) -> Policy:
    team = Team(name="Bench")
    team.save(now=now, reason=REASON)
    people = []
    for n in range(PEOPLE):
        person = User(name=f"Person {n}", email=f"person{n}@example.com", role="responder")
        person.save(now=now, reason=REASON)
        for kind, address in (("email", person.email), ("phone", f"+4477009000{n:02}")):
            ContactMethod(user=person, kind=kind, address=address, verified_at=now).save(now=now, reason=REASON)
        people.append(person.public_id)
    steps = [{"delay_s": 300, "people": people[n * EACH : (n + 1) * EACH]} for n in range(STEPS)]
    return create_policy(name="Bench", team=team, repeat=0, steps=steps, now=now, reason=REASON)


def _plan() -> None:
    """Tick as the engine does until nothing is due; print when that was, and the processor time it took."""
    connection.ensure_connection()
    print("ready", flush=True)
    time.sleep(max(0.0, float(sys.stdin.readline()) - time.time()))
    begun = time.process_time()
    while Run.objects.due(datetime.now(UTC)).exists():
        ticks.plan(datetime.now(UTC))
    print(time.time(), time.process_time() - begun)


def _check(runs: str, number: str) -> None:
    """Print how many of the round's runs lack a step or a page, or have one twice."""
    mine = Run.objects.filter(subject_id__startswith=f"INC-{number}-")
    steps = StepExecution.objects.filter(run__in=mine)
    pages = Page.objects.filter(run__in=mine)
    twice = pages.values("run", "contact").annotate(n=Count("pk")).filter(n__gt=1).count()
    wanted = int(runs)
    print(abs(wanted - steps.count()) + abs(wanted * EACH * 2 - pages.count()) + twice)
