"""From Markdown to the HTML of a page: a title, a body that may be trusted, its headings, and its text for the search.

HTML in the source is shown as text, and what the renderer made passes an allow-list once more: a page of docs/ is ours,
but a mistake in it must not become a script. Tables and examples scroll inside a region that the keyboard reaches, so
that the page itself never scrolls sideways.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

SERVED, PICTURES = "/docs/", "/docs/pictures/"
PAGE_LINK = re.compile(r"(?P<name>[a-z][a-z0-9-]*)\.md(?P<anchor>#[\w-]+)?")
PICTURE_LINK = re.compile(r"pictures/(?P<name>[a-z0-9][a-z0-9-]*\.png)")
OUTSIDE_OR_HERE = re.compile(r"https?://|/(?!/)|#")
REGION = {"role", "tabindex", "aria-label"}
TAGS = {
    "a", "blockquote", "br", "caption", "code", "div", "em", "h2", "h3", "h4", "hr", "img", "li", "ol", "p", "pre",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href"}, "img": {"src", "alt"}, "h2": {"id"}, "h3": {"id"}, "h4": {"id"}, "ol": {"start"}, "th": {"scope"},
    "table": {"class"}, "caption": {"class"}, "div": {"class"} | REGION, "pre": REGION,
}  # fmt: skip
# columns from which a table keeps a width of its own: it scrolls where the page is narrower
SHAPES = ((6, "many"), (4, "wide"), (3, "three"))


@dataclass(frozen=True)
class Heading:
    """A heading below the title: level 2 to 4, its words, and the anchor that leads to it ("" for the title's own text)."""

    level: int
    words: str
    anchor: str


@dataclass
class Section:
    """What stands under one heading, as plain text."""

    heading: Heading
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words with single blanks between them."""
        return " ".join(" ".join(self.parts).split())


@dataclass(frozen=True)
class Rendered:
    """One page: title in plain words, safe HTML without the title, sections in the order of the page."""

    title: str
    html: str
    sections: tuple[Section, ...]

    @property
    def headings(self) -> list[Heading]:
        """The headings below the title."""
        return [section.heading for section in self.sections if section.heading.anchor]


def address(target: str) -> str | None:
    """Where a link or picture of docs/ leads inside the product; None for what is not served here."""
    if page := PAGE_LINK.fullmatch(target):
        name = "" if page["name"] == "index" else f"{page['name']}/"
        return f"{SERVED}{name}{page['anchor'] or ''}"
    if picture := PICTURE_LINK.fullmatch(target):
        return f"{PICTURES}{picture['name']}"
    return target if OUTSIDE_OR_HERE.match(target) else None


def anchor_of(words: str, taken: set[str]) -> str:
    """`What comes in` → `what-comes-in`, as code hosts make it, with -1 if the page has it already; remembers it."""
    first = anchor = re.sub(r"[^\w\- ]", "", words.lower()).strip().replace(" ", "-") or "section"
    number = 0
    while anchor in taken:
        number += 1
        anchor = f"{first}-{number}"
    taken.add(anchor)
    return anchor


def render(text: str) -> Rendered:
    """Render one page. A page without a level-1 heading has the title ""."""
    tokens = MARKDOWN.parse(text)
    title, sections = _prepare(tokens)
    html = nh3.clean(
        MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https"},
    )
    return Rendered(title, html, tuple(sections))


def _prepare(tokens: list[Token]) -> tuple[str, list[Section]]:
    """Take the title out, give headings anchors, regions labels and links their served address; collect the text."""
    title, taken, counted = "", set[str](), {"Table": 0, "Example": 0}
    sections = [Section(Heading(1, "", ""))]
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            words = _plain(tokens[index + 1])
            if token.tag == "h1":
                title = title or words
                _hide(tokens[index : index + 3])
                continue
            token.attrSet("id", anchor_of(words, taken))
            sections.append(Section(Heading(int(token.tag[1]), words, str(token.attrGet("id")))))
        elif token.type == "inline":
            _rewrite(token)
            sections[-1].parts.append(_plain(token))
        elif token.type in ("fence", "code_block"):
            token.meta["label"] = _label("Example", counted, sections[-1])
            sections[-1].parts.append(token.content)
        elif token.type == "table_open":
            token.meta["label"] = _label("Table", counted, sections[-1])
            token.meta["shape"] = _shape(tokens[index:])
        elif token.type == "th_open":
            token.attrSet("scope", "col")
    return title, sections


def _hide(heading: Sequence[Token]) -> None:
    """The page's own h1 says the title already."""
    for token in heading:
        token.type, token.content, token.children = "hidden", "", []


def _label(kind: str, counted: dict[str, int], section: Section) -> str:
    """`Table 3: Keys`: two regions of one page never bear the same name."""
    counted[kind] += 1
    under = section.heading.words
    return f"{kind} {counted[kind]}: {under}" if under else f"{kind} {counted[kind]}"


def _shape(tokens: Sequence[Token]) -> str:
    """The class of the table that begins here, by the number of its columns."""
    head = next(i for i, token in enumerate(tokens) if token.type == "thead_close")
    columns = sum(token.type == "th_open" for token in tokens[:head])
    return next((shape for least, shape in SHAPES if columns >= least), "two")


def _plain(inline: Token) -> str:
    """The words of a line without its marks."""
    return "".join(" " if child.type.endswith("break") else child.content for child in inline.children or [])


def _rewrite(inline: Token) -> None:
    """Lead links and pictures to where they are served; what is not served here loses its address and stays text."""
    for child in inline.children or []:
        if child.type == "link_open":
            _lead(child, "href", address(str(child.attrGet("href") or "")))
        elif child.type == "image":
            served = address(str(child.attrGet("src") or ""))
            _lead(child, "src", served if served and served.startswith(PICTURES) else None)


def _lead(token: Token, name: str, served: str | None) -> None:
    token.attrs.pop(name, None)
    if served:
        token.attrSet(name, served)


def _table(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    label = escape(tokens[index].meta["label"])
    region = f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
    return f'{region}<table class="{tokens[index].meta["shape"]}"><caption class="hide">{label}</caption>'


def _example(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    label = escape(tokens[index].meta["label"])
    return f'<pre role="region" tabindex="0" aria-label="{label}"><code>{escape(tokens[index].content)}</code></pre>\n'


def _parser() -> MarkdownIt:
    """CommonMark with tables, and no HTML."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("table_open", _table)
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    parser.add_render_rule("fence", _example)
    parser.add_render_rule("code_block", _example)
    parser.add_render_rule("hidden", lambda *_: "")
    return parser


MARKDOWN = _parser()
