"""A badge as a picture and as the JSON that shields.io draws one from. Pure, standard library only.

The colours are the names shields.io gives to meanings; the hex values are those of our own states on white text.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

HEIGHT, PAD = 20, 6
WIDE, NARROW, USUAL = 10.0, 3.9, 6.6  # widths of a character at 11 px
THIN = frozenset("ijltfr.,:;|!'()[] ")
BROAD = frozenset("mwMW%@")
INK = {"success": "#1a7f4b", "important": "#a35a00", "critical": "#b3261e", "inactive": "#5f6672"}
LABEL_INK = "#3a3f47"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a badge says. meaning: success, important, critical or inactive."""

    label: str
    message: str
    meaning: str


def as_shields(shown: Shown) -> dict[str, object]:
    """The answer of an endpoint badge (shields.io/badges/endpoint-badge): label and message are plain text."""
    return {"schemaVersion": 1, "label": shown.label, "message": shown.message, "color": shown.meaning}


def as_svg(shown: Shown) -> str:
    """One picture of 20 px height; a reader is told label and message, whatever they hold."""
    left, right = _width(shown.label) + 2 * PAD, _width(shown.message) + 2 * PAD
    label, message = escape(shown.label), escape(shown.message)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img" '
        f'aria-label="{label}: {message}"><title>{label}: {message}</title>'
        f'<rect width="{left + right}" height="{HEIGHT}" rx="3" fill="{INK[shown.meaning]}"/>'
        f'<path d="M3 0h{left - 3}v{HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="{LABEL_INK}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{PAD}" y="14" textLength="{left - 2 * PAD}">{label}</text>'
        f'<text x="{left + PAD}" y="14" textLength="{right - 2 * PAD}">{message}</text></g></svg>'
    )


def _width(text: str) -> int:
    return round(sum(NARROW if c in THIN else WIDE if c in BROAD else USUAL for c in text)) or 1
