"""How a service of this app says no: Django's ValidationError, by field, with a sentence and a code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from monitors.kinds import TargetError


def refusal(field: str, sentence: str, code: str = "invalid") -> ValidationError:
    """A ValidationError of one field; forms and API both understand it."""
    return ValidationError({field: ValidationError(sentence, code=code)})


@contextmanager
def readable() -> Iterator[None]:
    """Turn a TargetError into a refusal of its field."""
    try:
        yield
    except TargetError as error:
        raise refusal(error.field, error.sentence) from None


@contextmanager
def name_once(sentence: str) -> Iterator[None]:
    """Turn the loss of a race for a name into the same refusal as an ordinary duplicate."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "name_once" in str(error) or "UNIQUE" in str(error).upper():
            raise refusal("name", sentence, "taken") from error
        raise
