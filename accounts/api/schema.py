"""What the OpenAPI document says beyond the views: refusals, how to sign in, closed bodies."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension

from accounts.api.errors import CODES
from accounts.api.idempotency import HEADER

REF = {"$ref": "#/components/schemas/Error"}
WRITES = ("post", "put", "patch", "delete")

ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "fields", "request_id"],
            "properties": {
                "code": {"type": "string", "description": "For programs; never changes."},
                "message": {"type": "string", "description": "One sentence for people."},
                "fields": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "code", "message"],
                        "properties": {name: {"type": "string"} for name in ("field", "code", "message")},
                    },
                },
                "request_id": {"type": "string"},
            },
        }
    },
}


class TokenScheme(OpenApiAuthenticationExtension):
    """Tells the document about API tokens."""

    target_class = "accounts.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "`manage.py apitoken`, or Settings, API tokens."}


class SessionScheme(OpenApiAuthenticationExtension):
    """Tells the document about the signed-in browser."""

    target_class = "accounts.api.authentication.BrowserSession"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """The session cookie; writes need X-CSRFToken too."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "Writes need X-CSRFToken too."}


class ClosedBody(OpenApiSerializerExtension):
    """What is read refuses names it does not know, and the document says so."""

    target_class = "accounts.api.fields.Body"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> Any:
        """The plain schema, closed."""
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False}


def add_refusals(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Post-processing: add to every call the refusals it can give, and the Idempotency-Key header where taken.

    `@extend_schema(responses=…)` would replace the success answer instead of adding to it.
    """
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = ERROR
    repeatable = {(path, method) for path, method in _repeatable(generator)}
    for path, methods in result.get("paths", {}).items():
        for method, call in methods.items():
            if isinstance(call, dict) and "responses" in call:
                for status in _statuses(path, method, call):
                    call["responses"].setdefault(str(status), _refusal(status))
                if (path, method) in repeatable:
                    call.setdefault("parameters", []).append(_key_header())
    return result


def _statuses(path: str, method: str, call: dict[str, Any]) -> list[int]:
    found = [400, 401, 403, 429, 500, 503]
    if "{" in path:
        found.append(404)
    if method in WRITES:
        found += [404, 409, 413]
    if "requestBody" in call:
        found += [411, 415]
    return sorted(set(found))


def _refusal(status: int) -> dict[str, Any]:
    return {"description": CODES[status][1], "content": {"application/json": {"schema": REF}}}


def _repeatable(generator: Any) -> list[tuple[str, str]]:
    """Calls that take an Idempotency-Key, as the views declare them."""
    found = []
    for path, _, method, view in generator._get_paths_and_endpoints():
        told = getattr(getattr(view, method.lower(), None), "operation", None)
        if told is not None and told.repeatable and method.lower() in WRITES:
            found.append((path, method.lower()))
    return found


def _key_header() -> dict[str, Any]:
    return {
        "name": HEADER,
        "in": "header",
        "required": False,
        "description": "Send the same key to repeat a request whose answer was lost.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
    }
