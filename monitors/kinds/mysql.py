"""What a check of a MySQL or MariaDB database asks for, in fields and never in one string. Standard library only."""

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
    query: str = "SELECT 1"
    expected: str = ""
    signs_in: bool = False

    @property
    def address(self) -> str:
        """What is called, as a person is shown it."""
        return at(self.host, self.port) + (f"/{self.database}" if self.database else "")


def read_target(given: Mapping[str, Any], secrets: Password) -> MysqlTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    return MysqlTarget(
        host=read_host(str(given.get("host") or "").strip(), "host"),
        user=read_user(given.get("user")),
        port=read_port(given.get("port"), PORT),
        database=read_text("database", given.get("database"), 64),
        security=read_choice("security", given.get("security") or "none", SECURITY),
        query=read_query(given.get("query")),
        expected=read_text("expected", given.get("expected"), EXPECTED_MOST),
        signs_in=bool(secrets.password),
    )


KIND = Kind(
    name="mysql",
    label="MySQL or MariaDB",
    about="Logs in to a MySQL or MariaDB database and asks it one question, read-only.",
    fields=(
        host_field(),
        port_field(PORT),
        user_field(),
        password_field(),
        Field("database", "Database", help="Empty: none.", most=64, everyday=True),
        Field("security", "Security", Shape.CHOICE, default="none", choices=tuple(SECURITY.items())),
        query_field("One statement that reads."),
        expected_field(),
    ),
    told=(signs_in_field(),),
    target=MysqlTarget,
    read_target=read_target,
    read_secrets=read_password,
)
