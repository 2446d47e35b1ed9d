"""Whether and when a page is tried again. Pure: standard library only; the table is in docs/paging.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

# Twilio error codes by what they mean for us (docs/paging.md has them one by one).
TEMPORARY_CODES = frozenset({20429, 30001, 30008})
# The address is at fault: it will not work next time either, until somebody mends it.
CONTACT_CODES = frozenset({13224, 21211, 21214, 21217, 21610, 21614, 30004, 30005, 30006, 30034})
# A call that failed bears the number that telephone networks gave: no such number, and come again later.
SIP_CONTACT = frozenset({404, 410, 484, 604})
SIP_TEMPORARY = frozenset({408, 480, 486, 600})
BUSY_AGAIN = timedelta(seconds=60)
# A provider may ask us to wait, but not for longer: by then a page is worth little.
LONGEST_WAIT_S = 600


@dataclass(frozen=True)
class Failure:
    """Why a provider did not take, or did not deliver, a page.

    `permanent`: trying again would fail again. `ambiguous`: it may have been taken after all. `blames_contact`: the
    address itself does not work. `code` is the provider's own. `wait_s`: how long it asks us to wait, 0 when it does not.
    """

    permanent: bool = False
    ambiguous: bool = False
    blames_contact: bool = False
    code: str = ""
    wait_s: int = 0


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


def judge_http(status: int, wait_s: int = 0) -> Failure:
    """Say what a refusal over HTTP means where the provider has no codes of its own. wait_s: as `seconds_to_wait` read it.

    410 says that the address is gone for good. A refused sign-in is temporary, as with Twilio.
    """
    if status == 410:
        return Failure(permanent=True, blames_contact=True, code="410")
    again = status in (401, 403, 408, 425, 429) or status >= 500
    return Failure(permanent=not again, code=str(status), wait_s=wait_s if again else 0)


def seconds_to_wait(retry_after: str, now: datetime) -> int:
    """Read a Retry-After header, seconds or a date of HTTP; 0 for none and for one that makes no sense."""
    text = retry_after.strip()[:64]
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        return max(math.ceil((parsedate_to_datetime(text) - now).total_seconds()), 0)
    except (ValueError, TypeError):  # no date, or one without a zone
        return 0


def judge_call(code: str) -> Failure:
    """Say why a call failed. code: `sip404` as telephone networks say it, a code of Twilio, or "" when nobody says why.

    Without a word one more try costs little and may reach somebody.
    """
    if not code.startswith("sip"):
        return judge_twilio(0, int(code)) if code.isdigit() and int(code) else Failure(code=code)
    number = int(code[3:]) if code[3:].isdigit() else 0
    if number in SIP_CONTACT:
        return Failure(permanent=True, blames_contact=True, code=code)
    return Failure(permanent=number not in SIP_TEMPORARY and not 500 <= number < 600, code=code)


def judge_bounce(code: str) -> Failure:
    """Say what a letter that came back means. code: the status of RFC 3463, `5.1.1`; "" when the report has none.

    Nothing is sent there again: the server has given up. The address is at fault only when the report says so for good.
    """
    return Failure(permanent=True, blames_contact=code.startswith("5."), code=code)


def after_busy(times: int, now: datetime, *, not_after: datetime | None) -> datetime | None:
    """Return when to call again a line that was busy for the `times`th time: once, after a minute, in time; else None."""
    at = now + BUSY_AGAIN
    return at if times <= 1 and (not_after is None or at <= not_after) else None


def next_attempt(
    attempts: int,
    failure: Failure,
    now: datetime,
    *,
    delays_s: Sequence[float],
    not_after: datetime | None,
    too_late: str = "next_step_due",
) -> Verdict:
    """Return when to try a page again after `attempts` attempts, the last of which failed at `now`.

    At most `len(delays_s)` retries, each after its own delay or the longer one the provider asks for, and never past
    `not_after`: when the person's next rule or the next step is due, something else calls, and a late page would only wake
    people for nothing. too_late: the word for that.
    """
    if failure.permanent:
        return Verdict(None, "contact" if failure.blames_contact else "permanent")
    if attempts > len(delays_s):
        return Verdict(None, "retries_exhausted")
    at = now + timedelta(seconds=max(delays_s[attempts - 1], min(failure.wait_s, LONGEST_WAIT_S)))
    if not_after is not None and at > not_after:
        return Verdict(None, too_late)
    return Verdict(at, "retry")
