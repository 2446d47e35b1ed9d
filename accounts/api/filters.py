"""Filters of lists. A value that cannot be meant, or a name we do not know, is a 400 and not an empty list."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from accounts.api.errors import ApiError, problem
from accounts.api.fields import read_instant

PAGE_PARAMETERS = {"limit", "cursor"}


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


class InstantFilter(django_filters.Filter):
    """A bound in time. Spans are half-open: `…_from` includes its instant, `…_to` does not."""

    field_class = InstantFormField


class ChoiceOf(django_filters.ChoiceFilter):
    """One of a few values, compared exactly."""

    def __init__(self, *args: Any, choices: Any, **kwargs: Any) -> None:
        pairs = [(choice, choice) if isinstance(choice, str) else choice for choice in choices]
        super().__init__(*args, choices=pairs, null_label=None, **kwargs)


class IdFilter(django_filters.CharFilter):
    """Objects by the public id of what they belong to: `service=svc_…`. One that is not there finds nothing."""

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name=f"{field_name}__public_id", max_length=40, **kwargs)


class FlagFilter(django_filters.Filter):
    """`true` or `false`, in these letters."""

    class field_class(forms.TypedChoiceField):
        """Django's own boolean field takes `maybe` for nothing; this one refuses it."""

        def __init__(self, **kwargs: Any) -> None:
            pairs = [("true", "true"), ("false", "false")]
            super().__init__(choices=pairs, coerce=lambda text: text == "true", empty_value=None, **kwargs)


class Filters(django_filters.FilterSet):
    """Base of the filters of one list."""


class StrictFilters(DjangoFilterBackend):
    """Applies a view's `filterset_class` and refuses what it cannot use."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        """Return the rows asked for. Raises ApiError (400) with one entry of `fields` for each bad parameter."""
        filters = view.filterset_class
        known = {*(filters.base_filters if filters else ()), *PAGE_PARAMETERS}
        bad = [problem(name[:80], "unknown", "There is no such parameter.") for name in sorted(request.query_params)
               if name not in known]  # fmt: skip
        bound = filters(request.query_params, queryset=queryset, request=request) if filters else None
        if bound is not None and not bound.is_valid():
            bad += [problem(name, "invalid", " ".join(map(str, errors))) for name, errors in bound.errors.items()]
        if bad:
            error = ApiError(400, "invalid", f"{bad[0]['field']}: {bad[0]['message']}")
            error.fields = bad
            raise error
        return queryset if bound is None else bound.qs
