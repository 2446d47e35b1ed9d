"""What every type of check has: a name, the fields a person fills in, and how they are read. Standard library only.

Forms, API, history and evidence are made from the fields, so that a setting has one name everywhere
(docs/monitoring.md, "Adding a check type").
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from monitors.kinds.text import TargetError


class Shape(StrEnum):
    """What a value looks like, and with it the input of a form and the JSON of the API.

    text: one line, trimmed; url: the same, for http addresses. words: text kept as it is. lines: several lines.
    list: texts, one a line. headers: names to values, `Name: value` a line. sign_in: [name, password].
    """

    URL = "url"
    TEXT = "text"
    WORDS = "words"
    LINES = "lines"
    LIST = "list"
    HEADERS = "headers"
    SIGN_IN = "sign_in"
    CHOICE = "choice"
    WHOLE = "whole"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a check, as forms, API and docs name it.

    most: characters, for lists items, for numbers the highest value. choices: (value, words); of a yes_no
    ("yes", words) and ("no", words), or none for a tick. secret: write-only, encrypted, absent from history.
    held: the setting that stands for a secret, or for a text too long to be shown. instead_of: the secret that this one replaces.
    about: the setting without which this one says nothing.
    half: narrow enough to share its line. everyday: shown at once, the others are folded away.
    """

    name: str
    label: str
    shape: Shape = Shape.TEXT
    help: str = ""
    default: Any = None
    required: bool = False
    secret: bool = False
    held: str = ""
    instead_of: str = ""
    about: str = ""
    least: int = 0
    most: int = 200
    choices: tuple[tuple[str, str], ...] = ()
    half: bool = False
    everyday: bool = False


class Target(Protocol):
    """What history keeps of a check. address: what a person is shown. host: what the guard is asked, "" for nothing.

    port: 0 if the protocol has none.
    """

    @property
    def address(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    def as_json(self) -> dict[str, Any]: ...


class Settings:
    """The base of targets, which are frozen dataclasses with slots: one field a setting."""

    __slots__ = ()

    def as_json(self) -> dict[str, Any]:
        """The form in which a monitor keeps it."""
        held = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}  # type: ignore[arg-type]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in held.items()}


class Secrets(Settings):
    """The base of the write-only halves, dataclasses as well: one field a secret, empty by default."""

    __slots__ = ()

    def as_json(self) -> dict[str, Any]:
        """The form in which it is encrypted: only what is set."""
        return {name: value for name, value in super().as_json().items() if value}


@dataclass(frozen=True, slots=True)
class NoSecrets(Secrets):
    """Of a kind that has none."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of check. read_target and read_secrets raise TargetError; its sentences never quote a secret.

    address_field: the field at fault when the address may not be called. told: what the API and evidence say
    of secrets, as settings of the target. defaults: of interval, timeout and rule, where they differ.
    """

    name: str
    label: str
    about: str
    fields: tuple[Field, ...]
    target: Callable[..., Target]
    read_target: Callable[[Mapping[str, Any], Any], Target]
    read_secrets: Callable[[Mapping[str, Any]], Secrets]
    address_field: str = "host"
    told: tuple[Field, ...] = ()
    defaults: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def restore(self, stored: Mapping[str, Any]) -> Target:
        """A target as a row keeps it, whatever version of us wrote it: settings it has no word of have their default."""
        names = {field.name for field in dataclasses.fields(self.target)}  # type: ignore[arg-type]
        held = {name: tuple(v) if isinstance(v, list) else v for name, v in stored.items() if name in names}
        return self.target(**held)

    def merge_secrets(self, held: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Secrets after a change: what is given replaces, None removes, what is not given stays."""
        merged = {**held, **given}
        for field in self.fields:
            if field.instead_of and given.get(field.name) and not given.get(field.instead_of):
                merged.pop(field.instead_of, None)
        return {name: value for name, value in merged.items() if value}


def no_secrets(given: Mapping[str, Any]) -> Secrets:
    """`read_secrets` of a kind that has none."""
    if any(given.values()):
        raise TargetError(next(iter(given)), "This type of check has no secrets.")
    return NoSecrets()
