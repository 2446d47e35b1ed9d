"""Which state customers are shown, and the table of it in docs/status-pages.md."""

import itertools
from pathlib import Path

import pytest

from monitors.states import State
from statuspage.states import DEGRADED, DOWN, IMPACTS, STATUSES, UNKNOWN, UP, WORDS, seen, shown, worst
from statuspage.wording import beside, headline

DOC = (Path(__file__).resolve().parents[2] / "docs" / "status-pages.md").read_text()


def rows():
    """(measured, told, shown, words) of the documented table, one for each combination it names."""
    table = DOC.split("| measured |")[1].split("\n\n")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    for measured, told, state, words in cells:
        tolds = [[], *([one] for one in IMPACTS)] if told == "anything" else None
        tolds = tolds or [[] if one == "nothing" else [one] for one in told.replace(" or ", ", ").split(", ")]
        for one, said in itertools.product(measured.replace(" or ", ", ").split(", "), tolds):
            yield one, said, state, words


def test_the_documented_table_is_the_codes():
    documented = {(measured, tuple(told)): (state, words) for measured, told, state, words in rows()}
    for state, told in itertools.product(State, [(), *((one,) for one in IMPACTS)]):
        result = shown(seen(state), list(told))
        assert documented[state.value, told] == (result, WORDS[result]), (state, told)


def test_the_worst_of_several_open_incidents_is_shown():
    assert shown(UP, [DEGRADED, DOWN, UP]) == DOWN
    assert worst([]) == UNKNOWN


def test_statuses_and_impacts_are_in_the_docs():
    for word in (*STATUSES, *(words.lower() for words in IMPACTS.values())):
        assert word in DOC


@pytest.mark.parametrize(
    ("titles", "components", "first", "below"),
    [
        ([], [("A", UP), ("B", UP)], (UP, "Everything works"), ""),
        ([], [("A", DOWN), ("B", UP)], (DOWN, "Not working: A"), "Everything else works."),
        ([], [("A", DOWN), ("B", DOWN)], (DOWN, "Not working: A and B"), ""),
        ([], [("A", DOWN), ("B", DEGRADED), ("C", UP)], (DOWN, "Not working: A"),
         "Slow or in part: B. Everything else works."),
        ([], [("A", UNKNOWN), ("B", UP)], (UNKNOWN, "Not measured: A"), "Everything else works."),
        ([], [], (UNKNOWN, "No component is shown here yet"), ""),
        (["Orders fail"], [("A", DOWN), ("B", UP)], (DOWN, "Orders fail"), "Not working: A. Everything else works."),
        (["Orders fail"], [("A", UP)], (DEGRADED, "Orders fail"), "Every component is measured as working."),
        (["Orders fail", "Fax"], [("A", UNKNOWN)], (DEGRADED, "Orders fail"), "Not measured: A. 1 more incident is open."),
        (["Orders fail"], [], (DEGRADED, "Orders fail"), ""),
    ],
)  # fmt: skip
def test_the_first_sentence_and_what_stands_below_it(titles, components, first, below):
    assert headline(titles, components) == first
    assert beside(titles, components) == below
