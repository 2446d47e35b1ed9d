"""Markdown to safe HTML, with citations of facts. Knows no database: facts come in as arguments.

A text holds the id of a fact only, `[tle_…]` or `[esc_…]`; what the fact says is drawn from the record
each time, so nobody can write it. HTML in a text is text, images are not drawn (a picture from elsewhere
tells somebody when it is read), and what comes out passes an explicit list of tags and attributes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

MAX_BYTES = 64 * 1024
MOST_QUOTED = 160
FACT_ID = r"(?:tle|esc)_[a-z0-9]{16}"
CITATION = re.compile(rf"\[({FACT_ID})\]")
SAFE_HREF = re.compile(rf"(?:https?://|mailto:).+|#{FACT_ID}", re.DOTALL)
FIRST_HEADING = 4  # a section's own title is an h3

TAGS = {
    "a", "b", "blockquote", "br", "code", "div", "em", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "span", "strong",
    "table", "tbody", "td", "th", "thead", "time", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "div": {"tabindex", "role", "aria-label"},
    "ol": {"start"},
    "time": {"datetime", "title"},
}
CLASSES = {"a": {"cite"}, "span": {"id", "cite", "is-missing"}, "div": {"scroll"}, "table": {"list"}}


@dataclass(frozen=True)
class Fact:
    """One line of the record that a text may cite. at: when it happened. source: such as `ledger line 37,102`."""

    id: str
    at: datetime
    said: str
    quote: str = ""
    source: str = ""

    @property
    def words(self) -> str:
        """The sentence, with a note's own words; a long note is cut, the fact it leads to has the whole."""
        if not self.quote:
            return self.said
        line = " ".join(self.quote.split())
        return f"{self.said} “{line if len(line) <= MOST_QUOTED else line[:MOST_QUOTED] + '…'}”"


def render(text: str, facts: Mapping[str, Fact], zone: tzinfo, day: datetime) -> str:
    """Return the HTML of a text. zone: in which times are printed; other days than that of `day` are named."""
    env = {"facts": facts, "zone": zone, "day": day}
    drawn = _MARKDOWN.render(text[:MAX_BYTES], env)
    return nh3.clean(
        drawn,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        attribute_filter=_only_safe,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def citations(text: str) -> list[str]:
    """Ids that a text cites, each once, in order; what stands in code is no citation."""
    found = (
        inner.content
        for token in _MARKDOWN.parse(text[:MAX_BYTES])
        for inner in token.children or ()
        if inner.type == "cite"
    )
    return list(dict.fromkeys(found))


def _only_safe(tag: str, attribute: str, value: str) -> str | None:
    """Links lead to a web address, a mail address or a fact of this page, and nowhere inside the product."""
    return value if attribute != "href" or SAFE_HREF.fullmatch(value) else None


def _read_citation(state: StateInline, silent: bool) -> bool:
    found = CITATION.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("cite", "", 0).content = found[1]
    state.pos = found.end()
    return True


def _draw_citation(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    wanted = tokens[index].content
    fact: Fact | None = env["facts"].get(wanted)
    if fact is None:
        return f'<span class="cite is-missing">No fact <span class="id">{escape(wanted)}</span> in this incident</span>'
    local, utc = fact.at.astimezone(env["zone"]), fact.at.astimezone(UTC)
    form = "%H:%M:%S" if local.date() == env["day"].astimezone(env["zone"]).date() else "%d %b, %H:%M:%S"
    clock = (
        f'<time datetime="{utc:%Y-%m-%dT%H:%M:%SZ}" title="{utc:%Y-%m-%d %H:%M:%S} UTC">{local.strftime(form)}</time>'
    )
    source = f' <span class="id">{escape(fact.source)}</span>' if fact.source else ""
    return f'<a class="cite" href="#{fact.id}"><b>{clock}</b> {escape(fact.words)}{source}</a>'


def _draw_heading(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    level = min(6, int(token.tag[1:]) + FIRST_HEADING - 1)
    return f"<h{level}>" if token.nesting == 1 else f"</h{level}>\n"


def _draw_table(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    # a wide table scrolls inside a region that the keyboard reaches; the page never does
    if tokens[index].nesting == 1:
        return '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table class="list">\n'
    return "</table></div>\n"


def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False}).enable("table")
    # a reference definition would hide a link's target far from its words
    made.disable(["image", "reference", "html_block", "html_inline"])
    made.inline.ruler.before("link", "cite", _read_citation)
    for name, draw in (
        ("cite", _draw_citation),
        ("heading_open", _draw_heading),
        ("heading_close", _draw_heading),
        ("table_open", _draw_table),
        ("table_close", _draw_table),
    ):
        made.add_render_rule(name, draw)
    return made


_MARKDOWN = _markdown()
