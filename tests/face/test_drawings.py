"""Drawings pass a strict CSP, escape what they are given, and tell states by height before colour."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from config import draw

START = datetime(2026, 3, 17, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
AXIS = draw.Axis(START, START + 8 * HOUR, START + 4 * HOUR, draw.clock_ticks(START, START + 8 * HOUR, UTC))
EVIL = "\"><script>alert('x')</script>&"

DRAWINGS = {
    "strip": lambda text: draw.strip(AXIS, [draw.Span(START, START + HOUR, "down")], text),
    "blocks": lambda text: draw.blocks(AXIS, [draw.Block(START, START + HOUR, "k-shift", text)], text),
    "points": lambda text: draw.points(AXIS, [draw.Point(START, "m-down", text)], text),
    "ticks": lambda text: draw.ticks(AXIS, [(START, "up"), (START + HOUR, "unknown")], text),
    "days": lambda text: draw.days(["up", "down", "unknown", "none", "none"], text),
    "daybar": lambda text: draw.daybar([draw.Cell("down", 0.3, text)], text, months=[(0, text)]),
    "spark": lambda text: draw.spark([1, None, 3], text),
    "chart": lambda text: draw.chart(
        [draw.Series(text, "l-ink", [1, None, 2])],
        text,
        axis=AXIS,
        high=2,
        rows=[(1, text)],
        limit=(1.5, text),
        bands=[draw.Band(1, 2, text, "k-unknown")],
    ),
    "range_plot": lambda text: draw.range_plot(99, 99.9, 100, 99.95, text, floor=98),
    "waterfall": lambda text: draw.waterfall([draw.Phase(text, 0, 5, "k-ink", text)], text),
    "labels": lambda text: draw.Axis(START, START + HOUR, START, (draw.Tick(START, text),)).labels(now_label=text),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_whole_xml_without_style_and_escapes_its_words(name):
    drawing = DRAWINGS[name](EVIL)
    root = ElementTree.fromstring(drawing)
    assert "<script" not in drawing
    assert not [node for node in root.iter() if "style" in node.attrib]


@pytest.mark.parametrize("name", [n for n in DRAWINGS if n != "labels"])
def test_a_drawing_says_in_words_what_it_shows(name):
    root = ElementTree.fromstring(DRAWINGS[name]("Checkout: down since 02:55"))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Checkout: down since 02:55"


def heights(drawing):
    return {m[1]: float(m[2]) for m in re.finditer(r'<rect class="k-(\w+)"[^>]* height="([\d.]+)"', drawing)}


def test_what_is_not_well_stands_taller():
    states = ["paused", "up", "maintenance", "degraded", "down"]
    spans = [draw.Span(START + i * HOUR, START + (i + 1) * HOUR, s) for i, s in enumerate(states)]
    tall = heights(draw.strip(AXIS, spans, "all"))
    assert [tall[s] for s in states] == sorted(tall[s] for s in states)


def test_unwatched_time_is_hatched_and_full_height():
    drawing = draw.strip(AXIS, [draw.Span(START, START + HOUR, "unknown")], "unwatched")
    assert 'fill="url(#hatch)"' in drawing
    assert heights(drawing)["unknown"] >= 20


def test_a_fault_too_short_to_see_is_still_drawn():
    drawing = draw.strip(AXIS, [draw.Span(START, START + timedelta(milliseconds=1), "down")], "short")
    assert 'width="0.15%"' in drawing


def test_spans_outside_the_axis_are_left_out_and_those_across_its_edge_are_cut():
    drawing = draw.strip(
        AXIS,
        [draw.Span(START - 9 * HOUR, START - 8 * HOUR, "down"), draw.Span(START - HOUR, START + HOUR, "up")],
        "edges",
    )
    assert "k-down" not in drawing
    assert 'x="0%"' in drawing


def test_a_gap_in_a_curve_stays_a_gap():
    assert draw.spark([1, 2, None, 2, 1], "gap").count("M") == 2


def test_the_now_line_is_drawn_once_and_only_when_there_is_a_now():
    assert draw.strip(AXIS, [], "x").count("l-now") == 1
    assert "l-now" not in draw.strip(draw.Axis(START, START + HOUR), [], "x")


@pytest.mark.parametrize(
    ("hours", "first", "second"), [(1, "01:00", "01:10"), (8, "02:00", "04:00"), (18, "03:00", "06:00")]
)
def test_labels_are_round_clock_times_of_the_readers_zone(hours, first, second):
    ticks = draw.clock_ticks(START, START + hours * HOUR, ZoneInfo("Europe/Berlin"))
    assert [tick.text for tick in ticks[:2]] == [first, second]
    assert len(ticks) <= 8


def test_labels_stay_round_across_a_change_of_summer_time():
    spring = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)
    texts = [tick.text for tick in draw.clock_ticks(spring, spring + 12 * HOUR, ZoneInfo("Europe/Berlin"))]
    assert all(text.endswith(":00") for text in texts)


def test_a_long_axis_is_labelled_in_days():
    assert draw.clock_ticks(START, START + timedelta(days=30), UTC)[0].text.endswith(" Mar")


def test_words_that_have_no_room_on_a_phone_say_so():
    def drawn(minutes):
        marks = [draw.Point(START, "m-down", "confirmed"), draw.Point(START + timedelta(minutes=minutes), "m-up", "")]
        return draw.points(AXIS, marks, "x")

    assert 'class="halo-paper t-2 roomy"' in drawn(100)
    assert 'class="halo-paper t-2"' in drawn(150)


def test_names_of_curves_do_not_stand_on_one_another():
    curves = [draw.Series("median", "l-ink", [10, 11]), draw.Series("slowest", "l-ink", [11, 30])]
    drawn = draw.chart(curves, "x", axis=AXIS, high=40)
    heights = [float(y) for y in re.findall(r'halo-paper" x="4" y="([\d.]+)"', drawn)]
    assert len(heights) == 2
    assert abs(heights[0] - heights[1]) >= 13


def test_words_that_would_run_into_the_next_mark_are_left_to_its_title():
    near = draw.points(
        AXIS, [draw.Point(START, "m-down", "a long story"), draw.Point(START + timedelta(minutes=5), "m-up", "b")], "x"
    )
    assert ">a long story</text>" not in near
    assert "<title>a long story</title>" in near
