"""The one error envelope: every refusal of the API, whatever its status, has this shape.

    {"error": {"code": "invalid", "message": "…", "fields": [{"field", "code", "message"}], "request_id": "…"}}

`code` is for programs and never changes, `message` is one sentence for people. docs/api.md lists the codes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.core.signals import got_request_exception
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ledger.tracked import StaleVersion

log = logging.getLogger(__name__)

CODES: dict[int, tuple[str, str]] = {
    400: ("invalid", "The request could not be read. `fields` says where, if a field is at fault."),
    401: ("not_authenticated", "Send an API token: Authorization: Bearer wbk_…"),
    403: ("denied", "You may not do this."),
    404: ("not_found", "There is nothing at this address. Addresses end with a slash."),
    405: ("method_not_allowed", "This address does not know that method; the Allow header lists those it knows."),
    409: ("conflict", "The state of the object does not allow this."),
    411: ("length_required", "Send the body with a Content-Length, not in chunks."),
    413: ("too_large", "A body may have 1 MB."),
    415: ("unsupported_media_type", "Send the body as Content-Type: application/json."),
    429: ("too_many_requests", "Too many requests; the Retry-After header says when to come back."),
    500: ("internal", "We made a mistake and wrote it down; quote the request id when you ask about it."),
    503: ("unavailable", "The database does not answer just now. Try again in a few seconds."),
}

# codes of a ValidationError that mean: the input is well-formed, what is there already forbids it
CONFLICTS = frozenset({"taken", "in_use", "conflict"})


@dataclass(frozen=True)
class Refusal:
    """How an exception of a service is told to a client. Without a sentence the exception's own is used."""

    status: int
    code: str
    sentence: str = ""
    field: str = ""


Refusals = dict[type[Exception], Refusal]


class ApiError(exceptions.APIException):
    """A refusal that a view states itself."""

    def __init__(self, status_code: int, code: str, message: str, *, field: str = "") -> None:
        super().__init__(detail=message, code=code)
        self.status_code = status_code
        self.code = code
        self.fields = [problem(field, code, message)] if field else []


def problem(field: str, code: str, message: str) -> dict[str, str]:
    """One entry of `fields`; a field inside a list or object is written `steps.0.delay_s`."""
    return {"field": field, "code": code, "message": message}


def request_id(request: Any) -> str:
    """The id that the middleware gave the request, the same as in X-Request-ID and in our logs."""
    return str(request.META.get("watchbook.request_id", ""))


