"""The few statements of the hand-over that run for every single result: plain SQL, many rows at a time.

An ORM save for each result would cost several times the check itself. Both databases understand all of
it; instants are adapted as Django stores them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from ledger.ids import snowflake
from monitors.conditions import DOWN
from monitors.engine.findings import Finding
from monitors.probes.trace import Outcome

# 20 values a result: within what SQLite takes in one statement (32,766) and PostgreSQL too (65,535)
ROWS_AT_ONCE = 256

RESULT_COLUMNS = (
    "day", "id", "monitor_id", "location_id", "planned_at", "recorded_at", "monitor_version", "retry", "outcome",
    "code", "detail", "status", "lag_us", "total_us", "dns_us", "connect_us", "tls_us", "wait_us", "transfer_us",
    "body_bytes",
)  # fmt: skip
KEY = "day, monitor_id, planned_at, location_id"
_FILLED = ", ".join(f"{c} = excluded.{c}" for c in RESULT_COLUMNS if c not in KEY.split(", ") and c != "id")

# A slot has one result. Only a slot recorded as missed takes another: the plan was believed lost and was slow.
_INSERT = " ".join(
    (
        f"INSERT INTO monitors_result ({', '.join(RESULT_COLUMNS)})",
        "VALUES {rows}",
        f"ON CONFLICT ({KEY}) DO UPDATE SET {_FILLED}",
        "WHERE monitors_result.outcome = 'missed' AND excluded.outcome <> 'missed'",
    )
)

STATE_COLUMNS = (
    "state", "since", "settled_at", "last_at", "covered_until", "silent_at", "run", "run_good", "alarm",
)  # fmt: skip
_LOCK = " ".join(
    (
        f"SELECT s.monitor_id, s.interval_id, s.seen_at, {', '.join(f's.{c}' for c in STATE_COLUMNS)},",
        "m.interval_s, m.timeout_s, m.paused_at, m.retired_at, r.confirmation_s, r.recovery_s, s.voters",
        "FROM monitors_monitorstate s JOIN monitors_monitor m ON m.id = s.monitor_id",
        "LEFT JOIN monitors_rule r ON r.monitor_id = m.id AND r.condition = %s AND r.retired_at IS NULL",
        "WHERE s.monitor_id IN ({ids}) ORDER BY s.monitor_id",
    )
)

# What an ordinary result moves in a state row: how far it is settled and covered, and what was seen last.
GONE_ON = ("settled_at", "last_at", "covered_until", "silent_at")
SEEN_COLUMNS = ("seen_at", "seen_outcome", "seen_code", "seen_detail", "seen_status", "seen_total_us")
DEPENDENCY_COLUMNS = ("state", "said", "why", "since", "last_seen_at", "left_out")
# PostgreSQL has to be told the type of a column of VALUES that may hold nothing but NULL; SQLite needs none.
_INSTANTS = frozenset({"since", *GONE_ON, "seen_at", "last_seen_at"})
# A failure goes on from the one before it, unless nothing was heard for longer than a result speaks.
_HEAR = " ".join(
    (
        "UPDATE monitors_voice SET heard_at = %s, good = %s, code = %s, detail = %s,",
        "failing_since = CASE WHEN heard_at >= %s THEN COALESCE(failing_since, %s) ELSE %s END",
        "WHERE monitor_id = %s AND location_id = %s AND (heard_at IS NULL OR heard_at < %s)",
    )
)
_OUTCOMES = " ".join(
    (
        "SELECT monitor_id, planned_at, location_id, outcome, recorded_at FROM monitors_result",
        "WHERE day IN ({days}) AND monitor_id IN ({monitors}) AND planned_at IN ({slots})",
    )
)
_RETRY = "UPDATE monitors_probeslot SET next_due_at = %s, extra = %s WHERE monitor_id = %s AND next_due_at > %s"


def stored(moment: datetime | None) -> Any:
    """An instant as this database stores it: SQLite has text in UTC, as Django's adapter would write it."""
    if moment is None or connection.vendor != "sqlite":
        return moment
    return as_text(moment)


