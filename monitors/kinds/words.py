"""Settings of a check in words: label and value, in the order of the form. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitors.kinds.base import Field, Kind, Shape

NOTHING: tuple[Any, ...] = ("", None, [], "none")


def settings_in_words(kind: Kind, stored: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, words) of what a monitor of this kind asks for and accepts; of secrets, what stands for them.

    What is not asked for is left out.
    """
    held = kind.restore(stored).as_json()
    shown = [*(field for field in kind.fields if not field.secret and not field.held), *kind.told]
    said = [field for field in shown if held[field.name] not in NOTHING and (not field.about or held[field.about])]
    return [(field.label, words_of(field, held[field.name])) for field in said]


def words_of(field: Field, value: Any) -> str:
    """One value as the form words it."""
    if field.shape is Shape.YES_NO:
        return dict(field.choices or (("yes", "yes"), ("no", "no")))["yes" if value else "no"]
    if field.shape is Shape.CHOICE:
        return dict(field.choices).get(value, str(value))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)
