"""Whether a request really comes from our Twilio account. Knowing the account's id is no proof: it is in every URL."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from twilio.request_validator import RequestValidator

from oncall.notify.providers import by_sid

HEADER = "X-Twilio-Signature"


def verify(path: str, params: Mapping[str, str], signature: str | None) -> bool:
    """Return whether a form post was signed with the current or the previous auth token for an account of ours.

    path: path and query of the request, `request.get_full_path()`; the rest of the signed address is PUBLIC_URL, because
    behind a proxy the request itself does not know under which name Twilio called it. params: the posted form, a QueryDict
    or a plain dict. No token configured means no: a request nobody could have signed is refused.
    """
    account = by_sid(params.get("AccountSid"))
    tokens = [token for token in (account.token, account.previous) if token] if account else []
    if not tokens or not signature or not path.startswith("/"):
        return False
    address = settings.PUBLIC_URL.rstrip("/") + path
    # the validator itself tries the address with and without its port
    return any(RequestValidator(token).validate(address, params, signature) for token in tokens)
