"""docs/post-mortems.md has the tables that the code has."""

import itertools
import re
from pathlib import Path

import pytest

from postmortems import states
from postmortems.rules import DAYS
from postmortems.sections import ALL, CATEGORIES, KINDS

ROOT = Path(__file__).resolve().parents[2]
DOC = (ROOT / "docs" / "post-mortems.md").read_text()
TABLES = [
    (states.STATES, states.EVENTS, states.TABLE),
    (states.ITEM_STATES, states.ITEM_EVENTS, states.ITEM_TABLE),
]


def rows():
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in DOC.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize(("names", "events", "table"), TABLES, ids=["post-mortems", "action items"])
def test_the_tables_of_states_are_the_codes(names, events, table):
    [head] = [row for row in rows() if row[0] == "state" and set(events) <= set(row)]
    for state, event in itertools.product(names, events):
        [row] = [row for row in rows() if row[0] == state]
        assert row[head.index(event)] == table.get((state, event), "refused"), (state, event)


def test_what_is_owed_is_the_codes():
    owed = {row[0]: row[2] for row in rows() if row[0].startswith("SEV")}
    for severity, days in DAYS.items():
        assert owed[f"SEV{severity}"].startswith(f"{days} days")


def test_every_section_kind_and_cause_is_named():
    said = " ".join(DOC.split())
    for section in ALL:
        assert section.title in said
    for key in CATEGORIES:
        assert f"`{key}`" in DOC
    for key in KINDS:
        assert key in DOC


def test_every_kind_of_ledger_line_is_named():
    text = " ".join(path.read_text() for path in (ROOT / "postmortems" / "services").glob("*.py"))
    told = {f"postmortem.{verb}" for verb in re.findall(r'_tell\(\s*postmortem, "(\w+)"', text)}
    told |= {f"action.{verb}" for verb in re.findall(r'_tell\(\s*(?:item|made), "(\w+)"', text)}
    told |= set(re.findall(r'record\("([\w.]+)"', text))
    assert len(told) >= 11
    for kind in told:
        assert f"`{kind}`" in DOC, kind
