"""Dataclasses to plain JSON values and back, by their type hints and nothing else.

What comes back is held to the hints: a text where a number belongs, a field that does not exist or a number that no
column holds is refused, because the message comes from another machine.
"""

from __future__ import annotations

import base64
import binascii
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any

LONGEST = 100_000  # characters of one text
LARGEST = 2**62


class NotPlain(ValueError):
    """A value is not what the type says."""


def as_plain(value: Any) -> Any:
    """A dataclass, enum, instant or container of them as JSON can hold it. Default values are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        held = ((field, getattr(value, field.name)) for field in fields(value))
        return {field.name: as_plain(item) for field, item in held if item != field.default}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [as_plain(item) for item in value]
    return value


def of_plain(kind: Any, value: Any) -> Any:
    """The value of a type out of what `as_plain` made of it. Raises NotPlain."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        return _of_union(args, value)
    if is_dataclass(kind):
        return _of_dataclass(kind, value)
    if origin in (list, tuple, set, frozenset):
        return _of_sequence(origin, args, value)
    if origin in (dict, Mapping):
        return {key: of_plain(args[1], item) for key, item in _need(value, dict).items()}
    return _of_scalar(kind, value)


def _of_union(args: tuple[Any, ...], value: Any) -> Any:
    if value is None and type(None) in args:
        return None
    for one in args:
        if one is not type(None):
            try:
                return of_plain(one, value)
            except NotPlain:
                continue
    raise NotPlain("no type of the union fits")


def _of_dataclass(kind: Any, value: Any) -> Any:
    hints = _hints(kind)
    given = _need(value, dict)
    if not set(given) <= set(hints):
        raise NotPlain(f"{kind.__name__} has other fields")
    try:
        return kind(**{name: of_plain(hints[name], item) for name, item in given.items()})
    except TypeError as error:
        raise NotPlain(f"{kind.__name__} lacks a field") from error


def _of_sequence(origin: Any, args: tuple[Any, ...], value: Any) -> Any:
    items = _need(value, list)
    if origin is tuple and args and args[-1] is not Ellipsis:
        if len(items) != len(args):
            raise NotPlain("a row of another length")
        return tuple(of_plain(one, item) for one, item in zip(args, items, strict=True))
    return origin(of_plain(args[0] if args else Any, item) for item in items)


def _of_scalar(kind: Any, value: Any) -> Any:
    try:
        if kind is datetime:
            moment = datetime.fromisoformat(_need(value, str))
            if moment.tzinfo is None:
                raise NotPlain("an instant without a zone")
            return moment
        if kind is bytes:
            return base64.b64decode(_need(value, str), validate=True)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return kind(value)
    except NotPlain:
        raise
    except (ValueError, TypeError, binascii.Error) as error:
        raise NotPlain(f"no {getattr(kind, '__name__', kind)}") from error
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type):
        return _within(_need(value, kind))
    raise NotPlain(f"nothing is known of {kind}")


def _within(value: Any) -> Any:
    """Numbers and texts that a column can hold."""
    if isinstance(value, str) and (len(value) > LONGEST or "\x00" in value or (not value.isascii() and _lone(value))):
        raise NotPlain("a text that cannot be kept")
    if isinstance(value, int | float) and not -LARGEST < value < LARGEST:
        raise NotPlain("a number that cannot be kept")
    return value


def _lone(text: str) -> bool:
    """Whether a text has half a character, which no database takes."""
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _need(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise NotPlain(f"no {kind.__name__}")
    return value


@lru_cache(maxsize=64)
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
