"""Reading what people write into a check: addresses, hosts, numbers. Refused with sentences. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from accounts.egress import urls
from accounts.egress.urls import BadUrl

URL_MAX, UNSAFE, short = urls.URL_MAX, urls.UNSAFE, urls.short


class TargetError(ValueError):
    """A setting that cannot be used. field: its name in the target, the secrets or the monitor."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


def read_url(text: str) -> str:
    """The address in the form that is called: ASCII host, no fragment. Raises TargetError."""
    try:
        return urls.read_url(text)
    except BadUrl as error:
        raise TargetError("url", str(error)) from error


def read_host(host: str, field: str = "url") -> str:
    """A host in ASCII and lower case, as the resolver is asked for it. Raises TargetError."""
    try:
        return urls.read_host(host)
    except BadUrl as error:
        raise TargetError(field, str(error)) from error


def read_port(given: Any, default: int) -> int:
    """A port, as a number or as it was typed. Raises TargetError of `port`."""
    return read_whole("port", default if given in (None, "") else given, 1, 65_535)


def read_whole(field: str, given: Any, least: int, most: int) -> int:
    """A whole number within bounds. Raises TargetError."""
    text = str(given).strip()
    if isinstance(given, bool) or not re.fullmatch(r"-?\d{1,12}", text) or not least <= int(text) <= most:
        raise TargetError(field, f"Write a whole number from {least:,} to {most:,}.")
    return int(text)


def read_choice(field: str, given: Any, allowed: Iterable[str]) -> str:
    """One of a few words. Raises TargetError."""
    words = tuple(allowed)
    if given not in words:
        raise TargetError(field, f"Choose one of {', '.join(words)}.")
    return str(given)


def read_text(field: str, given: Any, most: int) -> str:
    """A text of at most `most` characters, without control characters other than tab and line ends."""
    text = str(given or "")
    if len(text) > most:
        raise TargetError(field, f"This may have {most:,} characters.")
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        raise TargetError(field, "This has a control character in it.")
    return text
