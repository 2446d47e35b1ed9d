"""Markdown to HTML: what somebody writes never runs, never loads, never leads inside, and never looks like a fact."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortems.markup import MAX_BYTES, Fact, citations, render

AT = datetime(2026, 3, 17, 1, 55, 20, tzinfo=UTC)
FACT = Fact("tle_" + "a" * 16, AT, "Ben Okafor noted on the screen.", "Deploy <b>1</b>", "ledger line 12")
BERLIN = ZoneInfo("Europe/Berlin")
TAG = re.compile(r"<(/?)([a-z0-9]+)([^>]*)>")
KNOWN = {
    "a", "b", "blockquote", "br", "code", "div", "em", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "span", "strong",
    "table", "tbody", "td", "th", "thead", "time", "tr", "ul",
}  # fmt: skip


def draw(text, facts=(FACT,), zone=BERLIN):
    return render(text, {fact.id: fact for fact in facts}, zone, AT)


def test_a_citation_is_drawn_from_the_record_and_leads_to_it():
    drawn = draw(f"Then [{FACT.id}] happened.")
    assert f'<a class="cite" href="#{FACT.id}"' in drawn
    assert "02:55:20" in drawn
    assert 'title="2026-03-17 01:55:20 UTC"' in drawn
    assert "Ben Okafor noted on the screen. “Deploy &lt;b&gt;1&lt;/b&gt;”" in drawn
    assert "ledger line 12" in drawn


def test_words_beside_a_citation_are_not_part_of_it():
    drawn = draw(f"[{FACT.id}](https://evil.example) [{FACT.id}: Ana did it]")
    assert drawn.count('class="cite"') == 1
    assert "evil.example" not in re.findall(r'href="([^"]*)"', drawn)


def test_a_fact_of_another_day_is_dated_and_a_long_note_is_cut():
    later = Fact("esc_" + "b" * 16, AT + timedelta(days=2), "Step 1: Ana paged.", "word " * 60)
    drawn = draw(f"[{later.id}]", (later,))
    assert "19 Mar, 02:55:20" in drawn
    assert "…”" in drawn


def test_an_unknown_fact_says_so():
    assert "No fact <span" in draw("[tle_" + "z" * 16 + "]")


def test_citations_are_read_in_order_once_and_not_out_of_code():
    text = f"[{FACT.id}] `[tle_{'c' * 16}]` [esc_{'b' * 16}] [{FACT.id}]\n\n- [tle_{'d' * 16}]"
    assert citations(text) == [FACT.id, "esc_" + "b" * 16, "tle_" + "d" * 16]


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "![beacon](https://evil.example/x.png)",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "<javascript:alert(1)>",
        "[x](/people/)",
        "[x](//evil.example)",
        "[x](https://ok.example 'a\"onmouseover=alert(1)')",
        '<a class="cite" href="#tle_aaaaaaaaaaaaaaaa">01:00 Ana deleted it</a>',
        "```\n</code></pre><script>alert(1)</script>\n```",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<style>*{background:url(https://evil.example)}</style>",
        "[a]: javascript:alert(1)\n\n[a]",
        "| <b onclick=x> |\n|---|\n| <iframe src=x> |",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "x" * 70_000,
        "\x00\u202e<script>",
    ],
)
def test_nothing_hostile_comes_out(hostile):
    drawn = draw(hostile)
    for _, tag, attributes in TAG.findall(drawn):
        assert tag in KNOWN
        assert not re.search(r"\s(on\w+|src|style|id|formaction)=", attributes)
    for target in re.findall(r'href="([^"]*)"', drawn):
        assert re.match(r"https?://|mailto:|#(tle|esc)_", target), target
    assert '<a class="cite"' not in drawn


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400))
def test_any_text_is_drawn_with_known_tags_only(text):
    assert {tag for _, tag, _ in TAG.findall(draw(text))} <= KNOWN


@given(
    st.lists(
        st.sampled_from(["[", "]", "(", ")", "<", ">", "`", "*", "#", "|", "-", "\n", FACT.id, "x", "!"]), max_size=60
    )
)
def test_any_heap_of_signs_is_drawn_and_only_real_facts_are_citations(signs):
    text = "".join(signs)
    drawn = draw(text)
    assert {tag for _, tag, _ in TAG.findall(drawn)} <= KNOWN
    assert drawn.count('class="cite"') <= text.count(f"[{FACT.id}]")


def test_headings_stay_below_the_title_of_their_section():
    assert "<h4>One</h4>" in draw("# One")
    assert "<h6>Six</h6>" in draw("###### Six")


def test_the_largest_text_of_the_worst_kind_is_drawn():
    assert draw("*a _b " * (MAX_BYTES // 6))
