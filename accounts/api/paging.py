"""Pages by cursor: each says where the next one starts, so rows added meanwhile shift nothing.

A cursor is the sort key of the last row shown. The keys are unique and never change, therefore a page
asked for twice begins with the same row, and no row is shown twice or left out.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.errors import ApiError

LIMIT, MOST = 50, 200
LARGEST = 2**63 - 1


class CursorPages(BasePagination):
    """`?limit=50&cursor=…` → `{"items": […], "next_cursor": "…" or null}`. The view says `order`."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return one page of rows and remember where the next begins. Raises ApiError for a bad limit or cursor."""
        order: tuple[str, ...] = view.order
        limit = self._limit(request)
        cursor = request.query_params.get("cursor", "")
        if cursor:
            queryset = queryset.filter(after(queryset.model, order, read_cursor(queryset.model, order, cursor)))
        rows = list(queryset.order_by(*order)[: limit + 1])
        self.next_cursor = write_cursor(order, rows[limit - 1]) if len(rows) > limit else None
        return rows[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        """Wrap the page."""
        return Response({"items": data, "next_cursor": self.next_cursor})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the page for OpenAPI."""
        cursor = {"type": "string", "nullable": True, "description": "Send it as `cursor`; null on the last page."}
        return {
            "type": "object",
            "required": ["items", "next_cursor"],
            "properties": {"items": schema, "next_cursor": cursor},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe `limit` and `cursor` for OpenAPI."""
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}
        return [
            {"name": "limit", "in": "query", "required": False, "description": "Rows a page.", "schema": limit},
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "`next_cursor` of the page before.",
                "schema": {"type": "string"},
            },
        ]

    def _limit(self, request: Request) -> int:
        text = request.query_params.get("limit", str(LIMIT))
        if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST):
            raise ApiError(400, "invalid", f"limit: send a number from 1 to {MOST}.", field="limit")
        return int(text)


def write_cursor(order: tuple[str, ...], row: Model) -> str:
    """The sort key of a row, opaque to clients."""
    key = [getattr(row, name.removeprefix("-")) for name in order]
    text = json.dumps([value.isoformat() if isinstance(value, datetime) else value for value in key])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(model: type[Model], order: tuple[str, ...], cursor: str) -> list[Any]:
    """Read what `write_cursor` made. Raises ApiError for anything else."""
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        fields: list[Any] = [model._meta.get_field(name.removeprefix("-")) for name in order]
        key = [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    except (ValueError, TypeError, ValidationError, OverflowError, RecursionError, binascii.Error) as error:
        raise _bad_cursor() from error
    if any(value is None or (isinstance(value, int) and abs(value) > LARGEST) for value in key):
        raise _bad_cursor()
    if any(isinstance(value, datetime) and value.tzinfo is None for value in key):
        raise _bad_cursor()
    return key


def after(model: type[Model], order: tuple[str, ...], key: list[Any]) -> Q:
    """The rows that follow a key: `a < 1 or (a = 1 and b < 2)` for the order `-a, -b`."""
    found = Q()
    equal: dict[str, Any] = {}
    for name, value in zip(order, key, strict=True):
        column = name.removeprefix("-")
        beyond = "lt" if name.startswith("-") else "gt"
        found |= Q(**equal, **{f"{column}__{beyond}": value})
        equal[column] = value
    return found


def _bad_cursor() -> ApiError:
    return ApiError(400, "invalid", "cursor: this is no cursor of this list.", field="cursor")
