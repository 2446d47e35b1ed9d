"""Inputs of a form out of the fields of a type of check, and what a person wrote in them back into its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from monitors.forms.parsing import read_header_lines, with_scheme
from monitors.kinds import Field, Kind, Shape, Target

CHOSEN = (Shape.CHOICE, Shape.WHOLE, Shape.YES_NO)
NOTHING: tuple[Any, ...] = ("", None, {}, [])


def line(**attrs: str) -> forms.TextInput:
    """One line that no browser corrects or remembers."""
    return forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", **attrs})


class _Kept:
    """A setting that has a default: one that was not sent, or left empty, is None and stays as it is."""

    def clean(self, value: Any) -> Any:
        """The value, or None."""
        return None if value in ("", None) else super().clean(value)  # type: ignore[misc]


class KeptText(_Kept, forms.CharField):
    """A text."""


class KeptChoice(_Kept, forms.TypedChoiceField):
    """A choice."""


class KeptNumber(_Kept, forms.IntegerField):
    """A number."""


class UrlField(forms.CharField):
    """An address; a bare host gets its scheme."""

    def clean(self, value: Any) -> Any:
        """The address with `https://` before it if it has no scheme."""
        return with_scheme(super().clean(value))


class ListField(forms.CharField):
    """One text a line; cleans to a list."""

    def prepare_value(self, value: Any) -> Any:
        """A list is shown as lines."""
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        """Lines without the empty ones."""
        return [text.strip() for text in super().clean(value).splitlines() if text.strip()]


class HeadersField(forms.CharField):
    """`Name: value` lines; cleans to a dict."""

    def clean(self, value: Any) -> Any:
        """Header names to values."""
        try:
            return read_header_lines(super().clean(value))
        except ValueError as error:
            raise ValidationError(str(error), code="unreadable") from error


def add_inputs(form: forms.Form, kind: Kind, held: Target | None, secrets: Mapping[str, Any]) -> None:
    """Put the inputs of a kind into a form. held, secrets: of a monitor that exists; a tick removes a set secret."""
    for field in kind.fields:
        form.fields |= _inputs(field)
        if field.secret and field.name in secrets:
            told = _told(kind, field, held)
            inputs = [form.fields[name] for name in names_of(field)]
            inputs[0].help_text = f"{told} Write here to replace what is set; left empty it stays."
            form.fields[f"drop_{field.name}"] = forms.BooleanField(label=f"Remove: {field.label}", required=False)


def names_of(field: Field) -> tuple[str, ...]:
    """The names of a field's inputs."""
    if field.shape is Shape.SIGN_IN:
        return f"{field.name}_username", f"{field.name}_password"
    return (field.name,)


def rows_of(form: forms.Form, kind: Kind, *, everyday: bool) -> Iterator[list[forms.BoundField]]:
    """The inputs of a kind as a page shows them: one or two a line."""
    waiting: list[forms.BoundField] = []
    for field in (field for field in kind.fields if field.everyday is everyday):
        bound = [form[name] for name in names_of(field)]
        if waiting and (len(waiting) == 2 or not field.half):
            yield waiting
            waiting = []
        if field.half:
            waiting += bound
            continue
        yield bound
        if f"drop_{field.name}" in form.fields:
            yield [form[f"drop_{field.name}"]]
    if waiting:
        yield waiting


def settings_of(form: forms.Form, kind: Kind, *, secret: bool) -> dict[str, Any]:
    """What was written for the target, or for the secrets: of those only what was written, None for one to remove.

    A choice or number that was not sent stays as it is, or has its default.
    """
    data, found = form.cleaned_data, {}
    for field in (field for field in kind.fields if field.secret is secret):
        pair = [data.get(name) for name in names_of(field)]
        value = (pair if any(pair) else None) if field.shape is Shape.SIGN_IN else pair[0]
        if value not in NOTHING or not (secret or field.shape in CHOSEN):
            found[field.name] = value
        elif data.get(f"drop_{field.name}"):
            found[field.name] = None
    return found


def initial_of_target(kind: Kind, target: Mapping[str, Any]) -> dict[str, Any]:
    """What a form shows of a target, or of the defaults where it has no word: everything but secrets."""
    found: dict[str, Any] = {}
    for field in (field for field in kind.fields if not field.secret):
        value = target.get(field.name, field.default)
        found[field.name] = ("yes" if value else "no") if field.shape is Shape.YES_NO and field.choices else value
    return found


def input_at_fault(form: forms.Form, name: str) -> str | None:
    """The input that a refusal of a field or of its half speaks of; None for the form as a whole."""
    return next((one for one in (name, f"{name}_username") if one in form.fields), None)


def _inputs(field: Field) -> dict[str, forms.Field]:
    kept = field.default not in NOTHING and field.shape is not Shape.LIST
    told: dict[str, Any] = {"label": field.label, "help_text": field.help, "required": field.required or kept}
    whole = f"A number from {field.least:,} to {field.most:,}."
    match field.shape:
        case Shape.SIGN_IN:
            name, password = names_of(field)
            held: dict[str, Any] = {"max_length": field.most, "required": False}
            return {
                name: forms.CharField(label=field.label, help_text=field.help, widget=line(), **held),
                password: forms.CharField(label="Its password", widget=_password(), **held),
            }
        case Shape.CHOICE:
            return {field.name: KeptChoice(**told, choices=field.choices)}
        case Shape.YES_NO if field.choices:
            return {field.name: KeptChoice(**told, choices=field.choices, coerce=lambda value: value == "yes")}
        case Shape.YES_NO:
            return {field.name: forms.BooleanField(**{**told, "required": False})}
        case Shape.WHOLE:
            sentences = dict.fromkeys(("min_value", "max_value", "invalid"), whole)
            bounds: dict[str, Any] = {"min_value": field.least, "max_value": field.most}
            number = KeptNumber if kept else forms.IntegerField
            return {field.name: number(**told, **bounds, error_messages=sentences)}
        case Shape.LIST:
            return {field.name: ListField(**told, max_length=field.most * 500, widget=_lines())}
        case Shape.HEADERS:
            return {field.name: HeadersField(**told, max_length=20_000, widget=_lines())}
        case Shape.LINES:
            return {field.name: forms.CharField(**told, max_length=field.most, strip=False, widget=_lines())}
        case Shape.URL:
            return {field.name: UrlField(**told, max_length=field.most, widget=line(inputmode="url"))}
    words, widget = field.shape is Shape.WORDS, _password() if field.secret else line()
    text = KeptText if kept else forms.CharField
    return {field.name: text(**told, max_length=field.most, strip=not words, widget=widget)}


def _told(kind: Kind, field: Field, held: Target | None) -> str:
    """`Headers sent: X-Api-Key.`: what may be said of a secret that is set."""
    said = next((told for told in kind.told if told.name == field.held), None)
    if said is None or held is None:
        return "Set, and never shown again."
    value = held.as_json()[said.name]
    return f"{said.label}: {', '.join(value) if isinstance(value, list) else value}."


def _lines() -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})


def _password() -> forms.PasswordInput:
    return forms.PasswordInput(attrs={"autocomplete": "off"})