@lru_cache(maxsize=8_192)
def as_text(moment: datetime) -> str:
    """An instant in UTC as Django stores it in SQLite. Several times faster than going through Django.

    One planned instant stands in the result, in the state and in what was seen, so the text is remembered.
    """
    return moment.isoformat(" ")[: -len("+00:00")]


def as_is(moment: datetime) -> datetime:
    """PostgreSQL takes instants as they are."""
    return moment


def adapter() -> Callable[[datetime], Any]:
    """The function that makes stored instants, for loops that run for every result."""
    return as_text if connection.vendor == "sqlite" else as_is


def read_instant(value: Any) -> datetime | None:
    """An instant as this database returned it: aware already, or text in UTC."""
    if value is None or isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value
    return _from_text(value)


@lru_cache(maxsize=8_192)
def _from_text(value: str) -> datetime:
    """An instant out of SQLite's text, remembered: one stands in several columns, and some never change."""
    return datetime.fromisoformat(value + "+00:00")  # six times faster than putting the zone in afterwards


def insert_results(findings: Sequence[Finding], now: datetime) -> None:
    """Store results, one a slot however often it is delivered."""
    store = adapter()
    recorded = store(now)
    rows = [_result_row(finding, recorded, store) for finding in _one_a_slot(findings)]
    for some in _fitting(rows):
        _at_once(_INSERT, "(" + ", ".join(["%s"] * len(RESULT_COLUMNS)) + ")", some)


def lock_states(monitor_ids: Iterable[int]) -> list[tuple[Any, ...]]:
    """Lock and read the state rows, in one order so that two hand-overs cannot block each other.

    Returns (monitor, interval, seen_at, *STATE_COLUMNS, interval_s, timeout_s, paused_at, retired_at,
    confirmation_s, recovery_s, voters) as the database returns them.
    """
    ids = sorted(set(monitor_ids))
    statement = _LOCK.format(ids=", ".join(["%s"] * len(ids)))
    if connection.features.has_select_for_update:
        statement += " FOR UPDATE OF s"
    with connection.cursor() as cursor:
        cursor.execute(statement, [DOWN, *ids])
        return cursor.fetchall()


def remember(rows: list[tuple[Any, ...]]) -> None:
    """Rows (interval, *STATE_COLUMNS, monitor)."""
    _update("monitors_monitorstate", ("interval_id", *STATE_COLUMNS), "monitor_id", rows)


def go_on(rows: list[tuple[Any, ...]]) -> None:
    """Rows (*GONE_ON, *SEEN_COLUMNS, monitor): a result that spoke for the state as it was."""
    _update("monitors_monitorstate", GONE_ON + SEEN_COLUMNS, "monitor_id", rows)


def show(rows: list[tuple[Any, ...]]) -> None:
    """Rows (*SEEN_COLUMNS, monitor): what the last check showed."""
    _update("monitors_monitorstate", SEEN_COLUMNS, "monitor_id", rows)


def cover(rows: list[tuple[Any, ...]]) -> None:
    """Rows (covered_until, interval): until when the open interval is true."""
    _update("monitors_stateinterval", ("covered_until",), "id", rows, "t.ended_at IS NULL")


def speak(rows: list[tuple[Any, ...]]) -> None:
    """Rows (seen_at, report): a health document that says what the one before it said."""
    _update("monitors_healthreport", ("seen_at",), "id", rows)


def tell_dependencies(rows: list[tuple[Any, ...]]) -> None:
    """Rows (*DEPENDENCY_COLUMNS, dependency): what a health document says of each."""
    _update("monitors_healthdependency", DEPENDENCY_COLUMNS, "id", rows)


