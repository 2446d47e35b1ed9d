"""Dependencies in a pack: states from when to when, worked out by hand, and tied to the intervals of the monitor."""

import pytest

from ledger.link import link_entries
from ledger.models import Entry
from ledger.tables import Scope
from monitors.evidence import monitor_tables, observed_ids
from monitors.models import HealthChange, HealthDependency
from monitors.probes.trace import Outcome
from tests.monitors.test_health_is_kept import at, monitor, tell

__all__ = ["monitor"]

pytestmark = pytest.mark.django_db


def told(query, monitor, start, end):
    link_entries()
    scope = Scope("period", "test", end, start, end)
    table = next(table for table in monitor_tables(scope, [monitor], []) if table.query == query)
    return [dict(zip(table.header, row, strict=True)) for row in table.rows()]


def brief(rows):
    """`db up 0-120 said until 60`."""
    ends = [(row["end_at"] and seconds(row["end_at"])) or "" for row in rows]
    return [
        f"{row['name']} {row['state']} {seconds(row['start_at'])}-{end} said until {seconds(row['covered_until'])}"
        for row, end in zip(rows, ends, strict=True)
    ]


def seconds(instant):
    return f"{(instant - at(0)).total_seconds():g}"


@pytest.fixture
def night(monitor):
    """The database fails for three minutes and the application with it; then nobody hears of it for ten."""
    for second in (0, 60):
        tell(monitor, second, {"db": "ok", "cache": "ok"})
    for second in (120, 180, 240):
        tell(monitor, second, {"db": "DOWN", "cache": "ok"}, outcome=Outcome.FAILED)
    for second in (300, 360, 960):
        tell(monitor, second, {"db": "ok"})
    return monitor


def test_each_state_is_a_row_from_when_to_when_and_until_when_it_was_told(night):
    assert brief(told("health_dependencies", night, at(0), at(1000))) == [
        "cache up 0-300 said until 240",
        "cache unknown 300- said until 960",
        "db up 0-120 said until 60",
        "db down 120-300 said until 240",
        "db up 300-960 said until 360",
        "db up 960- said until 960",
    ]


def test_a_window_has_what_overlaps_it(night):
    assert brief(told("health_dependencies", night, at(300), at(400))) == [
        "cache unknown 300- said until 960",
        "db up 300-960 said until 360",
    ]
    assert told("health_dependencies", night, at(-500), at(0)) == []


def test_the_states_of_a_dependency_tile_its_life_and_end_where_it_stands_now(night):
    rows = told("health_dependencies", night, at(0), at(1000))
    for dependency in HealthDependency.objects.all():
        its = [row for row in rows if row["dependency_id"] == dependency.public_id]
        assert its[0]["start_at"] == dependency.first_seen_at
        assert [row["end_at"] for row in its[:-1]] == [row["start_at"] for row in its[1:]]
        assert [row["state"] for row in its[:-1]] == [row["before_state"] for row in its[1:]]
        assert (its[-1]["end_at"], its[-1]["state"], its[-1]["said"]) == (None, dependency.state, dependency.said)
        assert its[-1]["start_at"] == dependency.since
        assert all(row["covered_until"] >= row["start_at"] for row in its)


def test_an_interval_that_is_down_begins_in_a_state_of_a_dependency_that_is_down(night):
    rows = told("health_dependencies", night, at(0), at(1000))
    down = [row for row in told("state_intervals", night, at(0), at(1000)) if row["state"] == "down"]
    assert len(down) == 1
    failing = [row for row in rows if row["state"] == "down"]
    assert [(row["name"], row["start_at"], row["end_at"]) for row in failing] == [
        ("db", down[0]["start_at"], down[0]["end_at"])
    ]
    assert failing[0]["monitor_version"] == down[0]["monitor_version"]


def test_every_change_has_its_line_in_the_ledger_and_is_named_among_what_lines_speak_of(night):
    rows = told("health_dependencies", night, at(0), at(1000))
    assert len(rows) == HealthChange.objects.count()
    assert all(row["ledger_seq_first"] for row in rows)
    lines = Entry.objects.filter(kind="health.dependencies_changed").count()
    assert len({row["ledger_seq_first"] for row in rows}) == lines == 4
    scope = Scope("period", "test", at(1000), at(100), at(1000))
    named = {public_id for kind, public_id in observed_ids(scope, [night]) if kind == "healthchange"}
    assert named == {row["change_id"] for row in rows if row["start_at"] >= at(100)}
