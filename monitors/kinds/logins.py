"""What checks with a login have in common. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.kinds.base import Field, Secrets, Shape

EXPECTED_MOST = 500
USER_MOST = 128


@dataclass(frozen=True, slots=True)
class Password(Secrets):
    """The write-only half of a login."""

    password: str = ""


def password_field() -> Field:
    """The write-only half of a login."""
    return Field("password", "Password", Shape.WORDS, most=1000, secret=True, held="signs_in")


def signs_in_field() -> Field:
    """What is told of a password: whether there is one."""
    return Field("signs_in", "Signs in with a password", Shape.YES_NO, choices=(("yes", "yes"), ("no", "no")))


def read_password(given: Mapping[str, Any]) -> Password:
    """Read the write-only half."""
    return Password(str(given.get("password") or ""))
