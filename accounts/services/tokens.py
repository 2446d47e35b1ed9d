"""API tokens: made once, shown once, revoked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import ApiToken, User
from ledger.crypto import new_secret, token_hash

PREFIX = "wbk_"
HINT = 8
TOUCHED_EVERY = timedelta(minutes=1)


def issue_token(
    *, owner: User, label: str, scopes: Sequence[str], expires_at: datetime, now: datetime, reason: str = ""
) -> tuple[ApiToken, str]:
    """Make a token and return it with its secret, which is stored as a hash only and cannot be shown again."""
    secret = PREFIX + new_secret()
    token = ApiToken(
        owner=owner, label=label, scopes=sorted(scopes), expires_at=expires_at,
        secret_hash=token_hash(secret), secret_hint=secret[:HINT],
    )  # fmt: skip
    token.save(now=now, reason=reason)
    return token, secret


def revoke_token(token: ApiToken, *, now: datetime, reason: str) -> None:
    """End a token at once. Revoking it twice changes nothing."""
    if token.revoked_at is None:
        token.revoked_at = now
        token.save(now=now, reason=reason)


def touch_token(token: ApiToken, *, now: datetime) -> None:
    """Note that a token was used, at most once a minute: a read must not cost a write each time.

    The row is read again under lock, so that a token revoked meanwhile stays so.
    """
    if token.last_used_at and now - token.last_used_at < TOUCHED_EVERY:
        return
    with transaction.atomic():
        held = ApiToken.objects.select_for_update().get(pk=token.pk)
        held.last_used_at = now
        held.save(now=now, update_fields=["last_used_at"])
