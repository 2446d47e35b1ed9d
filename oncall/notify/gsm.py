"""SMS texts that fit one segment: GSM-7 and at most 160 septets. Pure: standard library only.

One character outside GSM-7 turns the whole message into UCS-2: 70 characters a segment, twice the price, and slower.
"""

from __future__ import annotations

import unicodedata

SEGMENT = 160

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each of these travels behind an escape and costs two septets.
_EXTENDED = "^{}\\[~]|€"
_INSTEAD = {
    "‘": "'", "’": "'", "‚": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "…": "...", "•": "*", "·": ".", "→": "->", "←": "<-",
    "×": "x", "≤": "<=", "≥": ">=", "\t": " ", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "œ": "oe", "Œ": "OE", "ð": "d", "þ": "th", "ẞ": "SS",
}  # fmt: skip


def to_gsm7(text: str) -> str:
    """Return `text` in GSM-7: transliterated where there is a likeness, `?` where there is none.

    Line breaks and other control characters become blanks, so that a title cannot forge a second line.
    """
    out: list[str] = []
    for char in unicodedata.normalize("NFC", text):
        out.append(_one(char))
    return " ".join("".join(out).split())


def _one(char: str) -> str:
    if char in "\r\n" or unicodedata.category(char) in ("Cc", "Zl", "Zp"):
        return " "
    if char in _BASIC or char in _EXTENDED:
        return char
    if char in _INSTEAD:
        return _INSTEAD[char]
    category = unicodedata.category(char)
    if category in ("Cf", "Mn"):  # zero-width marks and variation selectors carry nothing a phone could show
        return ""
    plain = "".join(c for c in unicodedata.normalize("NFKD", char) if c in _BASIC)
    return plain or "?"


def septets(text: str) -> int:
    """Return how many septets a GSM-7 text takes; raise ValueError when it is not GSM-7."""
    total = 0
    for char in text:
        if char in _BASIC:
            total += 1
        elif char in _EXTENDED:
            total += 2
        else:
            raise ValueError(f"{char!r} is not in GSM-7")
    return total


def cut(text: str, room: int) -> str:
    """Return the longest beginning of a GSM-7 text that takes at most `room` septets, ended by `..` if cut."""
    if septets(text) <= room:
        return text
    if room < 3:
        return ""
    kept, used = [], 2
    for char in text:
        used += septets(char)
        if used > room:
            break
        kept.append(char)
    return "".join(kept).rstrip() + ".."
