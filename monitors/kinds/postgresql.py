"""What a check of a PostgreSQL database asks for, in fields and never in one string. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.kinds.base import Field, Kind, Settings, Shape
from monitors.kinds.logins import (
    EXPECTED_MOST,
    Password,
    expected_field,
    password_field,
    query_field,
    read_password,
    read_query,
    read_user,
    signs_in_field,
    user_field,
)  # fmt: skip
from monitors.kinds.places import at, host_field, port_field
from monitors.kinds.text import read_choice, read_host, read_port, read_text

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
    query: str = "SELECT 1"
    expected: str = ""
    signs_in: bool = False

    @property
    def address(self) -> str:
        """What is called, as a person is shown it."""
        return f"{at(self.host, self.port)}/{self.database}"


def read_target(given: Mapping[str, Any], secrets: Password) -> PostgresqlTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    return PostgresqlTarget(
        host=read_host(str(given.get("host") or "").strip(), "host"),
        user=read_user(given.get("user")),
        port=read_port(given.get("port"), PORT),
        database=read_text("database", given.get("database") or "postgres", 63),
        sslmode=read_choice("sslmode", given.get("sslmode") or "prefer", SSLMODES),
        query=read_query(given.get("query")),
        expected=read_text("expected", given.get("expected"), EXPECTED_MOST),
        signs_in=bool(secrets.password),
    )


KIND = Kind(
    name="postgresql",
    label="PostgreSQL",
    about="Logs in to a PostgreSQL database and asks it one question, read-only.",
    fields=(
        host_field(),
        port_field(PORT),
        user_field(),
        password_field(),
        Field("database", "Database", default="postgres", most=63, everyday=True),
        Field("sslmode", "Security", Shape.CHOICE, default="prefer", choices=tuple(SSLMODES.items())),
        query_field("One statement that reads."),
        expected_field(),
    ),
    told=(signs_in_field(),),
    target=PostgresqlTarget,
    read_target=read_target,
    read_secrets=read_password,
)
