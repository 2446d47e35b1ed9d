"""Fields that checks with a login and a question have in common. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.kinds.base import Field, Secrets, Shape
from monitors.kinds.text import TargetError, read_text

QUERY_MOST = 1000
EXPECTED_MOST = 500
USER_MOST = 128
READING = ("select", "show", "with", "values", "table", "explain", "describe")


@dataclass(frozen=True, slots=True)
class Password(Secrets):
    """The write-only half of a login."""

    password: str = ""


def user_field() -> Field:
    """The account that logs in."""
    return Field(
        "user", "Account", help="One that may do nothing but this.", most=USER_MOST, required=True, everyday=True
    )


def query_field(help: str) -> Field:
    """The one question that a database is asked."""
    return Field("query", "Query", Shape.WORDS, help=help, default="SELECT 1", most=QUERY_MOST)


def expected_field(help: str = "Empty: anything.") -> Field:
    """What the first value of the answer should be."""
    return Field("expected", "Expected first value", Shape.WORDS, help=help, most=EXPECTED_MOST)


def password_field() -> Field:
    """The write-only half of a login."""
    return Field("password", "Password", Shape.WORDS, most=1000, secret=True, held="signs_in")


def signs_in_field() -> Field:
    """What is told of a password: whether there is one."""
    return Field("signs_in", "Signs in with a password", Shape.YES_NO, choices=(("yes", "yes"), ("no", "no")))


def read_query(given: Any) -> str:
    """One statement that reads. Raises TargetError; the database is asked read-only whatever it is."""
    query = str(given or "SELECT 1").strip().rstrip(";").rstrip()
    if len(query) > QUERY_MOST:
        raise TargetError("query", f"The query may have {QUERY_MOST:,} characters.")
    if ";" in query:
        raise TargetError("query", "Write one statement, without a semicolon in it.")
    if query.split(None, 1)[0].lower() not in READING:
        raise TargetError("query", f"The query only reads: begin it with {', '.join(one.upper() for one in READING)}.")
    return query


def read_user(given: Any) -> str:
    """The name of an account. Raises TargetError."""
    user = read_text("user", given, USER_MOST).strip()
    if not user:
        raise TargetError("user", "Write the name of an account that may log in.")
    return user


def read_password(given: Mapping[str, Any]) -> Password:
    """Read the write-only half."""
    return Password(str(given.get("password") or ""))
