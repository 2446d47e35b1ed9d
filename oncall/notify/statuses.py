"""What a provider's word for a state means for a page. Pure: standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from oncall.notify.retry import Failure, judge_twilio
from oncall.notify.states import ACCEPTED, ANSWERED, DELIVERED, SENT

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
# How far along a word is, so that an older one never overwrites a newer one. A failure may be corrected by a receipt.
_RANK: dict[str, int] = {
    "": 0, "accepted": 1, "scheduled": 1, "queued": 2, "sending": 3, "sent": 4,
    "canceled": 5, "undelivered": 5, "failed": 5, "delivered": 6, "read": 7,
}  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """A truth about the page, or a failure of the attempt; neither for a word we do not know."""

    truth: str = ""
    failure: Failure | None = None


def meaning_of(status: str, error_code: str) -> Meaning:
    """Say what a status means."""
    if status in _TRUTHS:
        return Meaning(truth=_TRUTHS[status])
    if status in _FAILURES:
        code = int(error_code) if error_code.isdigit() else 0
        # Without a code nobody says why; then one more try costs little and may reach somebody.
        return Meaning(failure=judge_twilio(0, code) if code else Failure(permanent=status == "canceled"))
    return Meaning()


def is_newer(status: str, than: str) -> bool:
    """Whether `status` is further along than `than`. Words we do not know are never newer."""
    return _RANK.get(status, -1) > _RANK.get(than, -1)


def is_final(status: str) -> bool:
    """Whether the provider will say nothing more."""
    return status in (*_FAILURES, "delivered", "read")
