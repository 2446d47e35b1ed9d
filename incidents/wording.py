"""The words an incident says to people: titles, and the answers to SMS replies. Standard library only.

SMS texts stay within GSM-7, so that one answer is one segment: no dash, no ellipsis, no emoji. What a call says is plain
sentences, without brackets and numbers that only the eye can use.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

CONDITIONS: dict[str, str] = {
    "down": "is down",
    "degraded": "is degraded",
    "slow": "is slow",
    "certificate": "has a certificate problem",
    "dns_changed": "changed in DNS",
    "below_quorum": "is seen from too few locations",
    "not_reporting": "is not reporting",
    "flapping": "is flapping",
    "burn": "burns its error budget too fast",
}

OPENING_REASONS: dict[str, str] = {
    "new": "opened an incident",
    "reopened": "reopened the incident: the same condition came back",
    "same_condition": "joined the incident that is open for it",
    "same_group": "joined the incident that is open for the same monitor",
    "flapping": "joined the incident of its flapping",
    "repeat": "was seen again",
    "recovered": "ended",
    "nothing_open": "ended, and no alert was open",
    "silenced": "was silenced",
    "maintenance": "fell into maintenance",
    "parent_down": "was kept, because what it depends on is down",
}

ENDINGS: dict[str, str] = {
    "recovered": "recovered by itself",
    "unwatched": "closed, because its monitor was retired",
}

NOBODY_ELSE = "Nobody else will be called."


def title_of(name: str, condition: str) -> str:
    """`Checkout API`, `down` → `Checkout API is down`; an unknown condition is named as it is."""
    return f"{name} {CONDITIONS.get(condition, 'reports ' + condition.replace('_', ' '))}"


def spoken_duration(span: timedelta) -> str:
    """At most two units: `42 s`, `6 min 10 s`, `5 h 10 min`, `6 d 4 h`; truncated, never rounded up."""
    seconds = max(0, int(span.total_seconds()))
    parts = ((seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    first = next((index for index, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def acknowledged(
    number: str,
    at: datetime,
    not_called: Sequence[str] = (),
    also_open: Sequence[str] = (),
    again: datetime | None = None,
) -> str:
    """Answer to the first acknowledge. at, again: in the reader's zone. not_called: names. also_open: `INC…[12]`."""
    spared = f" {join_names(not_called)} {'was' if len(not_called) == 1 else 'were'} not called." if not_called else ""
    asked = f" You are asked again at {again:%H:%M} if it goes on." if again else ""
    return f"Acknowledged {number} at {at:%H:%M}. {NOBODY_ELSE}{spared}{asked}{_also(also_open)}"


def acknowledged_all(yours: Sequence[str], others: Sequence[str], at: datetime) -> str:
    """Answer to an acknowledge of a bundle. others: numbers that were somebody's, or over, before it."""
    before = f" Somebody's or over before: {', '.join(others)}." if others else ""
    if not yours:
        return f"Recorded at {at:%H:%M}.{before}"
    return f"Acknowledged {', '.join(yours)} at {at:%H:%M}. {NOBODY_ELSE}{before}"


def one_by_one() -> str:
    """Answer to a resolve of a bundle: what ends must be named."""
    return "That message was about several incidents. 4 acknowledges them all; resolve each by itself in Watchbook."


def already_acknowledged(
    number: str, by: str, at: datetime, *, same_person: bool, also_open: Sequence[str] = ()
) -> str:
    """Answer to a second acknowledge, which is recorded and changes nothing."""
    if same_person:
        return f"{number} is yours since {at:%H:%M}. {NOBODY_ELSE}{_also(also_open)}"
    return f"{number} was acknowledged by {by} at {at:%H:%M}. Yours is recorded too.{_also(also_open)}"


def already_resolved(number: str, at: datetime, also_open: Sequence[str] = ()) -> str:
    """Answer to an acknowledge or resolve after the end."""
    return (
        f"{number} was resolved at {at:%H:%M}, before your answer. It is recorded; nothing changed.{_also(also_open)}"
    )


def resolved(number: str, at: datetime, also_open: Sequence[str] = ()) -> str:
    """Answer to a resolve."""
    return f"Resolved {number} at {at:%H:%M}. {NOBODY_ELSE}{_also(also_open)}"


def stood_down(number: str, title: str, how: str, lasted: timedelta) -> str:
    """The stand-down page: what ended, how, after how long, and that nothing is asked of the reader."""
    return f"{number} {title}: {how} after {spoken_duration(lasted)}. Nothing more to do."


def has_it(number: str, title: str, holder: str, how: str) -> str:
    """What others who were paged read: who has it, and by which way they said so."""
    way = {"screen": "signed in", "API": "by API"}.get(how, f"by {how}")
    return f"{holder} has {number} ({way}): {title}."


def no_such_code(code: str, open_codes: Sequence[str]) -> str:
    """Answer to a code that fits no page of this number."""
    known = f"Open: {', '.join(open_codes)}." if open_codes else "No page of yours is open."
    return f"No page has the code {code}. {known}"


def nothing_to_answer() -> str:
    """Answer to a verb when no page went to this number lately."""
    return "No page went to this number in the last 24 hours, so there is nothing to answer."


