"""What a provider's word for a state means for a page. Pure: standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from oncall.notify.retry import Failure, judge_bounce, judge_call, judge_twilio
from oncall.notify.states import ACCEPTED, ANSWERED, BUSY, CANCELED, DELIVERED, NO_ANSWER, NO_KEY, SENT

# Twilio's words. `sent` is handed to the carrier, which some routes never go beyond; `canceled` is our own doing.
_TRUTHS: dict[str, str] = {
    "accepted": ACCEPTED,
    "scheduled": ACCEPTED,
    "queued": ACCEPTED,
    "sending": ACCEPTED,
    "sent": SENT,
    "delivered": DELIVERED,
    "read": ANSWERED,
}
_FAILURES = ("undelivered", "failed", "canceled")
# The same for calls. That it rings is the carrier's word; that it was picked up may be a machine's doing.
_CALL_TRUTHS: dict[str, str] = {
    "accepted": ACCEPTED,
    "queued": ACCEPTED,
    "initiated": SENT,
    "ringing": DELIVERED,
    "in-progress": ANSWERED,
    "completed": ANSWERED,
}
_CALL_ENDS: dict[str, str] = {
    "completed": NO_KEY,
    "no-answer": NO_ANSWER,
    "busy": BUSY,
    "canceled": CANCELED,
}
# What a mail server reports about a letter, in the words of RFC 3464 but for `bounced`, its "failed".
_LETTER_TRUTHS: dict[str, str] = {"accepted": ACCEPTED, "delivered": DELIVERED}
_LETTER_NEWS = ("delayed", "relayed", "expanded", "replied")
# How far along a word is, so that an older one never overwrites a newer one. A failure may be corrected by a receipt.
_RANK: dict[str, int] = {
    "": 0, "accepted": 1, "scheduled": 1, "queued": 2, "sending": 3, "sent": 4,
    "canceled": 5, "undelivered": 5, "failed": 5, "delivered": 6, "read": 7,
    "initiated": 3, "ringing": 4, "in-progress": 6, "busy": 7, "no-answer": 7, "completed": 7,
    "replied": 2, "delayed": 2, "relayed": 3, "expanded": 3, "bounced": 5,
}  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """A truth about the page, a failure of the attempt, or how a call ended; none of them for a word we do not know.

    `noted`: a word we know that changes nothing, such as a letter that is late.
    """

    truth: str = ""
    failure: Failure | None = None
    ended: str = ""
    noted: bool = False


def meaning_of(status: str, error_code: str, channel: str = "sms") -> Meaning:
    """Say what a status means on a channel: `sms`, `voice` or `email`."""
    if channel == "voice":
        return _of_a_call(status, error_code)
    if channel == "email":
        return _of_a_letter(status, error_code)
    if status in _TRUTHS:
        return Meaning(truth=_TRUTHS[status])
    if status in _FAILURES:
        code = int(error_code) if error_code.isdigit() else 0
        # Without a code nobody says why; then one more try costs little and may reach somebody.
        return Meaning(failure=judge_twilio(0, code) if code else Failure(permanent=status == "canceled"))
    return Meaning()


def _of_a_call(status: str, error_code: str) -> Meaning:
    if status == "failed":
        return Meaning(failure=judge_call(error_code))
    return Meaning(truth=_CALL_TRUTHS.get(status, ""), ended=_CALL_ENDS.get(status, ""))


def _of_a_letter(status: str, error_code: str) -> Meaning:
    if status == "bounced":
        return Meaning(failure=judge_bounce(error_code))
    return Meaning(truth=_LETTER_TRUTHS.get(status, ""), noted=status in _LETTER_NEWS)


def is_newer(status: str, than: str) -> bool:
    """Whether `status` is further along than `than`. Words we do not know are never newer."""
    return _RANK.get(status, -1) > _RANK.get(than, -1)


def is_final(status: str) -> bool:
    """Whether the provider will say nothing more."""
    return status in (*_FAILURES, *_CALL_ENDS, "delivered", "read")
