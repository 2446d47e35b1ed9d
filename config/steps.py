"""Which function of which app is which step of the tick, and which hint it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts.services.letters import ask_for_letters, send_letters
from config.clocks import look_at_clocks
from config.promises import PROMISES
from evidence.services.audit import Outcome
from evidence.services.audit import audit as hold_against_the_facts
from evidence.services.deadman import ping, ping_waits
from evidence.services.digests import digest_hours
from evidence.services.letters import send_seal_letters
from evidence.services.seals import ask_for_seals, seal_due_days
from incidents.release import release
from incidents.ticks import handoffs, intake
from incidents.webhooks.ticks import send_webhooks, webhooks
from ledger import liveness
from ledger.hints import hint
from ledger.link import link_entries
from monitors.engine.beating import clear_bodies, judge_heartbeats
from monitors.engine.packing import clear, pack
from monitors.engine.thresholding import watch_budgets, watch_response_times
from monitors.engine.ticks import claim, sweep
from monitors.engine.watch import watch
from monitors.remote.taking import take_results
from monitors.services.daily import write_days
from monitors.services.months import seal_months
from monitors.services.purging import purge_old
from monitors.services.window_times import turn as windows
from oncall.notify.accounts import ask_accounts, due
from oncall.ticks import duty, exercise, plan, reconcile, send, swaps

Run = Callable[[datetime], object]


@dataclass(frozen=True)
class Step:
    """One step: `run(now)`, at most once every `every_s` seconds in a process (0: every tick)."""

    name: str
    run: Run
    every_s: float = 0


def link(now: datetime) -> int:
    """Chain what was recorded."""
    return link_entries()


def deliver(now: datetime) -> None:
    """Send pages, and after them the mail about somebody's own account."""
    send(now)
    send_letters(now)


def sender_lives(now: datetime) -> None:
    """The sender's sign of life: a worker takes what is to be delivered, also when there is nothing."""
    liveness.beat("send", now=now)


def ask_the_sender(now: datetime) -> None:
    """Knock where pages are sent, to hear whether somebody opens."""
    hint("alive")


def ask_for_accounts(now: datetime) -> None:
    """Knock where providers are asked how our accounts stand, if one is due."""
    if due(now=now):
        hint("accounts")


def audit(now: datetime) -> Outcome | None:
    """Hold every promise of the house against the facts, if a turn of the auditor is due."""
    return hold_against_the_facts(PROMISES, now=now)


def seal(now: datetime) -> None:
    """Seal the days that are over, and mail the seals to who keeps them outside."""
    seal_due_days(now)
    send_seal_letters(now)


STEPS = (
    # first: whatever judges a silence afterwards knows its cause
    Step("watch", watch),
    Step("claim", claim),
    Step("windows", windows),
    Step("results", take_results),
    # before the intake, which takes the signals it raises
    Step("heartbeats", judge_heartbeats),
    Step("intake", intake),
    # after the signals, so that what has recovered is closed and pages nobody
    Step("release", release),
    Step("duty", duty),
    Step("exercise", exercise, every_s=2),
    Step("swaps", swaps, every_s=5),
    # after what changes who is on call
    Step("handoffs", handoffs, every_s=10),
    Step("plan", plan),
    Step("reconcile", reconcile, every_s=5),
    Step("sweep", sweep, every_s=5),
    Step("pack", pack, every_s=5),
    Step("clear", clear, every_s=10),
    Step("bodies", clear_bodies, every_s=60),
    Step("days", write_days, every_s=60),
    Step("months", seal_months, every_s=60),
    Step("purge", purge_old, every_s=600),
    Step("slow", watch_response_times, every_s=30),
    Step("budgets", watch_budgets, every_s=60),
    Step("alive", ask_the_sender, every_s=5),
    Step("accounts", ask_for_accounts, every_s=5),
    Step("letters", ask_for_letters, every_s=2),
    Step("link", link),
    # after the chain, whose numbers it reads, and after everything that pages
    Step("webhooks", webhooks),
    Step("seals", ask_for_seals, every_s=30),
    Step("clocks", look_at_clocks, every_s=60),
    Step("digests", digest_hours, every_s=60),
    # last: what the steps before it mend is no finding
    Step("audit", audit, every_s=settings.SELF_CHECK_EVERY_S / 12),
    Step("dead-man", ping_waits, every_s=5),
)

# What each hint asks for.
HINTS: dict[str, Run] = {
    "probe": claim,
    "intake": intake,
    "plan": plan,
    "link": link,
    "send": deliver,
    "alive": sender_lives,
    "accounts": ask_accounts,
    "ping": ping,
    "webhook": send_webhooks,
    "seal": seal,
}
