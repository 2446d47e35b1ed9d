"""docs/incidents.md names every state, move, kind of line and reason that the code has."""

import itertools
import re
from pathlib import Path

from incidents import states
from incidents.story import LINES
from incidents.wording import ENDINGS, OPENING_REASONS
from ledger.failpoints import NAMES

DOC = (Path(__file__).resolve().parents[2] / "docs" / "incidents.md").read_text()


def rows(first_word):
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in DOC.splitlines()
        if line.startswith(f"| {first_word} ")
    ]


def test_every_kind_of_line_is_described_and_nothing_else():
    table = DOC.split("| kind |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(LINES)


def test_the_table_of_states_is_the_codes():
    [head] = rows("state")
    for state, event in itertools.product(states.STATES, states.EVENTS):
        [row] = rows(state)
        assert row[head.index(event)] == states.TABLE.get((state, event), "refused"), (state, event)


def test_every_reason_is_described():
    for reason in (*OPENING_REASONS, *ENDINGS):
        assert f"`{reason}`" in DOC, reason


def test_every_fail_point_of_intake_and_answers_is_described():
    for name in NAMES:
        if name.startswith(("intake.", "answer.")):
            assert f"`{name}`" in DOC, name
