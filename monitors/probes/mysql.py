"""The probe of MySQL and MariaDB: a real login and one question, read-only, over a connection the guard has seen.

The library only blocks, so it works in a thread of its own on a socket that was connected here.
"""

from __future__ import annotations

import os
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pymysql
import pymysql.cursors

from accounts.egress.guard import EgressRules
from monitors.kinds.logins import Password
from monitors.kinds.mysql import MysqlTarget
from monitors.probes.answers import ROWS_MOST, first_value, too_many, without_secret
from monitors.probes.channel import Channel
from monitors.probes.dialing import Call, Fault, broken, conduct
from monitors.probes.secure import trusting, verifying
from monitors.probes.threads import in_thread
from monitors.probes.trace import Place, Trace

PLAIN, ENCRYPT, VERIFY = "none", "require", "verify"
LOGIN_ERRORS = frozenset({1044, 1045, 1049, 1129, 1130, 1698, 1862, 2059, 2061})
LOST = frozenset({2003, 2006, 2013})


@dataclass(frozen=True, slots=True)
class MysqlCheck:
    """A database to log in to. security: no TLS, TLS with any certificate, or TLS with a verified one."""

    place: Place
    timeout_s: float
    user: str
    database: str = ""
    password: str = field(default="", repr=False)
    security: str = PLAIN
    query: str = "SELECT 1"
    expected: str = ""


class _NeverInPlainText:
    """Stands in for the logins that hand the password over as it is, where it would travel without TLS."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def authenticate(self, packet: Any) -> Any:
        """Refuse."""
        raise pymysql.OperationalError(2061, "it asked for the password in plain text, which is sent over TLS only")


def compile_check(target: MysqlTarget, secrets: Password, *, timeout_s: float, curious: bool = False) -> MysqlCheck:
    """Make the check of a target: done once for a version of a monitor, then used for each check."""
    return MysqlCheck(
        place=Place(target.host, target.port, target.security != PLAIN),
        timeout_s=timeout_s,
        user=target.user,
        database=target.database,
        password=secrets.password,
        security=target.security,
        query=target.query,
        expected=target.expected,
    )


async def run(check: MysqlCheck, rules: EgressRules) -> Trace:
    """Log in and ask once."""

    async def talk(call: Call) -> None:
        async with await call.dial() as channel:
            with call.phase("wait", "did not finish the login and the query"):
                rows = await _ask(call, channel, check)
        if len(rows) > ROWS_MOST:
            raise too_many(call.place)
        first_value(call.place, rows, check.expected)

    return await conduct(check.place, check.timeout_s, rules, talk)


async def _ask(call: Call, channel: Channel, check: MysqlCheck) -> list[tuple[Any, ...]]:
    """Let the library talk. When time runs out the socket is shut, which ends its thread too."""
    held = socket.socket(fileno=os.dup(channel.socket.fileno()))
    held.setblocking(True)
    timeout_s = call.left
    try:
        return await in_thread(lambda: _talk(held, check, timeout_s), name="mysql")
    except pymysql.Error as error:
        raise _explain(call, error, check) from None
    except ssl.SSLError as error:
        raise Fault(
            "tls", f"{call.place} failed the TLS handshake: {(error.reason or 'no reason was given')[:80]}."
        ) from None
    except OSError as error:
        raise broken(call.place, error) from None
    finally:
        with suppress(OSError):
            channel.socket.shutdown(socket.SHUT_RDWR)


def _talk(held: socket.socket, check: MysqlCheck, timeout_s: float) -> list[tuple[Any, ...]]:
    connection = _connection(check, timeout_s)
    try:
        connection.connect(held)
        with connection.cursor() as cursor:
            # of the session, not of one transaction: a change of tables would end that and go through
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute(check.query)
            return [row[:1] for row in cursor.fetchmany(ROWS_MOST + 1)]
    finally:
        connection._force_close()
        held.close()


def _connection(check: MysqlCheck, timeout_s: float) -> Any:
    never: dict[str, Any] = {"mysql_clear_password": _NeverInPlainText, "dialog": _NeverInPlainText}
    return pymysql.connect(
        host=check.place.host,
        port=check.place.port,
        user=check.user,
        password=check.password,
        database=check.database or None,
        read_timeout=timeout_s,
        write_timeout=timeout_s,
        ssl=_context(check),
        ssl_disabled=check.security == PLAIN,
        auth_plugin_map=never if check.security == PLAIN else None,
        cursorclass=pymysql.cursors.SSCursor,  # unbuffered: a table by mistake fills no memory
        local_infile=False,
        program_name="watchbook",
        defer_connect=True,
    )


def _context(check: MysqlCheck) -> ssl.SSLContext | None:
    if check.security == PLAIN:
        return None
    return verifying() if check.security == VERIFY else trusting()


def _explain(call: Call, error: pymysql.Error, check: MysqlCheck) -> Fault:
    number = error.args[0] if error.args else 0
    cause = error.__cause__ or error.__context__ or getattr(error, "original_exception", None)
    words = without_secret(str(error.args[-1]) if error.args else type(error).__name__, check.password)
    if isinstance(cause, TimeoutError):
        return call.overdue()
    if isinstance(cause, ssl.SSLError):
        return Fault("tls", f"{call.place} failed the TLS handshake: {without_secret(str(cause), '')}.")
    if "SSL is required" in words:
        return Fault("tls", f"{call.place} does not offer TLS.")
    if isinstance(error, pymysql.InternalError):
        return Fault("protocol", f"{call.place} does not speak the protocol of MySQL.")
    if number in LOGIN_ERRORS:
        return Fault("login", f"{call.place} did not accept the login: {words}.")
    if number in LOST:
        return Fault("reset", f"{call.place} broke the connection: {words}.")
    return Fault("query", f"{call.place} refused the query: {words}.")
