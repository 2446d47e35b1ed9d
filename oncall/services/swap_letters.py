"""The letters about a swap: who is told of which step, and in which words. docs/swaps.md, "Who is told"."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import User
from ledger.texts import read
from oncall.models import Swap
from oncall.rota.words import moment
from oncall.services.notices import SWAP, notify

SUBJECTS = {
    "requested": "{giver} asks you to take a shift",
    "offered": "{taker} would take your shift",
    "accepted": "Your swap waits for approval",
    "done": "Swapped: {taker} is on call for {giver}",
    "turned_down": "Your offer was not taken",
    "taken_back": "{taker} does not offer any more",
    "declined": "Not swapped: {by} said no",
    "withdrawn": "{by} withdrew a swap",
    "expired": "Nobody took the shift",
}


def tell(swap: Swap, step: str, *, by: User | None, now: datetime) -> None:
    """Write to those whom a step concerns, but not to who took it; of what is done both are told, whoever did it."""
    for person in _concerned(swap, step):
        if step == "done" or by is None or person.pk != by.pk:
            notify(
                person, kind=SWAP, key=f"{swap.public_id}:{step}:{now.isoformat()}:{person.public_id}", schedule=swap.schedule,
                about=swap.public_id, subject=_subject(swap, step, by), body=_body(swap, step, by, person), now=now,
            )  # fmt: skip


def stretch_words(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """`Mon 12 Jan 2026 09:00 to Mon 19 Jan 2026 09:00 (Europe/Berlin)`."""
    return f"{moment(start, zone)} to {moment(end, zone)} ({zone.key})"


def _concerned(swap: Swap, step: str) -> list[User]:
    told: dict[str, list[User | None]] = {
        "requested": [swap.asked],
        "turned_down": [swap.taker],
        "taken_back": [swap.giver],
        "offered": [swap.giver],
    }
    found = told.get(step, [swap.giver, swap.taker or swap.asked])
    return list({person.pk: person for person in found if person is not None}.values())


def _subject(swap: Swap, step: str, by: User | None) -> str:
    names = {"giver": swap.giver.name, "taker": swap.taker.name if swap.taker else "", "by": by.name if by else ""}
    return f"{SUBJECTS[step].format(**names)}: {swap.schedule.name}"


def _body(swap: Swap, step: str, by: User | None, reader: User) -> str:
    zone = ZoneInfo(swap.schedule.zone)
    lines = [
        f"{_subject(swap, step, by)}.",
        "",
        f"{swap.giver.name}’s shift, {swap.role}:",
        *_both(swap.start_at, swap.end_at, zone, reader),
    ]
    if swap.taker and swap.back_start_at and swap.back_end_at:
        lines += [f"In return {swap.taker.name}’s shift:", *_both(swap.back_start_at, swap.back_end_at, zone, reader)]
    for sha in (swap.note_sha256, swap.end_sha256):
        if sha:
            lines += ["", read(sha)]
    return "\n".join([*lines, "", f"{settings.PUBLIC_URL.rstrip('/')}/swaps/{swap.public_id}/"])


def _both(start: datetime, end: datetime, zone: ZoneInfo, reader: User) -> list[str]:
    """In the zone of the schedule, and in the reader's own if that is another."""
    said = [stretch_words(start, end, zone)]
    own = ZoneInfo(reader.timezone)
    return said if own.key == zone.key else [*said, f"for you: {stretch_words(start, end, own)}"]
