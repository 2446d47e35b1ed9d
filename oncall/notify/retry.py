"""Whether and when a page is tried again. Pure: standard library only; the table is in docs/paging.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# Twilio error codes by what they mean for us (docs/paging.md has them one by one).
TEMPORARY_CODES = frozenset({20429, 30001, 30008})
# The address is at fault: it will not work next time either, until somebody mends it.
CONTACT_CODES = frozenset({21211, 21610, 21614, 30004, 30005, 30006, 30034})


@dataclass(frozen=True)
class Failure:
    """Why a provider did not take, or did not deliver, a page.

    `permanent`: trying again would fail again. `ambiguous`: it may have been taken after all. `blames_contact`: the
    address itself does not work. `code` is the provider's own.
    """

    permanent: bool = False
    ambiguous: bool = False
    blames_contact: bool = False
    code: str = ""


@dataclass(frozen=True)
class Verdict:
    """What follows from a failure: `at` is when to try again, None when not. `reason` is a word for the row."""

    at: datetime | None
    reason: str


def judge_twilio(http_status: int, code: int) -> Failure:
    """Say what a Twilio answer or status means. `code` is 0 when Twilio gave none.

    A refused sign-in is temporary: the operator may be changing the token this minute, and the ladder of delays ends it
    soon enough. Any other 4xx would be answered the same way again.
    """
    text = str(code or http_status or "")
    if code in CONTACT_CODES:
        return Failure(permanent=True, blames_contact=True, code=text)
    if code in TEMPORARY_CODES or http_status in (401, 403, 408, 429) or http_status >= 500:
        return Failure(code=text)
    return Failure(permanent=True, code=text)


def next_attempt(
    attempts: int, failure: Failure, now: datetime, *, delays_s: Sequence[float], not_after: datetime | None
) -> Verdict:
    """Return when to try a page again after `attempts` attempts, the last of which failed at `now`.

    At most `len(delays_s)` retries, each after its own delay, and never past `not_after`: when the next step is due it is
    somebody else's turn, and a late page would only wake a second person for nothing.
    """
    if failure.permanent:
        return Verdict(None, "contact" if failure.blames_contact else "permanent")
    if attempts > len(delays_s):
        return Verdict(None, "retries_exhausted")
    at = now + timedelta(seconds=delays_s[attempts - 1])
    if not_after is not None and at > not_after:
        return Verdict(None, "next_step_due")
    return Verdict(at, "retry")
