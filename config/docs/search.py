"""Words looked up in the pages of docs/: section by section, in memory, all of it a few hundred kilobytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from config.docs import shelf
from config.docs.render import Section

LONGEST, MOST_WORDS, MOST_HITS = 100, 6, 30
IN_TITLE, IN_HEADING, MOST_COUNTED = 6, 8, 5
BEFORE, AFTER = 60, 180


@dataclass(frozen=True)
class Hit:
    """A section that has every word: where it stands, and a line of it cut into (text, whether it is a word looked for)."""

    name: str
    title: str
    heading: str
    anchor: str
    line: list[tuple[str, bool]]


def words_of(query: str) -> list[str]:
    """The words of a query, at most six, in lower case."""
    return re.findall(r"[\w./-]+", query[:LONGEST].lower())[:MOST_WORDS]


def find(query: str) -> list[Hit]:
    """Sections that contain every word of the query, the best first, at most thirty."""
    words = words_of(query)
    found: list[tuple[int, Hit]] = []
    for name in shelf.names() if words else []:
        page = shelf.page(name)
        for section in page.sections if page else ():
            worth = _worth(words, page.title, section) if page else 0
            if page and worth:
                at = section.heading
                found.append((worth, Hit(name, page.title, at.words, at.anchor, _line(words, section.text))))
    found.sort(key=lambda one: -one[0])
    return [hit for _, hit in found[:MOST_HITS]]


def _worth(words: list[str], title: str, section: Section) -> int:
    """How well a section fits: 0 unless its own text or heading has one word and all of it, title included, has each."""
    title, heading, text = title.lower(), section.heading.words.lower(), section.text.lower()
    worth, own = 0, False
    for word in words:
        here = min(text.count(word), MOST_COUNTED)
        value = here + IN_HEADING * (word in heading) + IN_TITLE * (word in title)
        if not value:
            return 0
        own = own or bool(here) or word in heading
        worth += value
    return worth if own or not section.heading.anchor else 0


def _line(words: list[str], text: str) -> list[tuple[str, bool]]:
    """About a line around the first word found, whole words at both ends."""
    pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))), re.IGNORECASE)
    first = pattern.search(text)
    at = first.start() if first else 0
    start = text.rfind(" ", 0, at - BEFORE) + 1 if at > BEFORE else 0
    stop = text.find(" ", at + AFTER)
    cut = text[start:] if stop < 0 else text[start:stop]
    parts, end = [("… ", False)] if start else [], 0
    for match in pattern.finditer(cut):
        parts += [(cut[end : match.start()], False), (match[0], True)]
        end = match.end()
    return [*parts, (cut[end:] + ("" if stop < 0 else " …"), False)]
