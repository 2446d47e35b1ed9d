"""Whether and when a webhook is sent again. Pure: standard library only; the table is in docs/webhooks.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DELIVERED, AGAIN, GIVE_UP, GONE = "delivered", "again", "give_up", "gone"
# A request the receiver calls wrong will be wrong again; a few more attempts are for a receiver being deployed.
REFUSED_TRIES = 4
# A receiver may ask us to wait, but not for longer than this: it would look as if we had forgotten it.
LONGEST_WAIT_S = 3600


@dataclass(frozen=True)
class Answer:
    """How a call ended. status: of HTTP, 0 when none came. error: a word of EgressError, "" when an answer came.

    retry_after: the header's text, seconds only.
    """

    status: int = 0
    error: str = ""
    retry_after: str = ""


@dataclass(frozen=True)
class Verdict:
    """What follows. at: when it is tried again, only for AGAIN. reason: a word for the row."""

    what: str
    reason: str
    at: datetime | None = None


def judge(answer: Answer, tries: int, now: datetime, *, delays_s: Sequence[float]) -> Verdict:
    """Say what follows from the answer to attempt number `tries` of a round, counted from 1.

    2xx is delivered. 410 says that nobody wants it any more. 408, 425, 429, 5xx, time-outs and broken connections are
    tried again after each delay in turn. Other answers (a redirect too, which is never followed) and addresses that we
    do not call are tried REFUSED_TRIES times.
    """
    if not answer.error and 200 <= answer.status < 300:
        return Verdict(DELIVERED, "")
    if answer.status == 410:
        return Verdict(GONE, "gone")
    final = answer.error == "refused" or (not answer.error and not _passes(answer.status))
    if tries > len(delays_s) or (final and tries >= REFUSED_TRIES):
        return Verdict(GIVE_UP, "refused" if final else "retries_exhausted")
    wait = delays_s[tries - 1]
    if answer.status in (429, 503) and answer.retry_after.isascii() and answer.retry_after.isdigit():
        wait = max(wait, min(int(answer.retry_after[:9]), LONGEST_WAIT_S))
    return Verdict(AGAIN, "retry", now + timedelta(seconds=wait))


def life_s(delays_s: Sequence[float]) -> float:
    """Seconds after which a delivery that nobody could send is given up: all delays, and an hour more."""
    return sum(delays_s) + 3600


def _passes(status: int) -> bool:
    """Answers that another attempt may turn: the receiver is slow, busy or broken, not unwilling."""
    return status in (408, 425, 429) or status >= 500
