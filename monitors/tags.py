"""Tags of monitors: short words a team sorts its list by. How they are written is in docs/monitoring.md, "Tags"."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST = 12
LENGTH_MAX = 40
# a letter or digit first, so that no tag can be taken for a formula or an option
_TAG = re.compile(r"[^\W_][\w.:/-]*")
_BETWEEN = re.compile(r"[\s,;]+")


class TagError(ValueError):
    """The tags cannot be used; the sentence says which and why."""


def split(text: str) -> list[str]:
    """The words of a line; commas, semicolons and blanks stand between them."""
    return [word for word in _BETWEEN.split(text) if word]


def read_tags(given: Iterable[str]) -> list[str]:
    """Tags as they are kept: small letters, each once, in order of the alphabet. Raises TagError."""
    tags = sorted({word.strip().lower() for word in given})
    for tag in tags:
        if len(tag) > LENGTH_MAX or not _TAG.fullmatch(tag):
            raise TagError(
                f"A tag is a word of at most {LENGTH_MAX} letters, digits and . : / - _, such as prod or team:web. "
                f"You wrote {tag[:60]}."
            )
    if len(tags) > MOST:
        raise TagError(f"A monitor has at most {MOST} tags; these are {len(tags)}.")
    return tags
