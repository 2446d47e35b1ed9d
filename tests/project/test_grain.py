"""The grain of the code that can be counted: sizes, imports, words that do not belong."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("config", "ledger", "accounts", "monitors", "oncall", "incidents", "postmortems", "statuspage", "evidence")
FILES = sorted(
    path.relative_to(ROOT)
    for folder in APPS
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
# what is around the product is read as well
AROUND = sorted(path.relative_to(ROOT) for folder in ("tests", "bench") for path in (ROOT / folder).rglob("*.py"))
# decisions without Django: standard library and each other only
PURE = {"judge", "correlate", "plan", "states", "availability", "summary", "tiling", "retry", "target", "policy"}
BOOTSTRAP = {"config/bootstrap.py", "config/env.py", "config/keys.py", "config/lifeline.py", "config/supervisor.py"}
BOOTSTRAP |= {"config/demo_target.py"}


def tree(path):
    return ast.parse((ROOT / path).read_text())


def functions(path):
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def modules_of(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_module_has_at_most_400_lines_and_a_function_at_most_60(path):
    assert len((ROOT / path).read_text().splitlines()) <= 400
    long = [node.name for node in functions(path) if (node.end_lineno or 0) - node.lineno + 1 > 60]
    assert not long


@pytest.mark.parametrize("path", AROUND, ids=str)
def test_a_test_or_a_bench_has_at_most_400_lines(path):
    assert len((ROOT / path).read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", FILES + AROUND, ids=str)
def test_no_first_party_import_hides_in_a_function(path):
    hidden = [
        name
        for function in functions(path)
        for node in ast.walk(function)
        for name in modules_of(node)
        if name.partition(".")[0] in (*APPS, "tests", "bench")
    ]
    assert not hidden


@pytest.mark.parametrize("path", FILES, ids=str)
def test_nothing_is_left_for_later_and_no_timer_hides_in_a_message(path):
    text = (ROOT / path).read_text()
    assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text)
    assert not re.search(r"except[^\n]*:\s*\n?\s*pass\b", text)
    assert not re.search(r"\b(eta|countdown)=", text)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_public_functions_say_what_they_do(path):
    silent = [
        node.name
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not silent


@pytest.mark.parametrize(
    "path", [p for p in FILES if (p.stem in PURE and "forms" not in p.parts) or str(p) in BOOTSTRAP], ids=str
)
def test_a_pure_module_knows_the_standard_library_and_pure_modules_only(path):
    for node in ast.walk(tree(path)):
        for name in modules_of(node):
            top = name.partition(".")[0]
            if top in APPS:
                other = ROOT / (name.replace(".", "/") + ".py")
                assert not other.exists() or is_pure(other), f"{path} imports {name}"
            else:
                assert top in sys.stdlib_module_names, f"{path} imports {name}"


def is_pure(path):
    names = [name for node in ast.walk(ast.parse(path.read_text())) for name in modules_of(node)]
    return all(name.partition(".")[0] in (*sys.stdlib_module_names, *APPS) for name in names)


def test_functions_are_short_in_the_middle():
    lengths = sorted((node.end_lineno or 0) - node.lineno + 1 for path in FILES for node in functions(path))
    assert lengths[len(lengths) // 2] <= 12
    assert lengths[int(len(lengths) * 0.9)] <= 30
