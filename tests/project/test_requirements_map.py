"""docs/requirements.md: every requirement once, and nothing named there that is not there."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.test import Client
from django.urls import Resolver404, resolve

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "requirements.md").read_text()
IDS = [*(f"A-{n:02}" for n in range(1, 137)), *(f"B-{n:02}" for n in range(1, 39))]
STATES = ("met", "partly", "open", "outside")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| [AB]-\d", line)
]
# how an address of the page is filled before it is looked up
SAMPLES = {"number": "INC-2026-0001", "seq": "1", "id": "obj_1", "secret": "s"}


def named(pattern):
    """Everything in the table's cells that looks like `pattern`."""
    return sorted({found for row in ROWS for cell in row[3:] for found in re.findall(pattern, cell)})


def test_every_requirement_stands_once_and_in_order():
    assert [row[0] for row in ROWS] == IDS
    assert len(IDS) == 174


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_has_what_its_state_asks_for(row):
    _, what, state, where, missing, shown = row
    assert what
    assert state in STATES
    assert (where != "–") == (state in ("met", "partly", "outside"))
    assert (shown != "–") or state not in ("met", "partly")
    if state == "met":
        assert missing == "–"
    if state in ("partly", "open", "outside"):
        assert re.match(r"open: part [2-9]: \w", missing)


def test_what_is_open_names_a_part_of_the_plan():
    for row in ROWS:
        for piece in row[4].split("; ") if row[4] != "–" else []:
            assert re.fullmatch(r"open: part [2-9]: .+", piece), row


def test_the_plan_has_nine_parts():
    assert re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE) == [str(n) for n in range(1, 10)]


def test_the_counts_are_those_of_the_table():
    counts = Counter(row[2] for row in ROWS)
    said = re.search(
        r"Of (\d+) requirements (\d+) are met, (\d+) partly, (\d+) are open, and (\d+) lie outside",
        PAGE,
    )
    assert said
    assert [int(one) for one in said.groups()] == [len(ROWS), *(counts[state] for state in STATES)]


@pytest.mark.parametrize("test", named(r"tests/[\w/]+\.py::\w+"))
def test_every_named_test_exists(test):
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("address", named(r"(?<=`)/(?!api/)[^`]*(?=`)"))
def test_every_named_screen_is_there(address):
    filled = re.sub(r"\{(\w+)\}", lambda match: SAMPLES[match[1]], address)
    try:
        resolve(filled)
    except Resolver404:
        pytest.fail(f"nothing is at {filled}")


@pytest.mark.parametrize("command", named(r"(?<=`manage\.py )\w+"))
def test_every_named_command_exists(command):
    assert command in get_commands()


def test_every_named_call_is_in_the_document():
    paths = Client().get("/api/v1/schema/").json()["paths"]
    known = {(method.upper(), re.sub(r"\{\w+\}", "{}", path)) for path, methods in paths.items() for method in methods}
    written = {tuple(one.split(" ")) for one in named(r"(?<=`)(?:GET|POST|PUT|PATCH) /api/v1/[^`]*(?=`)")}
    assert written
    assert {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in written} <= known


def test_every_call_that_is_named_says_how_it_is_made():
    loose = named(r"(?<=`)/api/v1/[^`]*(?=`)")
    assert loose == []
