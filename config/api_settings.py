"""Settings of the REST API: Django REST framework, the OpenAPI document, and the limits."""

from __future__ import annotations

from typing import Any

from accounts.api_ids import SCHEMAS

# named rule: calls a caller may make in so many seconds; docs/api.md says what counts against which
API_RATES: dict[str, tuple[int, int]] = {
    "read": (1200, 60),
    "write": (240, 60),
    "check_once": (20, 60),
    "send": (10, 60),
    "bad_token": (20, 60),
}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "accounts.api.errors.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Watchbook",
    "DESCRIPTION": "Monitors, incidents, paging and the record of them. docs/api.md explains the rules.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    # what is read and what is given are classes of their own, so nothing needs splitting
    "COMPONENT_SPLIT_REQUEST": False,
    "COMPONENT_SPLIT_PATCH": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PATH_CONVERTER_OVERRIDES": SCHEMAS,
    "POSTPROCESSING_HOOKS": ["accounts.api.schema.add_refusals"],
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "displayRequestDuration": True},
}
