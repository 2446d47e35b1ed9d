"""Filters of lists. A value that cannot be meant, or a name we do not know, is a 400 and not an empty list."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from accounts.api.errors import ApiError, problem
from accounts.api.fields import read_instant
from accounts.api_ids import PUBLIC_ID

PAGE_PARAMETERS = {"limit", "cursor"}
MOST_TEXT = 200


class InstantFormField(forms.CharField):
    """RFC 3339 with an offset; in a query `+` must be written %2B, so Z is the easier form."""

    def clean(self, value: Any) -> Any:
        """Return an aware datetime in UTC, None for nothing."""
        text = super().clean(value)
        if not text:
            return None
        moment = read_instant(text)
        if moment is None:
            raise forms.ValidationError("Send an instant with its offset, such as 2026-11-22T03:00:00Z.", "invalid")
        return moment


class FlagFormField(forms.TypedChoiceField):
    """`true` or `false`. Django's own boolean field takes `maybe` for nothing; this one refuses it."""

    def __init__(self, **kwargs: Any) -> None:
        pairs = [("true", "true"), ("false", "false")]
        super().__init__(choices=pairs, coerce=lambda text: text == "true", empty_value=None, **kwargs)


class InstantFilter(django_filters.Filter):
    """A bound in time. Spans are half-open: `…_from` includes its instant, `…_to` does not."""

    field_class = InstantFormField
    schema: ClassVar[dict[str, Any]] = {"type": "string", "format": "date-time"}


class DayFormField(forms.CharField):
    """A calendar day, such as 2026-11-22."""

    def clean(self, value: Any) -> Any:
        """Return a date, None for nothing."""
        text = super().clean(value)
        if not text:
            return None
        if not re.fullmatch(r"(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
            raise forms.ValidationError("Send a day such as 2026-11-22.", "invalid")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise forms.ValidationError("There is no such day.", "invalid") from None


class DayFilter(django_filters.Filter):
    """A bound in days: `…_from` includes its day, `…_to` does not."""

    field_class = DayFormField
    schema: ClassVar[dict[str, Any]] = {"type": "string", "format": "date"}


class FlagFilter(django_filters.Filter):
    """`true` or `false`, in these letters."""

    field_class = FlagFormField
    schema: ClassVar[dict[str, Any]] = {"type": "boolean"}


class TextFilter(django_filters.CharFilter):
    """Text, compared as the filter says."""

    schema: ClassVar[dict[str, Any]] = {"type": "string", "maxLength": MOST_TEXT}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": MOST_TEXT, **kwargs})


class IdFilter(django_filters.Filter):
    """Objects by the public id of what they belong to: `service=svc_…`. One that is not there finds nothing."""

    field_class = forms.RegexField
    schema: ClassVar[dict[str, Any]] = {"type": "string", "pattern": f"^{PUBLIC_ID}$"}

    def __init__(self, field_name: str | None = None, **kwargs: Any) -> None:
        if field_name and not field_name.endswith("public_id"):
            field_name = f"{field_name}__public_id"
        messages = {"invalid": "Send a public id, such as svc_x3k9f2m8q1r7t5w0."}
        super().__init__(field_name=field_name, regex=f"^{PUBLIC_ID}$", error_messages=messages, **kwargs)


class ChoiceOf(django_filters.ChoiceFilter):
    """One of a few values, compared exactly."""

    def __init__(self, *args: Any, choices: Any, **kwargs: Any) -> None:
        self.schema: dict[str, Any] = {"type": "string", "enum": list(choices)}
        pairs = [(choice, choice) for choice in choices]
        super().__init__(*args, choices=pairs, null_label=None, **kwargs)


class WholeFilter(django_filters.Filter):
    """A whole number within bounds."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, min_value: int, max_value: int, **kwargs: Any) -> None:
        self.schema: dict[str, Any] = {"type": "integer", "minimum": min_value, "maximum": max_value}
        super().__init__(*args, min_value=min_value, max_value=max_value, **kwargs)


class Filters(django_filters.FilterSet):
    """Base of the filters of one list; made of the filters of this module, which know their schema."""


class StrictFilters(BaseFilterBackend):
    """Applies a view's `filterset_class` and refuses what it cannot use."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        """Return the rows asked for. Raises ApiError (400) with one entry of `fields` for each bad parameter."""
        filters = view.filterset_class
        known = {*(filters.base_filters if filters else ()), *PAGE_PARAMETERS}
        given = request.query_params
        bad = [problem(n[:80], "unknown", "There is no such parameter.") for n in sorted(given) if n not in known]
        bound = filters(given, queryset=queryset, request=request) if filters else None
        if bound is not None and not bound.is_valid():
            bad += [problem(name, "invalid", " ".join(map(str, errors))) for name, errors in bound.errors.items()]
        if bad:
            error = ApiError(400, "invalid", f"{bad[0]['field']}: {bad[0]['message']}")
            error.fields = bad
            raise error
        return queryset if bound is None else bound.qs

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the filters for OpenAPI."""
        filters = view.filterset_class.base_filters if view.filterset_class else {}
        return [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": str(one.extra.get("label") or one.label or ""),
                "schema": one.schema,
            }
            for name, one in filters.items()
        ]
