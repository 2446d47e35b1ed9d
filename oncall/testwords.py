"""What came of a test, and how a contact was last proved, in words. Standard library only."""

from __future__ import annotations

from oncall.notify import states

HOW = {"code": "by code", "sms": "by reply", "voice": "by key", "link": "by link"}


def how_words(how: str) -> str:
    """`by link`; a way without words of its own is named as it is."""
    return HOW.get(how, f"by {how.replace('_', ' ')}" if how else "")


def result(kind: str, state: str, reason: str, *, confirmed_how: str, took: str, ended: bool) -> tuple[str, str]:
    """The strongest fact known of a test over one contact, as (mark, words). took: how long the answer took, in words.

    The marks are those of the four truths, `failed` and `none`.
    """
    if state == states.CONFIRMED:
        return "confirmed", f"confirmed {how_words(confirmed_how)}, {took}".strip(", ")
    if state == states.FAILED_PERMANENT:
        return "failed", f"not sent: {reason.replace('_', ' ')}" if reason else "not sent"
    if state in (states.CANCELLED, states.SUPPRESSED):
        return "none", f"called off: {reason.replace('_', ' ')}" if reason else "called off"
    if state == states.ANSWERED:
        return "answered", "picked up, no key" if kind in states.CALLS else "opened, not confirmed"
    if state == states.DELIVERED:
        return "delivered", "it rang, no key" if kind in states.CALLS else "delivered, not confirmed"
    if state in (states.ACCEPTED, states.SENT):
        return "accepted", "sent, not confirmed" if ended else "on its way"
    return "none", "not known whether it left" if state == states.UNKNOWN else "being sent"
