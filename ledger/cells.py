"""How a value stands in a file that leaves: in CSV, safe to open in a spreadsheet, and in JSON, as it is. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from ledger.tables import told

# a spreadsheet takes a text that begins so for a formula
FORMULA = ("=", "+", "-", "@", "\t", "\r")
APOSTROPHE = "'"


def csv_line(values: Sequence[Any]) -> tuple[str, int]:
    """One line of CSV as RFC 4180 has it, ended by a line feed alone, and how many of its cells were escaped."""
    cells, escaped = [], 0
    for value in values:
        text = csv_text(value)
        if isinstance(value, str) and text.startswith(FORMULA):
            text, escaped = APOSTROPHE + text, escaped + 1
        cells.append(_quoted(text))
    return ",".join(cells) + "\n", escaped


def csv_text(value: Any) -> str:
    """A value as text: instants in UTC with milliseconds, truth in JSON's words, nothing for None, lists as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        return json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return str(plain(value))


def json_object(names: Sequence[str], values: Sequence[Any]) -> str:
    """One row as a JSON object on one line, values as they are."""
    row = {name: plain(value) for name, value in zip(names, values, strict=True)}
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def plain(value: Any) -> Any:
    """A value in JSON's own types."""
    if isinstance(value, datetime):
        return told(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    return value


def _quoted(text: str) -> str:
    if any(sign in text for sign in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
