"""API tokens: made once, shown once, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import get_token, visible_tokens
from accounts.api.errors import ApiError
from accounts.api.fields import Body, Change, Instant, OneOf, Text, Whole
from accounts.api.filters import Filters, FlagFilter, IdFilter
from accounts.api.people import PersonRef
from accounts.api.views import ApiView, operation
from accounts.models import ApiToken
from accounts.scopes import OWN, SCOPES, wider_than
from accounts.services.tokens import issue_token, revoke_token

DAYS = 90


class TokenOut(serializers.Serializer):
    """A token without its secret."""

    id = serializers.CharField(source="public_id")
    owner = PersonRef()
    label = serializers.CharField()  # type: ignore[assignment]
    secret_starts_with = serializers.CharField(source="secret_hint")
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = Instant()
    last_used_at = Instant(allow_null=True)
    revoked_at = Instant(allow_null=True)
    version = serializers.IntegerField()
    created_at = Instant()


class NewTokenOut(TokenOut):
    """A token just made, with its secret: shown once."""

    secret = serializers.CharField(allow_null=True, help_text="Shown once; null when the request is repeated.")


class TokenIn(Body):
    """A new token of the caller."""

    label = Text(max_length=80)  # type: ignore[assignment]
    scopes = serializers.ListField(child=OneOf(choices=list(SCOPES)), min_length=1, max_length=len(SCOPES))
    expires_in_days = Whole(min_value=1, max_value=365, required=False, default=DAYS)


class TokenFilters(Filters):
    """Filters of tokens."""

    owner = IdFilter("owner", label="Public id of a person.")
    revoked = FlagFilter(field_name="revoked_at", method="is_revoked", label="Whether it was revoked.")

    def is_revoked(self, rows: QuerySet[ApiToken], name: str, wanted: bool) -> QuerySet[ApiToken]:
        """Revoked or not."""
        return rows.filter(revoked_at__isnull=not wanted)


class Tokens(ApiView):
    """One's own tokens; everybody's for who manages the organisation."""

    filterset_class = TokenFilters

    @operation("List API tokens", verb="read", gives=TokenOut, many=True)
    def get(self, request: Request) -> QuerySet[ApiToken]:
        """Revoked and expired ones included."""
        return visible_tokens(self.person)

    @operation(
        "Make an API token of my own", verb=OWN, takes=TokenIn, gives=NewTokenOut, status=201, shown_once=("secret",)
    )
    def post(self, request: Request, body: dict[str, Any]) -> ApiToken:
        """A token cannot make one that may do more than itself."""
        if isinstance(request.auth, ApiToken) and (more := wider_than(body["scopes"], request.auth.scopes)):
            raise ApiError(403, "scope_missing", f"This token may not hand on {', '.join(more)}.", field="scopes")
        ends = self.now + timedelta(days=body["expires_in_days"])
        token, secret = issue_token(
            owner=self.person, label=body["label"], scopes=sorted(set(body["scopes"])), expires_at=ends, now=self.now,
            reason="Made through the API",
        )  # fmt: skip
        token.secret = secret  # type: ignore[attr-defined]
        return token


class Token(ApiView):
    """One token."""

    @operation("Read an API token", verb="read", gives=TokenOut)
    def get(self, request: Request, public_id: str) -> ApiToken:
        """Without its secret, which nobody can read again."""
        return get_token(self.person, public_id)


class Revocation(ApiView):
    """The end of a token."""

    @operation("Revoke an API token", verb=OWN, takes=Change, gives=TokenOut)
    def post(self, request: Request, public_id: str, body: dict[str, Any]) -> ApiToken:
        """At once, and for good. Revoking it twice changes nothing."""
        token = get_token(self.person, public_id)
        revoke_token(token, now=self.now, reason=body["reason"] or "Revoked through the API")
        return token
