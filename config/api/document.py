"""The OpenAPI document and the page that shows it, all from our own origin."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import schema  # noqa: F401 - registers how the document speaks of tokens and bodies
from accounts.api.errors import plain_answer
from accounts.api.views import OnlyJSON


@cache
def document() -> dict[str, Any]:
    """The document of this release. It is the same for every caller, so a process makes it once."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made


class Document(APIView):
    """`/api/v1/schema/`: what a client can be generated from."""

    authentication_classes = []
    permission_classes = []
    renderer_classes = [OpenApiJsonRenderer]
    content_negotiation_class = OnlyJSON
    metadata_class = None

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The document as JSON; it names no object of this installation."""
        return Response(document())


class Docs(SpectacularSwaggerSplitView):
    """`/api/v1/docs/`: the document to read and to try out, in the browser's own session."""

    authentication_classes = []
    permission_classes = []
    metadata_class = None
    template_name = "api/docs.html"
    url_name = "api-schema"


def not_found(request: HttpRequest) -> HttpResponse:
    """Any other address below /api/v1/: a 404 in the envelope, not a page."""
    return plain_answer(request, 404)
