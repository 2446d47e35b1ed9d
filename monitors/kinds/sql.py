"""What checks of an SQL database have in common: an account logs in and asks one question. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitors.kinds.base import Field, Shape
from monitors.kinds.logins import EXPECTED_MOST, USER_MOST, Password, password_field
from monitors.kinds.places import host_field, port_field, read_called
from monitors.kinds.text import TargetError, read_port, read_text

QUERY = "SELECT 1"
QUERY_MOST = 1000
READING = ("select", "show", "with", "values", "table", "explain", "describe")


def login_fields(port: int) -> tuple[Field, ...]:
    """Where the database is, and the account that logs in."""
    return (
        host_field(),
        port_field(port),
        Field(
            "user", "Account", help="One that may do nothing but this.", most=USER_MOST, required=True, everyday=True
        ),
        password_field(),
    )


def question_fields() -> tuple[Field, ...]:
    """The one question, and what the first value of the answer should be."""
    return (
        Field("query", "Query", Shape.WORDS, help="One statement that reads.", default=QUERY, most=QUERY_MOST),
        Field("expected", "Expected first value", Shape.WORDS, help="Empty: anything.", most=EXPECTED_MOST),
    )


def read_login(given: Mapping[str, Any], port: int) -> dict[str, Any]:
    """host, user and port of a target. Raises TargetError."""
    return {
        "host": read_called(given),
        "user": read_user(given.get("user")),
        "port": read_port(given.get("port"), port),
    }


def read_question(given: Mapping[str, Any], secrets: Password) -> dict[str, Any]:
    """query, expected and signs_in of a target. Raises TargetError."""
    return {
        "query": read_query(given.get("query")),
        "expected": read_text("expected", given.get("expected"), EXPECTED_MOST),
        "signs_in": bool(secrets.password),
    }


def read_query(given: Any) -> str:
    """One statement that reads. Raises TargetError; the database is asked read-only whatever it is."""
    query = str(given or QUERY).strip().rstrip(";").rstrip()
    if len(query) > QUERY_MOST:
        raise TargetError("query", f"The query may have {QUERY_MOST:,} characters.")
    if ";" in query:
        raise TargetError("query", "Write one statement, without a semicolon in it.")
    if next(iter(query.split()), "").lower() not in READING:
        raise TargetError("query", f"The query only reads: begin it with {', '.join(one.upper() for one in READING)}.")
    return query


def read_user(given: Any) -> str:
    """The name of an account. Raises TargetError."""
    user = read_text("user", given, USER_MOST).strip()
    if not user:
        raise TargetError("user", "Write the name of an account that may log in.")
    return user
