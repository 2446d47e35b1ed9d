"""`Idempotency-Key`: a request that may be sent again because its answer was lost on the way.

The key, the change and the answer are one transaction: either all three are there or none is, so a
client that saw a broken connection sends the same request again and gets the stored answer, or the change
it wanted. A refused request leaves no key. Keys are kept for a day, each caller has its own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from accounts.api.authentication import principal_id
from accounts.api.errors import ApiError
from accounts.models import IdempotencyKey

HEADER = "Idempotency-Key"
KEPT = timedelta(days=1)
FORM = re.compile(r"[\x21-\x7e]{1,128}")


def answer_once(
    request: Any, work: Callable[[], Response], *, now: datetime, shown_once: Iterable[str] = ()
) -> Response:
    """Do `work` and store its answer under the key of the request, or return the answer stored before.

    shown_once: fields of the answer that hold a secret; they are stored as null. Raises ApiError: 400 for
    a key of another form, 409 for a key that was used for another request.
    """
    key = request.headers.get(HEADER, "")
    if not FORM.fullmatch(key):
        raise ApiError(400, "invalid", f"{HEADER}: send 1 to 128 visible ASCII characters.", field=HEADER)
    who, digest = principal_id(request), _digest(request)
    with transaction.atomic():
        IdempotencyKey.objects.filter(principal=who, created_at__lt=now - KEPT).delete()
        row, is_new = _claim(who, key, digest, now)
        if not is_new:
            return _stored(row, digest)
        response = work()
        row.status, row.answer = response.status_code, _kept(response, shown_once)
        row.save(update_fields=["status", "answer"])
    return response


def _claim(who: str, key: str, digest: str, now: datetime) -> tuple[IdempotencyKey, bool]:
    """Insert the key, or read the row that holds it. A rival in flight is waited for by the unique index."""
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(principal=who, key=key, request_sha256=digest, created_at=now), True
    except IntegrityError:
        return IdempotencyKey.objects.get(principal=who, key=key), False


def _stored(row: IdempotencyKey, digest: str) -> Response:
    if row.request_sha256 != digest:
        raise ApiError(409, "key_reused", f"This {HEADER} was used for another request; take a new one.", field=HEADER)
    response = Response(json.loads(row.answer) if row.answer else None, status=row.status)
    response["Idempotent-Replay"] = "true"
    return response


def _kept(response: Response, shown_once: Iterable[str]) -> str:
    if response.data is None:
        return ""
    data: dict[str, Any] = {**response.data, **dict.fromkeys(shown_once)}
    return JSONRenderer().render(data).decode()


def _digest(request: Any) -> str:
    """SHA-256 over method, address and the exact bytes of the body."""
    head = f"{request.method}\n{request.get_full_path()}\n".encode()
    return hashlib.sha256(head + request.body).hexdigest()
