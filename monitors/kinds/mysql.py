"""What a check of a MySQL or MariaDB database asks for, in fields and never in one string. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.kinds.base import Field, Kind, Settings, Shape
from monitors.kinds.logins import Password, read_password, signs_in_field
from monitors.kinds.places import at
from monitors.kinds.sql import QUERY, login_fields, question_fields, read_login, read_question
from monitors.kinds.text import read_choice, read_text

PORT = 3306
SECURITY = {
    "verify": "TLS, certificate and name verified",
    "require": "TLS, any certificate",
    "none": "Plain text",
}


@dataclass(frozen=True, slots=True)
class MysqlTarget(Settings):
    """What history keeps of a check of a MySQL or MariaDB database. database: "" for none."""

    host: str
    user: str
    port: int = PORT
    database: str = ""
    security: str = "none"
    query: str = QUERY
    expected: str = ""
    signs_in: bool = False

    @property
    def address(self) -> str:
        """What is called, as a person is shown it."""
        return at(self.host, self.port) + (f"/{self.database}" if self.database else "")


def read_target(given: Mapping[str, Any], secrets: Password) -> MysqlTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    return MysqlTarget(
        **read_login(given, PORT),
        database=read_text("database", given.get("database"), 64),
        security=read_choice("security", given.get("security") or "none", SECURITY),
        **read_question(given, secrets),
    )


KIND = Kind(
    name="mysql",
    label="MySQL or MariaDB",
    about="Logs in to a MySQL or MariaDB database and asks it one question, read-only.",
    fields=(
        *login_fields(PORT),
        Field("database", "Database", help="Empty: none.", most=64, everyday=True),
        Field("security", "Security", Shape.CHOICE, default="none", choices=tuple(SECURITY.items())),
        *question_fields(),
    ),
    told=(signs_in_field(),),
    target=MysqlTarget,
    read_target=read_target,
    read_secrets=read_password,
)
