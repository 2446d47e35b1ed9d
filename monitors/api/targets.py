"""Settings of checks in JSON, made from the fields of each type: one object a type, named like it.

A request holds the object of exactly one type, which says what type the monitor is:

    {"name": "Front page", "service": "svc_…", "http": {"url": "https://shop.example.com/"}}
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from rest_framework import serializers
from rest_framework.fields import SkipField

from accounts.api.fields import Body, OneOf, Secret, Text, Whole, YesNo
from monitors.forms.targets import NOTHING
from monitors.kinds import KINDS, Field, Kind, Shape
from monitors.models import Monitor

ONE_TYPE = f"Send the settings of exactly one type of check: {', '.join(KINDS)}."
ITEM_MAX = 2000  # characters of an item of a list, and of a header


class SignIn(Body):
    """A name and its password."""

    username = Text(max_length=200)
    password = Secret(max_length=1000)


class Headers(serializers.DictField):
    """Header values by name."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(child=Text(max_length=8000, allow_blank=True), **kwargs)
        self.most = most

    def to_internal_value(self, data: Any) -> Any:
        """No more than can be sent."""
        found = super().to_internal_value(data)
        if len(found) > self.most:
            raise serializers.ValidationError(f"At most {self.most} headers.", code="too_many")
        return found


class TargetOut(serializers.Serializer):
    """The settings of a monitor, if it is of this type; of secrets only that they are there."""

    kind: Kind

    def get_attribute(self, instance: Monitor) -> Any:
        """The monitor's settings; other types leave the field out."""
        if instance.kind != self.kind.name:
            raise SkipField
        return self.kind.restore(instance.target).as_json()


def _input(field: Field, *, whole: bool) -> serializers.Field:
    """How a setting is taken. whole: all of a target, not a change of one."""
    needed = field.required and whole
    told: dict[str, Any] = {"required": needed, "help_text": field.help or field.label}
    if field.secret:
        told |= {"allow_null": True, "write_only": True}
    match field.shape:
        case Shape.SIGN_IN:
            return SignIn(**told)
        case Shape.HEADERS:
            return Headers(most=field.most, **told)
        case Shape.LIST:
            child = Text(max_length=ITEM_MAX)
            return serializers.ListField(child=child, max_length=field.most, allow_empty=not field.required, **told)
        case Shape.CHOICE:
            return OneOf(choices=[value for value, _ in field.choices], **told)
        case Shape.WHOLE:
            least, most = field.least, field.most
            return Whole(min_value=least, max_value=most, allow_null=not needed and field.default is None, **told)
        case Shape.YES_NO:
            return YesNo(**told)
    told |= {"max_length": field.most, "allow_blank": not field.required}
    if field.secret:
        told.pop("write_only")
        return Secret(**told)
    return Text(**told, trim_whitespace=field.shape in (Shape.TEXT, Shape.URL))


def _output(field: Field) -> serializers.Field:
    told: dict[str, Any] = {"help_text": field.label}
    match field.shape:
        case Shape.LIST:
            return serializers.ListField(child=serializers.CharField(), **told)
        case Shape.CHOICE:
            return serializers.ChoiceField(choices=[value for value, _ in field.choices], **told)
        case Shape.WHOLE:
            return serializers.IntegerField(**told)
        case Shape.YES_NO:
            return serializers.BooleanField(**told)
    return serializers.CharField(**told)


def _body(kind: Kind, *, whole: bool) -> type[Body]:
    fields: dict[str, Any] = {field.name: _input(field, whole=whole) for field in kind.fields}
    fields["__doc__"] = f"{'Settings' if whole else 'Changed settings'} of a check of the type {kind.label}."
    return type(f"{kind.name.title()}Target{'' if whole else 'Change'}", (Body,), fields)


def _shown(kind: Kind) -> type[TargetOut]:
    fields = {field.name: _output(field) for field in (*kind.fields, *kind.told) if not field.secret}
    doc = f"Settings of a check of the type {kind.label}."
    return type(f"{kind.name.title()}TargetOut", (TargetOut,), {**fields, "kind": kind, "__doc__": doc})


BODIES = {name: _body(kind, whole=True) for name, kind in KINDS.items()}
CHANGES = {name: _body(kind, whole=False) for name, kind in KINDS.items()}
SHOWN = {name: _shown(kind) for name, kind in KINDS.items()}


class TargetChange(Body):
    """A body that may hold the object of one type; `kind`, `target` and `secrets` come out in its place."""

    objects: ClassVar[dict[str, type[Body]]] = CHANGES

    def get_fields(self) -> dict[str, Any]:
        """An object for each type of check."""
        made = {name: body(required=False, help_text=KINDS[name].about) for name, body in self.objects.items()}
        return {**super().get_fields(), **made}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """At most one type."""
        named = [name for name in KINDS if name in attrs]
        if len(named) > 1:
            raise serializers.ValidationError({name: [ONE_TYPE] for name in named[1:]}, code="invalid")
        for name in named:
            attrs |= _apart(KINDS[name], attrs.pop(name))
        return attrs


class TargetBody(TargetChange):
    """A body that holds the object of exactly one type."""

    objects: ClassVar[dict[str, type[Body]]] = BODIES

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one type."""
        read = super().validate(attrs)
        if "kind" not in read:
            raise serializers.ValidationError(ONE_TYPE, code="required")
        return read


class TargetShown(serializers.Serializer):
    """What a monitor's check is, in the object named like its kind."""

    def get_fields(self) -> dict[str, Any]:
        """An object for each type, of which the monitor's own is given."""
        made = {name: shown(required=False, help_text=KINDS[name].about) for name, shown in SHOWN.items()}
        return {**super().get_fields(), **made}


def _apart(kind: Kind, given: dict[str, Any]) -> dict[str, Any]:
    """Target and secrets as the services take them; what is empty in a secret removes it."""
    secret = {field.name for field in kind.fields if field.secret}
    secrets: dict[str, Any] = {}
    for name in secret & given.keys():
        value = given[name]
        pair = [value["username"], value["password"]] if isinstance(value, dict) and "username" in value else value
        secrets[name] = None if value in NOTHING else pair
    target = {name: value for name, value in given.items() if name not in secret}
    return {"kind": kind.name, "target": target, "secrets": secrets}


@contextmanager
def named_after(kind: str) -> Iterator[None]:
    """Name fields of a target that a service refuses as they stand in the body: `http.url`."""
    try:
        yield
    except ValidationError as error:
        ours = {field.name for field in KINDS[kind].fields}
        raise ValidationError(
            {f"{kind}.{name}" if name in ours else name: found for name, found in error.error_dict.items()}
        ) from error
