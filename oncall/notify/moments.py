"""A person's rules while a step runs: rules of the same delay are one moment, and a moment that fails calls the next one.

What the step planned is in its execution, so nothing here looks at the rules as they are now.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from oncall.escalation.reach import RULE
from oncall.models import Page, Run, StepExecution
from oncall.notify.states import HOPEFUL, PLANNED, UNHEARD, UNKNOWN

NEXT_STEP, NEXT_RULE = "next_step_due", "next_rule_due"


def hopeful(pages: QuerySet[Page]) -> QuerySet[Page]:
    """Those of the pages that may still reach their person, or have."""
    living = pages.filter(state__in=HOPEFUL).exclude(state=UNKNOWN, ended_at__isnull=False)
    return living.exclude(reason__in=UNHEARD, ended_at__isnull=False)


def bring_forward(page: Page, *, now: datetime) -> bool:
    """Let the person's next rules be due now, if nothing of this page's moment can reach them; return whether that was so.

    Wants the run of the page locked, so that nobody stops its pages meanwhile.
    """
    here, following = _moments(page)
    if not following or hopeful(_by_rules(page, here).exclude(pk=page.pk)).exists():
        return False
    waiting = _by_rules(page, following).filter(state=PLANNED, attempts_made=0, due_at__gt=now)
    return bool(waiting.update(due_at=now))


def not_after(run: Run | None, page: Page) -> tuple[datetime | None, str]:
    """Return until when it makes sense to try a page again, and the word for why not later.

    When the next rule or the next step is due, something else calls; a late page would only wake people for nothing.
    """
    if run is None or page.origin != "step":
        return None, NEXT_STEP
    rule_due = next_rule_due(page)
    if rule_due is not None and (run.due_at is None or rule_due < run.due_at):
        return rule_due, NEXT_RULE
    return run.due_at, NEXT_STEP


def next_rule_due(page: Page) -> datetime | None:
    """When the person is paged by their next rules; None when there are none or they are past waiting."""
    _, following = _moments(page)
    if not following:
        return None
    waiting = _by_rules(page, following).filter(state=PLANNED)
    return waiting.order_by("due_at").values_list("due_at", flat=True).first()


def _moments(page: Page) -> tuple[list[str], list[str]]:
    """The rules of this page's moment and those of the one after it; both empty when no rules made the page."""
    if not page.rule.startswith(RULE):
        return [], []
    execution = StepExecution.objects.get(run=page.run, loop=page.loop, step=page.step)
    theirs = [one for one in execution.recipients if one["person"] == page.person.public_id]
    delays = {line["rule"]: line["delay_s"] for one in theirs for line in one["lines"]}
    here = delays[page.rule]
    after = min((delay_s for delay_s in delays.values() if delay_s > here), default=None)
    return [rule for rule in delays if delays[rule] == here], [rule for rule in delays if delays[rule] == after]


def _by_rules(page: Page, rules: list[str]) -> QuerySet[Page]:
    return Page.objects.of_step(page.run_id, page.loop, page.step).filter(person=page.person_id, rule__in=rules)
