"""The words of every page, for each channel and occasion. Pure: standard library only.

An SMS is one GSM-7 segment; a call is plain sentences; other channels get one line to build around. A page must say, before
the phone is unlocked: how bad, what, and what to press.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from oncall.notify.gsm import SEGMENT, cut, septets, to_gsm7

# Below this a title says nothing any more; then the link goes instead, since a reply answers the page as well.
_LEAST_TITLE = 24
_MAX_NOTE = 400


@dataclass(frozen=True)
class Facts:
    """What a page speaks of. Empty strings where an occasion has no such fact; `code` 0 means no short code.

    Of an update, `became` is what became of the subject (acknowledged, resolved, merged or manual), and `at` when.
    Of a bundle, `count` is how many it says and `items` a line for each; severity and title are the worst one's, and `at` is
    since when the oldest waits, in the reader's zone.
    """

    origin: str
    severity: int = 0
    urgency: str = ""
    title: str = ""
    subject_id: str = ""
    url: str = ""
    link: str = ""
    code: int = 0
    because: str = ""
    note: str = ""
    digits: str = ""
    service: str = ""
    became: str = ""
    at: datetime | None = None
    organisation: str = ""
    person: str = ""
    count: int = 0
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Words:
    """A finished text. `subject` is empty on channels that have none."""

    subject: str
    body: str


def one_line(text: str) -> str:
    """Return free text without line breaks and control characters, so that it cannot forge a header or a line."""
    kept = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    return " ".join(kept.split())


def compose(facts: Facts, channel: str) -> Words:
    """Return the text of a page; raise KeyError for a pair of occasion and channel nobody wrote words for."""
    return TEXTS[facts.origin, channel](facts)


def _head(facts: Facts) -> str:
    return f"SEV{facts.severity} {one_line(facts.title)}"


def _sms(lead: str, title: str, tail: str, link: str) -> Words:
    """Fit one segment: the title is cut first, and if little of it would be left, the link goes."""
    lead, title, tail = to_gsm7(lead), to_gsm7(one_line(title)), to_gsm7(tail)
    ends = [tail]
    if link and link == to_gsm7(link):
        ends.insert(0, f"{tail} {link}")
    body = ""
    for end in ends:
        room = SEGMENT - septets(f"{lead}  {end}")
        kept = cut(title, max(room, 0))
        body = f"{lead} {kept} {end}".strip()
        if kept == title or septets(kept) >= _LEAST_TITLE:
            break
    return Words("", body)


def _sms_alarm(facts: Facts) -> Words:
    return _sms(f"SEV{facts.severity}", _sentence(facts.title), _grammar(facts), facts.link)


def _sms_responder(facts: Facts) -> Words:
    return _sms(f"Please join SEV{facts.severity}", _sentence(facts.title), _grammar(facts), facts.link)


def _sms_stand_down(facts: Facts) -> Words:
    return _sms("Stand down:", facts.note or facts.title, "", "")


def _sms_taken(facts: Facts) -> Words:
    return _sms("", facts.note, "Not so? Escalate:", facts.link)


def _grammar(facts: Facts) -> str:
    return f"Reply 4=ack 6=resolve [{facts.code}]" if facts.code else "Reply 4=ack 6=resolve"


def _sentence(title: str) -> str:
    return title if title.endswith((".", "!", "?")) else f"{title}."


def _sms_verification(facts: Facts) -> Words:
    return Words("", cut(to_gsm7(f"Watchbook code {facts.digits}. Enter it to be paged on this phone."), SEGMENT))


def _sms_test(facts: Facts) -> Words:
    return _sms("Watchbook test.", _joined(facts.note, "Nothing is wrong."), "Reply 4 to confirm.", facts.link)


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, map(one_line, sentences)))


def _mail_alarm(facts: Facts) -> Words:
    return _mail_with_link(facts, f"{_head(facts)} [{facts.subject_id}]", "")


def _mail_responder(facts: Facts) -> Words:
    return _mail_with_link(facts, f"Please join: {_head(facts)} [{facts.subject_id}]", "You are asked to join.")


def _mail_with_link(facts: Facts, subject: str, opening: str) -> Words:
    lines = [opening] if opening else []
    lines += [_head(facts), f"{facts.subject_id}, {facts.urgency} urgency", ""]
    if facts.note:
        lines += [one_line(facts.note)[:_MAX_NOTE], ""]
    if facts.link:
        lines += [
            "Acknowledge without signing in; to resolve, you are asked to. The link is yours alone and holds for 24 hours:",
            facts.link,
            "",
        ]
    lines += ["Everything about it, after signing in:", facts.url, ""]
    if facts.because:
        lines += [f"You are paged because of {one_line(facts.because)}."]
    return Words(one_line(subject), "\n".join(lines).rstrip() + "\n")


def _mail_stand_down(facts: Facts) -> Words:
    lines = [one_line(facts.note or facts.title)[:_MAX_NOTE], "", "Nothing is asked of you any more.", facts.url]
    # The subject stays the alarm's own, so that mail programs keep the two in one thread.
    return Words(one_line(f"Re: {_head(facts)} [{facts.subject_id}]: stand down"), "\n".join(lines).rstrip() + "\n")


def _mail_taken(facts: Facts) -> Words:
    lines = [
        one_line(facts.note)[:_MAX_NOTE], "",
        "If that is not so, or not enough, escalate without signing in. The link is yours alone and holds for 24 hours:",
        facts.link, "",
        "Everything about it, after signing in:", facts.url,
    ]  # fmt: skip
    return Words(one_line(f"Re: {_head(facts)} [{facts.subject_id}]: taken"), "\n".join(lines).rstrip() + "\n")


def _line_taken(facts: Facts) -> Words:
    return Words("", one_line(facts.note)[:_MAX_NOTE])


def _mail_verification(facts: Facts) -> Words:
    lines = [
        f"{facts.digits} is the code that proves this address.",
        "",
        "Enter it in Watchbook to be paged here. It holds for 10 minutes.",
        "If you did not ask for it, somebody mistyped an address; you need not do anything.",
    ]
    return Words(f"Your Watchbook code is {facts.digits}", "\n".join(lines) + "\n")


def _mail_test(facts: Facts) -> Words:
    lines = [
        _joined("This is how a page arrives.", facts.note, "Nothing is wrong."),
        "",
        "Confirm that it reached you, without signing in. The link is yours alone and holds for 24 hours:",
        facts.link,
    ]
    return Words("Watchbook test page", "\n".join(lines).rstrip() + "\n")


def _mail_letter(facts: Facts) -> Words:
    """Written when it was planned; only what could forge a header is taken out of its subject."""
    lines = (one_line(line) for line in (facts.note or facts.title).split("\n"))
    return Words(one_line(facts.title), "\n".join(lines).rstrip() + "\n")


def _call_alarm(facts: Facts) -> Words:
    return _spoken(f"Severity {facts.severity}.", _sentence(facts.title))


def _call_responder(facts: Facts) -> Words:
    return _spoken(f"You are asked to join an incident of severity {facts.severity}.", _sentence(facts.title))


def _call_stand_down(facts: Facts) -> Words:
    return _spoken("Stand down.", _sentence(facts.note or facts.title))


def _call_verification(facts: Facts) -> Words:
    digits = ". ".join(facts.digits)
    return _spoken(f"Your code is: {digits}. Once more: {digits}.", "Enter it to be called on this phone. Goodbye.")


def _call_test(facts: Facts) -> Words:
    return _spoken("This is a test of how a call arrives.", facts.note, "Nothing is wrong.")


def _spoken(*sentences: str) -> Words:
    """Plain sentences for a voice: no sign that would be read aloud as its name, and no end to listen for in vain."""
    said = " ".join(filter(None, ("This is Watchbook.", *sentences)))
    return Words("", one_line("".join(" " if char in _UNSPOKEN else char for char in said))[:_MAX_SPOKEN])


_UNSPOKEN = "<>[]{}|\\^~`*_#"
_MAX_SPOKEN = 500


def _line_alarm(facts: Facts) -> Words:
    return Words("", _sentence(_head(facts)))


def _line_responder(facts: Facts) -> Words:
    return Words("", f"Please join {_sentence(_head(facts))}")


def _line_stand_down(facts: Facts) -> Words:
    return Words("", f"Stand down: {one_line(facts.note or facts.title)[:_MAX_NOTE]}")


def _line_update(facts: Facts) -> Words:
    return Words("", f"{facts.note or facts.became} {_sentence(_head(facts))}")


def _line_verification(facts: Facts) -> Words:
    return Words("", f"Watchbook code {facts.digits}. Enter it to be paged here.")


def _line_test(facts: Facts) -> Words:
    return Words("", _joined("Watchbook test: this is how a page arrives.", facts.note, "Nothing is wrong."))


def _together(facts: Facts) -> str:
    """`3 incidents, oldest 03:01, worst`: how much, and since when."""
    return f"{facts.count} incidents, oldest {facts.at:%H:%M}, worst" if facts.at else f"{facts.count} incidents, worst"


def _sms_bundle(facts: Facts) -> Words:
    return _sms(f"{_together(facts)} SEV{facts.severity}", _sentence(facts.title), "Reply 4=ack all", facts.link)


def _mail_bundle(facts: Facts) -> Words:
    lines = [
        "These pages waited, so that you were not sent one letter after the other:", "",
        *map(one_line, facts.items), "",
        f"Acknowledge all {facts.count} without signing in. The link is yours alone and holds for 24 hours:",
        facts.link, "",
        "Everything about them, after signing in:", facts.url,
    ]  # fmt: skip
    return Words(one_line(f"{_together(facts)} {_head(facts)}"), "\n".join(lines).rstrip() + "\n")


def _call_bundle(facts: Facts) -> Words:
    since = f", the oldest since {facts.at:%H:%M}" if facts.at else ""
    return _spoken(
        f"{facts.count} incidents wait for you{since}. The worst is of severity {facts.severity}.",
        _sentence(facts.title),
    )


# Channels that build more around one line of plain text.
_LINES: dict[str, Callable[[Facts], Words]] = {
    "step": _line_alarm,
    "responder": _line_responder,
    "stand_down": _line_stand_down,
    "verification": _line_verification,
    "test": _line_test,
}
_OF_ONE_LINE = ("webhook", "pagerduty", "slack")
# Channels on which what was sent is told that somebody answered. Nothing is updated on the others.
_UPDATED = ("pagerduty", "slack")

TEXTS: dict[tuple[str, str], Callable[[Facts], Words]] = {
    ("step", "sms"): _sms_alarm,
    ("step", "email"): _mail_alarm,
    ("step", "voice"): _call_alarm,
    ("responder", "sms"): _sms_responder,
    ("responder", "email"): _mail_responder,
    ("responder", "voice"): _call_responder,
    ("stand_down", "sms"): _sms_stand_down,
    ("stand_down", "email"): _mail_stand_down,
    ("stand_down", "voice"): _call_stand_down,
    ("verification", "sms"): _sms_verification,
    ("verification", "email"): _mail_verification,
    ("verification", "voice"): _call_verification,
    ("handoff", "email"): _mail_letter,
    ("swap", "email"): _mail_letter,
    ("taken", "sms"): _sms_taken,
    ("taken", "email"): _mail_taken,
    ("taken", "webhook"): _line_taken,
    ("bundle", "sms"): _sms_bundle,
    ("bundle", "email"): _mail_bundle,
    ("bundle", "voice"): _call_bundle,
    ("test", "sms"): _sms_test,
    ("test", "email"): _mail_test,
    ("test", "voice"): _call_test,
    **{(origin, channel): words for channel in _OF_ONE_LINE for origin, words in _LINES.items()},
    **{("update", channel): _line_update for channel in _UPDATED},
}
ORIGINS = tuple(dict.fromkeys(origin for origin, _ in TEXTS))
