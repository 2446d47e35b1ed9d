"""The base of every view of the API, and `operation`, which declares one call of it.

A view's method loads through access, calls one service or query, and returns an object or rows. What it
needs, takes and gives stands in the decorator, where the OpenAPI document reads it too:

    class Monitors(ApiView):
        @operation("Create a monitor", verb="edit", takes=MonitorIn, gives=MonitorOut, status=201)
        def post(self, request: Request, body: dict[str, Any]) -> Monitor: ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, cast

from django.conf import settings
from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import throttles
from accounts.api.authentication import BrowserSession, TokenAuthentication, principal_id
from accounts.api.errors import ApiError, Refusals, handle
from accounts.api.fields import Body
from accounts.api.filters import Filters, StrictFilters
from accounts.api.idempotency import HEADER, answer_once
from accounts.api.paging import CursorPages
from accounts.models import ApiToken, User
from accounts.scopes import opens, role_allows, scopes_for
from ledger import clock
from ledger.actors import Actor, acting_as, current_actor

SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class Operation:
    """One call: the verb it needs, what it takes and gives, the limit it counts against.

    repeatable: it takes an Idempotency-Key. shown_once: fields of the answer that are never stored.
    """

    verb: str
    takes: type[Body] | None
    gives: type[serializers.BaseSerializer[Any]] | None
    status: int
    many: bool
    rule: str
    repeatable: bool
    shown_once: tuple[str, ...]


class OnlyJSON(DefaultContentNegotiation):
    """The API answers JSON whatever is asked for, so that a refusal is readable too."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """Return the one renderer."""
        return renderers[0], renderers[0].media_type


class StrictJSON(JSONParser):
    """JSON as the standard has it; nesting deep enough to exhaust the stack is malformed too."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the parsed body. Raises ParseError with a sentence."""
        try:
            parsed = super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise exceptions.ParseError("The body is nested too deeply.") from error
        except exceptions.ParseError as error:
            why = str(error.detail).removeprefix("JSON parse error - ")
            raise exceptions.ParseError(f"The body is no JSON: {why[:200]}.") from error
        if not isinstance(parsed, dict):
            raise exceptions.ParseError("The body is no JSON object.")
        return parsed


