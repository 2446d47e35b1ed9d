"""API tokens: made once, shown once, revoked."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import ApiToken, User
from ledger.crypto import new_secret, token_hash

PREFIX = "wbk_"
HINT = 8


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
