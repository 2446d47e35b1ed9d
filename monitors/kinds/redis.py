"""What a check of a Redis asks for. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitors.kinds.base import Field, Kind, Settings, Shape
from monitors.kinds.logins import EXPECTED_MOST, USER_MOST, Password, password_field, read_password, signs_in_field
from monitors.kinds.places import at, host_field, port_field, read_called
from monitors.kinds.text import TargetError, read_choice, read_port, read_text, read_whole

PORT = 6379
KEY_MOST = 500
SECURITY = {"tls": "TLS, certificate and name verified", "none": "Plain text"}


@dataclass(frozen=True, slots=True)
class RedisTarget(Settings):
    """What history keeps of a check of a Redis. key: "" for PING; expected: "" for any value of the key."""

    host: str
    port: int = PORT
    user: str = ""
    database: int = 0
    security: str = "none"
    key: str = ""
    expected: str = ""
    signs_in: bool = False

    @property
    def address(self) -> str:
        """What is called, as a person is shown it."""
        return f"{at(self.host, self.port)}/{self.database}"


def read_target(given: Mapping[str, Any], secrets: Password) -> RedisTarget:
    """Read a target as a form, the API or a row gives it. Raises TargetError."""
    target = RedisTarget(
        host=read_called(given),
        port=read_port(given.get("port"), PORT),
        user=read_text("user", given.get("user"), USER_MOST).strip(),
        database=read_whole("database", given.get("database") or 0, 0, 1000),
        security=read_choice("security", given.get("security") or "none", SECURITY),
        key=read_text("key", given.get("key"), KEY_MOST),
        expected=read_text("expected", given.get("expected"), EXPECTED_MOST),
        signs_in=bool(secrets.password),
    )
    if target.user and not secrets.password:
        raise TargetError("password", "An account needs its password.")
    if target.expected and not target.key:
        raise TargetError("key", "Say which key should have the expected value.")
    return target


KIND = Kind(
    name="redis",
    label="Redis",
    about="Logs in to a Redis and asks for PING, or for a key.",
    fields=(
        host_field(),
        port_field(PORT),
        Field("user", "Account", help="Empty: the password is for everybody.", most=USER_MOST),
        password_field(),
        Field("database", "Database", Shape.WHOLE, default=0, most=1000),
        Field("security", "Security", Shape.CHOICE, default="none", choices=tuple(SECURITY.items())),
        Field("key", "Key", Shape.WORDS, help="Empty: PING is enough.", most=KEY_MOST),
        Field("expected", "Expected value", Shape.WORDS, help="Empty: anything.", most=EXPECTED_MOST),
    ),
    told=(signs_in_field(),),
    target=RedisTarget,
    read_target=read_target,
    read_secrets=read_password,
)