def hear(rows: list[tuple[Any, ...]]) -> None:
    """Rows (heard_at, good, code, detail, oldest that goes on, failing_since twice, monitor, location, heard_at)."""
    _many(_HEAR, rows)


def read_outcomes(slots: Iterable[tuple[int, datetime]]) -> list[tuple[Any, ...]]:
    """What is stored of these (monitor, slot): rows (monitor, planned_at, location, outcome, recorded_at)."""
    wanted, store = set(slots), adapter()
    if not wanted:
        return []
    days = sorted({at.date().isoformat() for _, at in wanted})
    monitors = sorted({monitor_id for monitor_id, _ in wanted})
    instants = sorted({at for _, at in wanted})
    counts = {"days": len(days), "monitors": len(monitors), "slots": len(instants)}
    statement = _OUTCOMES.format(**{name: ", ".join(["%s"] * count) for name, count in counts.items()})
    with connection.cursor() as cursor:
        cursor.execute(statement, [*days, *monitors, *(store(at) for at in instants)])
        return [row for row in cursor.fetchall() if (row[0], read_instant(row[1])) in wanted]


def bring_forward(rows: list[tuple[datetime, int]]) -> None:
    """Rows (instant, monitor): check earlier than planned, because a change is unconfirmed."""
    _many(_RETRY, [(stored(at), True, monitor_id, stored(at)) for at, monitor_id in rows])


def _one_a_slot(findings: Sequence[Finding]) -> Iterable[Finding]:
    """The findings, one for each slot: a statement may not touch a row twice. What was measured goes before missed."""
    slots: dict[tuple[int, datetime, int], Finding] = {}
    for finding in findings:
        slot = (finding.monitor_id, finding.planned_at, finding.location_id)
        held = slots.get(slot)
        if held is None or held.trace.outcome is Outcome.MISSED:
            slots[slot] = finding
    return slots.values()


def _update(
    table: str, columns: tuple[str, ...], key: str, rows: Sequence[tuple[Any, ...]], where: str = "TRUE"
) -> None:
    """Rows of new values with the key behind them, in one statement: of several for one key the last holds.

    One statement and not one a row: each gives up the interpreter lock, and to get it back from a prober that starts
    checks can take a millisecond.
    """
    if not rows:
        return
    typed = connection.vendor != "sqlite"
    marks = ["%s::timestamptz" if typed and column in _INSTANTS else "%s" for column in columns]
    settings = ", ".join(f"{column} = v.column{number}" for number, column in enumerate(columns, 1))
    statement = " ".join(
        (
            f"UPDATE {table} AS t",
            f"SET {settings}",
            f"FROM (VALUES {{rows}}) AS v WHERE t.{key} = v.column{len(columns) + 1} AND {where}",
        )
    )
    latest = list({row[-1]: row for row in rows}.values())
    for some in _fitting(latest):
        _at_once(statement, f"({', '.join([*marks, '%s'])})", some)


def _fitting(rows: Sequence[tuple[Any, ...]]) -> Iterable[Sequence[tuple[Any, ...]]]:
    return (rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE))


def _at_once(statement: str, marks: str, rows: Sequence[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement.format(rows=", ".join([marks] * len(rows))), [value for row in rows for value in row])


def _many(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def _result_row(finding: Finding, recorded: Any, store: Callable[[datetime], Any]) -> tuple[Any, ...]:
    trace, planned = finding.trace, finding.planned_at
    return (
        planned.date().isoformat(),
        snowflake(),
        finding.monitor_id,
        finding.location_id,
        store(planned),
        recorded,
        finding.monitor_version,
        finding.retry,
        trace.outcome.value,
        trace.code,
        trace.sentence[:300],
        trace.status,
        finding.lag_us,
        trace.total_us,
        trace.dns_us,
        trace.connect_us,
        trace.tls_us,
        trace.wait_us,
        trace.transfer_us,
        trace.body_bytes,
    )