def test_confirmed(at: datetime) -> str:
    """Answer to a reply to a test. at: in the reader's zone."""
    return f"Test confirmed at {at:%H:%M}: pages reach this phone, and your replies reach us."


def not_understood(open_codes: Sequence[str]) -> str:
    """Answer to a text we cannot read."""
    known = f" Open: {', '.join(open_codes)}." if open_codes else ""
    return f"Reply 4 to acknowledge or 6 to resolve.{known}"


def not_allowed(number: str, role: str) -> str:
    """Answer to somebody whose role may read incidents but not answer them."""
    return f"Your role, {role}, may not answer {number}. The next person will be called."


def escalated(number: str) -> str:
    """Answer to an escalate."""
    return f"Escalated {number}. The next people are called now."


def over_for_good(number: str) -> str:
    """Answer to an escalate after the end."""
    return f"{number} is over, so nobody else is called."


def not_yours() -> str:
    """Answer to a button that somebody else's page has."""
    return (
        "This page went to somebody else, so your answer does not count. Open the incident in Watchbook to act on it."
    )


def button_expired() -> str:
    """Answer to a button that is too old."""
    return "This page is older than 24 hours. Open the incident in Watchbook to act on it."


def unknown_button() -> str:
    """Answer to a button that none of our pages has."""
    return "No page of this Watchbook has this button."


def tap_arrived() -> str:
    """Answer to the button of a test."""
    return "Your answer arrived. This was a test; there is nothing to do."


SPOKEN_CHOICES = "Press 4 to acknowledge, 6 to resolve, 0 for help, or star to hear it again."
SPOKEN_HELP = (
    "4 acknowledges: you have it, and nobody else is called. 6 resolves: it is over for everybody. "
    "If you hang up without a key, the next person is called."
)
SPOKEN_CHOICES_ALL = "Press 4 to acknowledge all of them, 0 for help, or star to hear it again."
SPOKEN_HELP_ALL = (
    "4 acknowledges each of them: you have them, and nobody else is called. Open Watchbook to see and resolve them. "
    "If you hang up without a key, the next person is called."
)
SPOKEN_TEST = "Press 4 to show that your key arrives."
SPOKEN_TEST_DONE = "Your key arrived. Goodbye."
SPOKEN_SILENCE = "No key was heard."
SPOKEN_GOODBYE = "No key was pressed, so the next person is called. Goodbye."
SPOKEN_TEST_GOODBYE = "No key was pressed. Goodbye."
SPOKEN_OUTDATED = "What this call was about no longer holds. Goodbye."


def spoken_standing(service: str, since: datetime) -> str:
    """What it concerns and since when, in the reader's zone: `It concerns Checkout, since 03:02.`"""
    return f"It concerns {service}, since {since:%H:%M}." if service else f"Since {since:%H:%M}."


def spoken_holder(by: str, at: datetime) -> str:
    """Who has it already: `Ben has it since 03:05.`"""
    return f"{by} has it since {at:%H:%M}."


def spoken_over(at: datetime) -> str:
    """What a call says when the incident ended before somebody picked up."""
    return f"It was resolved at {at:%H:%M}. There is nothing more to do. Goodbye."


def spoken_wrong_key(digits: str) -> str:
    """Answer to a key that means nothing."""
    return f"{digits if digits.isalnum() else 'This key'} is not a choice."


def spoken_acknowledged(not_called: Sequence[str] = ()) -> str:
    """Answer to the first acknowledge."""
    spared = f" {join_names(not_called)} {'was' if len(not_called) == 1 else 'were'} not called." if not_called else ""
    return f"You have it. {NOBODY_ELSE}{spared} Goodbye."


def spoken_acknowledged_all(yours: int, others: int) -> str:
    """Answer to an acknowledge of a bundle, in numbers: nobody keeps ten names from a call at night."""
    had = f" {others} {'was' if others == 1 else 'were'} somebody's or over before." if others else ""
    return f"You have {yours} of them. {NOBODY_ELSE}{had} Goodbye."


def spoken_already_acknowledged(by: str, at: datetime, *, same_person: bool) -> str:
    """Answer to a second acknowledge, which is recorded and changes nothing."""
    if same_person:
        return f"You have it since {at:%H:%M}. {NOBODY_ELSE} Goodbye."
    return f"{spoken_holder(by, at)} Your key is recorded too. Goodbye."


def spoken_resolved() -> str:
    """Answer to a resolve."""
    return f"It is resolved. {NOBODY_ELSE} Goodbye."


def spoken_already_resolved(at: datetime) -> str:
    """Answer to a key after the end."""
    return f"It was resolved at {at:%H:%M}, before your key. It is recorded; nothing changed. Goodbye."


def spoken_not_allowed(role: str) -> str:
    """Answer to somebody whose role may read incidents but not answer them."""
    return f"Your role, {role}, may not answer this. The next person will be called. Goodbye."


def join_names(names: Sequence[str]) -> str:
    """`Ana`, `Ana and Ben`, `Ana, Ben and Mara`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _also(also_open: Sequence[str]) -> str:
    return f" Still open: {', '.join(also_open)}." if also_open else ""