def operation(
    summary: str,
    *,
    verb: str,
    takes: type[Body] | None = None,
    gives: type[serializers.BaseSerializer[Any]] | None = None,
    status: int = 200,
    many: bool = False,
    rule: str = "",
    repeatable: bool = True,
    shown_once: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Declare a method of a view: rights, input, output, limit and its place in the OpenAPI document.

    many: the method returns a queryset, which is filtered and paged by the view's `filterset_class` and `order`.
    """
    told = Operation(verb, takes, gives, status, many, rule, repeatable, shown_once)

    def decorate(function: Callable[..., Any]) -> Callable[..., Response]:
        @functools.wraps(function)
        def run(view: ApiView, request: Request, **ids: Any) -> Response:
            return view.answer(told, functools.partial(function, view, request), ids)

        run.operation = told  # type: ignore[attr-defined]
        answer = None if gives is None else gives(many=True) if many else gives
        doc = (function.__doc__ or "").strip()
        return extend_schema(summary=summary, description=doc, request=takes, responses={status: answer})(run)

    return decorate


class ApiView(GenericAPIView):
    """Authenticates, limits, checks rights, and says every refusal in the one envelope.

    refusals: how exceptions of the services it calls are told. order: the unique, unchanging sort key of its list.
    """

    authentication_classes = [TokenAuthentication, BrowserSession]
    permission_classes = []
    renderer_classes = [JSONRenderer]
    parser_classes = [StrictJSON]
    content_negotiation_class = OnlyJSON
    metadata_class = None
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    filter_backends = [StrictFilters]
    filterset_class: ClassVar[type[Filters] | None] = None
    pagination_class = CursorPages
    order: ClassVar[tuple[str, ...]] = ("id",)
    refusals: ClassVar[Refusals] = {}

    @functools.cached_property
    def now(self) -> datetime:
        """The instant of this request, read once from the database clock."""
        return clock.now()

    @property
    def person(self) -> User:
        """Who calls, or whose token does."""
        return cast(User, self.request.user)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Run the call in the name of its actor; nothing of that leaks into the next request."""
        with ExitStack() as self.acting:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what can be refused before the body is read: size, method, caller, rights, limits."""
        _refuse_large(request)
        told = self._operation(request)
        super().initial(request, *args, **kwargs)
        if not request.user.is_authenticated:
            raise exceptions.NotAuthenticated
        self._require(told.verb)
        rule = told.rule or (throttles.READ if request.method in SAFE else throttles.WRITE)
        throttles.spend(rule, request, principal_id(request))
        self.acting.enter_context(acting_as(_actor(request)))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Answers hold names and, once, secrets: no cache between us and the caller keeps one."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def get_exception_handler(self) -> Callable[..., Response]:
        """Every refusal has the one envelope."""
        return handle

    def answer(self, told: Operation, function: Callable[..., Any], ids: dict[str, Any]) -> Response:
        """Read the body, do the work (once, if the client asks for it) and give what it returned."""
        if told.takes is not None:
            ids = {**ids, "body": self._body(told.takes)}
        work = functools.partial(self._work, told, function, ids)
        if self.request.method in SAFE or HEADER not in self.request.headers:
            return work()
        if not told.repeatable:
            raise ApiError(400, "invalid", f"This call takes no {HEADER}.", field=HEADER)
        return answer_once(self.request, work, now=self.now, shown_once=told.shown_once)

    def prepare(self, rows: list[Any]) -> None:
        """Load what the rows of one page need, with a number of queries that does not grow with them."""

    def get_serializer_context(self) -> dict[str, Any]:
        """What outputs may ask for."""
        return {"person": self.request.user, "now": self.now, "view": self}

    def _work(self, told: Operation, function: Callable[..., Any], ids: dict[str, Any]) -> Response:
        found = function(**ids)
        if told.gives is None:
            return Response(status=told.status)
        context = self.get_serializer_context()
        if told.many:
            rows = self.paginate_queryset(self.filter_queryset(found)) or []
            self.prepare(rows)
            return self.get_paginated_response(told.gives(rows, many=True, context=context).data)
        return Response(told.gives(found, context=context).data, status=told.status)

    def _body(self, takes: type[Body]) -> dict[str, Any]:
        form = takes(data=self.request.data)
        form.is_valid(raise_exception=True)
        body: dict[str, Any] = form.validated_data
        return body

    def _operation(self, request: Request) -> Operation:
        handler = getattr(self, (request.method or "").lower(), None)
        told: Operation | None = getattr(handler, "operation", None)
        if told is None or (request.method or "").lower() not in self.http_method_names:
            raise exceptions.MethodNotAllowed(request.method or "")
        return told

    def _require(self, verb: str) -> None:
        """What a token may do is what its scopes open and its owner's role allows."""
        token, role = self.request.auth, self.person.role
        if isinstance(token, ApiToken) and not opens(token.scopes, verb):
            held, needed = ", ".join(token.scopes) or "none", " or ".join(scopes_for(verb))
            raise ApiError(403, "scope_missing", f"This token has the scope {held}; this call needs {needed}.")
        if not role_allows(role, verb):
            raise ApiError(403, "denied", f"The role {role} may not {verb.replace('_', ' ')}. Ask an admin of yours.")


def _refuse_large(request: Request) -> None:
    """By the declared length, so that no byte of a body that is too large is read.

    A body without one (chunked) would reach us empty under WSGI: its fields would be lost without a word.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    if request.META.get("HTTP_TRANSFER_ENCODING") and length == "0":
        raise ApiError(411, "length_required", "Send the body with a Content-Length, not in chunks.")
    if length.isdigit() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise ApiError(413, "too_large", "A body may have 1 MB.")


def _actor(request: Request) -> Actor:
    """The author of what the call changes: the token, or the person in their own browser."""
    here = current_actor()
    if isinstance(request.auth, ApiToken):
        token = request.auth
        return Actor("token", token.public_id, str(token), "API", here.network, here.request_id)
    person = cast(User, request.user)
    return Actor("user", person.public_id, str(person), "API", here.network, here.request_id)


def reference(field: str, find: Callable[[Any, str], Any], person: User, public_id: str) -> Any:
    """The object that a field of the body names. Raises ApiError (400) where an address would be a 404."""
    try:
        return find(person, public_id)
    except Http404 as error:
        raise ApiError(400, "unknown_reference", f"{field}: there is no {public_id}.", field=field) from error
