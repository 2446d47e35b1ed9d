"""Who calls: an API token in the Authorization header, or the session of the same browser."""

from __future__ import annotations

import hmac
from typing import Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from accounts.api.errors import ApiError
from accounts.api.throttles import BAD_TOKEN, refuse_if_spent, spend
from accounts.models import ApiToken, User
from accounts.services.tokens import touch_token
from ledger import clock
from ledger.crypto import token_hash

SCHEME = "Bearer"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer wbk_…`. Tokens have 256 random bits and are looked up by their SHA-256."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return (owner, token), None without the header. Wrong, expired and revoked tokens raise a 401."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != SCHEME.lower() or not secret.strip():
            raise _refused("not_authenticated", "Use the scheme Bearer: Authorization: Bearer wbk_…")
        refuse_if_spent(BAD_TOKEN, request)
        token = self._token(secret.strip(), request)
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        """Makes an unauthenticated call a 401 rather than a 403."""
        return f'{SCHEME} realm="watchbook"'

    def _token(self, secret: str, request: Request) -> ApiToken:
        digest = token_hash(secret)
        token = ApiToken.objects.select_related("owner").filter(secret_hash=digest).first()
        # the index found it already; comparing again keeps the promise if a look-up ever ignores case
        if token is None or not hmac.compare_digest(token.secret_hash, digest):
            spend(BAD_TOKEN, request)
            raise _refused("bad_token", "No token has this secret. Check that it was copied whole.")
        now = clock.now()
        if token.revoked_at is not None or token.retired_at is not None:
            raise _refused("token_revoked", "This token was revoked. Ask an admin for a new one.")
        if token.expires_at <= now:
            raise _refused("token_expired", f"This token expired on {token.expires_at:%d %B %Y}. Make a new one.")
        if not token.owner.is_active:
            raise _refused("token_revoked", "The owner of this token was deactivated.")
        touch_token(token, now=now)
        return token


class BrowserSession(SessionAuthentication):
    """The signed-in browser, with CSRF check: for the docs page and for scripts of our own pages."""


def principal_id(request: Any) -> str:
    """The public id that stands for the caller in limits and idempotency keys: the token's, else the person's."""
    return str(request.auth.public_id if isinstance(request.auth, ApiToken) else request.user.public_id)


def _refused(code: str, message: str) -> ApiError:
    error = ApiError(401, code, message)
    error.auth_header = f'{SCHEME} realm="watchbook"'  # type: ignore[attr-defined]
    return error
