"""The tags: a word and a shape for every state, one zone a page, nothing unescaped."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import timezone

from config.marks import STATES, TRUTHS, VERDICTS, sprite

NOW = datetime(2026, 3, 17, 2, 14, 20, tzinfo=UTC)


def said(source, **context):
    with timezone.override("Europe/Berlin"):
        return Template("{% load watchbook %}" + source).render(Context({"now": NOW, **context}))


@pytest.mark.parametrize("name", STATES)
def test_a_state_is_a_shape_and_a_word(name):
    drawn = said("{% state name %}", name=name)
    assert f'href="#m-{name}"' in drawn
    assert STATES[name] in drawn


def test_every_shape_that_is_used_is_in_the_sprite():
    whole = sprite()
    for name in [*(f"m-{s}" for s in STATES), *(f"m-{t}" for t in TRUTHS), *(v.symbol for v in VERDICTS.values())]:
        assert f'id="{name}"' in whole


def test_a_sprite_of_some_holds_only_those():
    small = sprite(("hatch", "m-down"))
    assert 'id="m-down"' in small
    assert 'id="m-up"' not in small
    assert len(small) < 1200


def test_an_unknown_truth_is_a_mistake_of_the_template():
    with pytest.raises(TemplateSyntaxError):
        said('{% truth "sent" %}')


def test_words_given_to_a_tag_are_escaped():
    assert "<b>" not in said(
        "{% state 'down' w %}{% truth 'failed' w %}{% mark w %}{% verdict 'met' w %}", w="<b>x</b>"
    )


@pytest.mark.parametrize(
    ("at", "form", "shown"),
    [
        (NOW, "auto", "03:14"),
        (NOW - timedelta(hours=4), "auto", "23:14"),
        (NOW - timedelta(hours=30), "auto", "Sun 21:14"),
        (NOW - timedelta(days=20), "auto", "25 Feb, 03:14"),
        (NOW - timedelta(days=400), "auto", "10 Feb 2025, 03:14"),
        (NOW, "second", "03:14:20"),
        (NOW, "full", "Tue 17 Mar 2026, 03:14:20"),
    ],
)
def test_a_time_is_printed_in_the_zone_of_the_page_with_utc_in_the_title(at, form, shown):
    drawn = said("{% when at form %}", at=at, form=form)
    assert f">{shown}</time>" in drawn
    assert f'datetime="{at:%Y-%m-%dT%H:%M:%SZ}"' in drawn
    assert f'title="{at:%Y-%m-%d %H:%M:%S} UTC"' in drawn


def test_what_has_not_happened_is_a_dash():
    assert said("{% when at %}|{% ago at %}|{{ at|spell }}|{{ at|ms }}|{{ at|ratio }}", at=None) == "–|–|–|–|–"


def test_a_naive_instant_is_refused():
    with pytest.raises(TemplateSyntaxError):
        said("{% when at %}", at=datetime(2026, 3, 17))  # noqa: DTZ001


def test_ages_and_lengths_are_said_from_the_now_of_the_page():
    assert ">12 s ago</time>" in said("{% ago at %}", at=NOW - timedelta(seconds=12))
    still = said("{% lasting at %}", at=NOW - timedelta(seconds=1160))
    assert 'data-since="2026-03-17T01:55:00Z"' in still
    assert ">19 min 20 s</span>" in still
    assert said("{% lasting at end %}", at=NOW - timedelta(hours=2), end=NOW) == "2 h"
    assert said('{{ 2|counted:"person,people" }}') == "2 people"


def test_an_axis_leaves_out_a_now_that_lies_outside():
    source = "{% axis start end now as ax %}{% strip ax spans 'x' %}"
    assert "l-now" not in said(source, start=NOW - timedelta(hours=3), end=NOW - timedelta(hours=1), spans=[])
