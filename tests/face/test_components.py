"""Components are small, say what they take, and no template carries style or script of its own."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPONENTS = sorted((ROOT / "config/templates/components").glob("*.html"))
APPS = ("config", "accounts", "monitors", "oncall", "incidents", "postmortems")
TEMPLATES = sorted(path for app in APPS for path in (ROOT / app / "templates").rglob("*.html"))
STYLES = sorted(path for app in APPS for path in (ROOT / app / "static").rglob("*.css"))
SCRIPTS = sorted(path for app in APPS for path in (ROOT / app / "static").rglob("*.js"))


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", COMPONENTS, ids=name_of)
def test_a_component_begins_with_its_arguments_and_has_at_most_40_lines(path):
    lines = path.read_text().splitlines()
    assert re.fullmatch(r"\{# .+ #\}", lines[0])
    assert len(lines) <= 40


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_has_no_style_no_inline_script_and_no_handler(path):
    text = path.read_text()
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"<style", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert "javascript:" not in text


@pytest.mark.parametrize("path", STYLES, ids=name_of)
def test_a_style_sheet_keeps_to_its_layer_and_to_the_tokens(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    layer = path.stem if path.stem in ("tokens", "base", "components") else "screens"
    assert f"@layer {layer} {{" in text
    assert text.count("{") == text.count("}")
    if layer != "tokens":
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|\brgb\(", text), "colours are tokens"
    assert "@import" not in text
    assert "http" not in text


def test_scripts_are_under_500_lines_in_all_and_ask_nobody_else():
    assert SCRIPTS
    assert sum(len(path.read_text().splitlines()) for path in SCRIPTS) < 500
    for path in SCRIPTS:
        text = path.read_text()
        assert not re.search(r"https?://", text), name_of(path)
        assert not re.search(r"\beval\(|new Function|\.style\b", text), name_of(path)


def tokens():
    css = (ROOT / "config/static/config/css/tokens.css").read_text()
    root = css[: css.index("html[data-theme")]
    pairs = {m[1]: (m[2], m[3]) for m in re.finditer(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", root)}
    return pairs | {m[1]: (m[2], m[2]) for m in re.finditer(r"--([\w-]+): (#\w{6});", root)}


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


WORDS = [(ink, paper) for paper in ("paper", "paper-2", "paper-3") for ink in ("ink", "ink-2")] + [
    ("ink-3", "paper"), ("ink-3", "paper-2"), ("ink-3", "down-wash"), ("accent", "paper"), ("accent", "paper-2"), ("accent", "down-wash"),
    ("on-accent", "accent-fill"), ("on-accent", "accent-fill-hover"), ("on-down", "down-fill"), ("up-text", "paper"),
    ("degraded-text", "paper"), ("degraded-text", "degraded-wash"), ("down-text", "paper"), ("down-text", "down-wash"),
    ("maint-text", "paper"), ("maint-text", "maint-wash"), ("paused-text", "paper"), ("unknown-text", "paper"),
    ("unknown-text", "unknown-ground"), ("ink", "down-wash"), ("ink", "degraded-wash"), ("ink", "shift"), ("ink", "shift-2"), ("ink-2", "shift"),
]  # fmt: skip
MARKS = [(mark, "paper") for mark in ("up", "degraded", "down", "maint", "paused", "unknown", "rule-2", "accent")] + [
    ("unknown", "unknown-ground"), ("down", "down-wash"), ("degraded", "degraded-wash"), ("up", "paper-2"), ("rule-2", "paper-2"),
]  # fmt: skip


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_pair_of_tokens_that_meets_has_its_contrast(theme):
    known = tokens()
    short = [(f, g) for f, g in WORDS if contrast(known[f][theme], known[g][theme]) < 4.5]
    short += [(f, g) for f, g in MARKS if contrast(known[f][theme], known[g][theme]) < 3]
    assert not short