def envelope(code: str, message: str, request: Any, fields: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The body of every refusal."""
    return {"error": {"code": code, "message": message, "fields": fields or [], "request_id": request_id(request)}}


def plain_answer(request: HttpRequest, status_code: int) -> JsonResponse:
    """The envelope for refusals that never reach a view of ours: Django's own 400, 403, 404 and 500."""
    code, message = CODES.get(status_code, CODES[500])
    return JsonResponse(envelope(code, message, request), status=status_code)


def handle(exc: Exception, context: dict[str, Any]) -> Response:
    """Turn any exception of a view into the envelope. What we did not foresee is logged and is a 500."""
    request, view = context["request"], context["view"]
    set_rollback()
    status_code, code, message, fields = _read(exc, getattr(view, "refusals", {}))
    if status_code == status.HTTP_500_INTERNAL_SERVER_ERROR:
        log.error("unforeseen error in the API", exc_info=exc, extra={"path": request.path})
        got_request_exception.send(sender=type(view), request=request._request)
    response = Response(envelope(code, message, request, fields), status=status_code)
    for header, value in _headers(exc).items():
        response[header] = value
    return response


def _read(exc: Exception, refusals: Refusals) -> tuple[int, str, str, list[dict[str, str]]]:
    """Status, code, sentence and fields of an exception."""
    for kind in type(exc).__mro__:
        if kind in refusals:
            return _told(exc, refusals[kind])
    if isinstance(exc, ApiError):
        return exc.status_code, exc.code, str(exc.detail), exc.fields
    if isinstance(exc, StaleVersion):
        return 409, "stale_version", exc.messages[0], [problem("version", "stale_version", exc.messages[0])]
    if isinstance(exc, exceptions.ValidationError):
        return _with_fields(list(_flatten(exc.get_full_details())))
    if isinstance(exc, ValidationError):
        found = list(_django_problems(exc))
        if found and {entry["code"] for entry in found} <= CONFLICTS:
            return 409, found[0]["code"], found[0]["message"], [entry for entry in found if entry["field"]]
        return _with_fields(found)
    return *_plain(exc), []


def _told(exc: Exception, told: Refusal) -> tuple[int, str, str, list[dict[str, str]]]:
    """A refusal of a service. An exception may name its field itself, or several in `problems`."""
    sentence = told.sentence or str(exc)
    fields = getattr(exc, "problems", None) or {told.field or getattr(exc, "field", ""): sentence}
    return told.status, told.code, sentence, [problem(name, told.code, why) for name, why in fields.items() if name]


def _with_fields(fields: list[dict[str, str]]) -> tuple[int, str, str, list[dict[str, str]]]:
    named = [entry for entry in fields if entry["field"]]
    if len(fields) == 1:
        where = f"{fields[0]['field']}: " if named else ""
        return 400, "invalid", where + fields[0]["message"], named
    return 400, "invalid", f"{len(fields)} fields are not right; `fields` says which and why.", fields


def _plain(exc: Exception) -> tuple[int, str, str]:
    """Exceptions without fields. The more particular stand first."""
    if isinstance(exc, Http404):
        return 404, *CODES[404]
    if isinstance(exc, PermissionDenied):
        return 403, CODES[403][0], str(exc) or CODES[403][1]
    if isinstance(exc, RequestDataTooBig):
        return 413, *CODES[413]
    if isinstance(exc, exceptions.ParseError):
        return 400, "malformed", str(exc.detail)
    if isinstance(exc, exceptions.APIException):
        code, sentence = CODES.get(exc.status_code, (str(exc.default_code), str(exc.detail)))
        says_more = isinstance(exc, exceptions.PermissionDenied | exceptions.AuthenticationFailed)
        return exc.status_code, code, str(exc.detail) if says_more else sentence
    if isinstance(exc, OperationalError | InterfaceError) and not isinstance(exc, exceptions.APIException):
        log.warning("the database refused a request of the API", exc_info=exc)
        return 503, *CODES[503]
    if isinstance(exc, DatabaseError):
        return 500, *CODES[500]
    return 500, *CODES[500]


def _flatten(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Walk DRF's nested details; list positions and keys become a dotted path."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield problem(path, str(details["code"]), str(details["message"]))
    elif isinstance(details, dict):
        for key, inner in details.items():
            here = path if key == "non_field_errors" else f"{path}.{key}".lstrip(".")
            yield from _flatten(inner, here)
    elif isinstance(details, list):
        leaves = all(isinstance(item, dict) and set(item) == {"message", "code"} for item in details)
        for index, inner in enumerate(details):
            yield from _flatten(inner, path if leaves else f"{path}.{index}".lstrip("."))


def _django_problems(exc: ValidationError) -> Iterator[dict[str, str]]:
    errors = exc.error_dict if hasattr(exc, "error_dict") else {"": exc.error_list}
    for field, inner in errors.items():
        for error in inner:
            name = "" if field == "__all__" else field
            yield problem(name, str(error.code or "invalid"), " ".join(error.messages))


def _headers(exc: Exception) -> dict[str, str]:
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = str(exc.auth_header)  # type: ignore[attr-defined]
    wait = getattr(exc, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait))
    elif isinstance(exc, OperationalError | InterfaceError):
        headers["Retry-After"] = "5"
    return headers
