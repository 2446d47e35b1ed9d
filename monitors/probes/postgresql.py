"""The PostgreSQL probe: a real login and one question, read-only, put to the address that the guard has seen.

libpq does the connecting, TLS and login in one, so that all of it is the phase "connect".
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import psycopg

from accounts.egress.guard import EgressRules
from accounts.egress.sockets import ca_file
from monitors.kinds.logins import Password
from monitors.kinds.postgresql import PostgresqlTarget
from monitors.probes.answers import ROWS_MOST, first_value, too_many, without_secret
from monitors.probes.dialing import Call, Fault, conduct, unreachable
from monitors.probes.trace import Place, Trace

VERIFYING = frozenset({"verify-ca", "verify-full"})
ENCRYPTED = frozenset({"require", *VERIFYING})
NOWHERE = "/nonexistent/watchbook"  # no password or key of whoever runs this machine is ever sent to a target
STRANGE = ("closed the connection", "invalid response", "received invalid", "expected authentication request")
FATAL = re.compile(r"FATAL:\s+(.*)", re.DOTALL)

_abandoned: set[asyncio.Task[Any]] = set()


@dataclass(frozen=True, slots=True)
class PostgresqlCheck:
    """A database to log in to. expected: what the first value of the first row should be; "" for anything."""

    place: Place
    timeout_s: float
    user: str
    database: str
    password: str = field(default="", repr=False)
    sslmode: str = "prefer"
    query: str = "SELECT 1"
    expected: str = ""


def compile_check(
    target: PostgresqlTarget, secrets: Password, *, timeout_s: float, curious: bool = False
) -> PostgresqlCheck:
    """Make the check of a target: done once for a version of a monitor, then used for each check."""
    return PostgresqlCheck(
        place=Place(target.host, target.port, target.sslmode in ENCRYPTED),
        timeout_s=timeout_s,
        user=target.user,
        database=target.database,
        password=secrets.password,
        sslmode=target.sslmode,
        query=target.query,
        expected=target.expected,
    )


async def run(check: PostgresqlCheck, rules: EgressRules) -> Trace:
    """Log in and ask once."""

    async def talk(call: Call) -> None:
        connection = await _connect(call, check)
        try:
            with call.phase("wait", "took the login and did not answer the query"):
                rows = await _within(call, _ask(call, connection, check))
            first_value(call.place, rows, check.expected)
        finally:
            connection.pgconn.finish()

    return await conduct(check.place, check.timeout_s, rules, talk)


async def _connect(call: Call, check: PostgresqlCheck) -> psycopg.AsyncConnection:
    """Log in at the first address that takes the connection."""
    fault = unreachable(call.place, None)
    for address in await call.addresses():
        with call.phase("connect", "did not finish the login"):
            try:
                return await psycopg.AsyncConnection.connect(**_arguments(check, address, call.left))
            except psycopg.errors.ConnectionTimeout:
                raise call.overdue() from None
            except psycopg.OperationalError as error:
                fault = _explain(call, str(error), check)
                if fault.code not in ("refused", "unreachable"):
                    break
    raise fault


def _arguments(check: PostgresqlCheck, address: str, left: float) -> dict[str, Any]:
    """What libpq is told. The name is for the certificate only: `hostaddr` is where it goes."""
    given: dict[str, Any] = {
        "host": check.place.host,
        "hostaddr": address,
        "port": check.place.port,
        "user": check.user,
        "password": check.password,
        "dbname": check.database,
        "sslmode": check.sslmode,
        "connect_timeout": max(int(left) + 1, 2),
        "application_name": "watchbook",
        "gssencmode": "disable",
        "passfile": NOWHERE,
        "sslcert": NOWHERE,
        "sslkey": NOWHERE,
        "autocommit": False,
    }
    if check.sslmode in VERIFYING:
        given["sslrootcert"] = ca_file()
    elif check.sslmode not in ENCRYPTED:
        # whoever sits between must not be able to ask for the password in plain text
        given["require_auth"] = "!password"
    return given


async def _ask(call: Call, connection: psycopg.AsyncConnection, check: PostgresqlCheck) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    try:
        await connection.set_read_only(True)
        async with connection.cursor() as cursor:
            # row by row, as one statement: a table by mistake fills no memory
            async for row in cursor.stream(check.query.encode()):
                rows.append(row[:1])
                if len(rows) > ROWS_MOST:
                    connection.pgconn.finish()
                    raise too_many(call.place)
    except psycopg.Error as error:
        words = error.diag.message_primary or str(error)
        raise Fault("query", f"{call.place} refused the query: {without_secret(words, check.password)}.") from None
    return rows


async def _within(call: Call, work: Coroutine[Any, Any, Any]) -> Any:
    """Wait for work no longer than there is time. Cancelled, psycopg still tells the server, which nobody waits for."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=call.left)
        if not done:
            raise TimeoutError
        return task.result()
    finally:
        if not task.done():
            _abandoned.add(task)
            task.add_done_callback(_forget)
            task.cancel()


def _forget(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()


def _explain(call: Call, message: str, check: PostgresqlCheck) -> Fault:
    """A failed login in words. libpq gives text only, and that of the server may be in any language."""
    place = call.place
    fatal = FATAL.search(message)
    words = without_secret((fatal[1] if fatal else message.rpartition("failed: ")[2]), check.password)
    if fatal:
        return Fault("login", f"{place} did not accept the login: {words}.")
    if "Connection refused" in message:
        return Fault("refused", f"{place} refused the connection.")
    if any(sign in message for sign in STRANGE):
        return Fault("protocol", f"{place} does not speak the protocol of PostgreSQL.")
    if "does not support SSL" in message:
        return Fault("tls", f"{place} does not offer TLS.")
    if "SSL" in message or "certificate" in message:
        return Fault("tls", f"{place} failed the TLS handshake: {words}.")
    if "authentication method requirement" in message:
        return Fault("login", f"{place} asked for the password in plain text, which is sent over TLS only.")
    return Fault("unreachable", f"{place} cannot be reached: {words}.")
