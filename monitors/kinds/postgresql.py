"""What a check of a PostgreSQL database asks for, in fields and never in one string. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.kinds.base import Field, Kind, Settings, Shape
from monitors.kinds.logins import Password, read_password, signs_in_field
from monitors.kinds.places import at
from monitors.kinds.sql import QUERY, login_fields, question_fields, read_login, read_question
from monitors.kinds.text import read_choice, read_text

PORT = 5432
SSLMODES = {
    "verify-full": "TLS, certificate and name verified",
    "verify-ca": "TLS, certificate verified",
    "require": "TLS, any certificate",
    "prefer": "TLS if it is offered",
    "disable": "Plain text",
}


@dataclass(frozen=True, slots=True)
class PostgresqlTarget(Settings):
    """What history keeps of a check of a PostgreSQL database."""

    host: str
    user: str
    port: int = PORT
    database: str = "postgres"
    sslmode: str = "prefer"
    query: str = QUERY
    expected: str = ""
    signs_in: bool = False

    @property
    def address(self) -> str:
        """What is called, as a person is shown it."""
        return f"{at(self.host, self.port)}/{self.database}"


def read_target(given: Mapping[str, Any], secrets: Password) -> PostgresqlTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    return PostgresqlTarget(
        **read_login(given, PORT),
        database=read_text("database", given.get("database") or "postgres", 63),
        sslmode=read_choice("sslmode", given.get("sslmode") or "prefer", SSLMODES),
        **read_question(given, secrets),
    )


KIND = Kind(
    name="postgresql",
    label="PostgreSQL",
    about="Logs in to a PostgreSQL database and asks it one question, read-only.",
    fields=(
        *login_fields(PORT),
        Field("database", "Database", default="postgres", most=63, everyday=True),
        Field("sslmode", "Security", Shape.CHOICE, default="prefer", choices=tuple(SSLMODES.items())),
        *question_fields(),
    ),
    told=(signs_in_field(),),
    target=PostgresqlTarget,
    read_target=read_target,
    read_secrets=read_password,
)
