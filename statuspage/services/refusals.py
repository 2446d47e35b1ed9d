"""How a service of this app says no: Django's ValidationError, by field, with a sentence and a code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

NUL = "\x00"


def refusal(field: str, sentence: str, code: str = "invalid") -> ValidationError:
    """A ValidationError of one field; forms and API both understand it."""
    return ValidationError({field: ValidationError(sentence, code=code)})


def one_line(field: str, value: str, most: int, what: str) -> str:
    """The text on one line, without blanks around it. Raises ValidationError if nothing is left or it is too long."""
    text = " ".join(value.replace(NUL, "").split())
    if not text:
        raise refusal(field, f"{what} needs words.")
    return _bounded(field, text, most, what)


def words(field: str, value: str, most: int, what: str, *, required: bool) -> str:
    """Text of several lines. Raises ValidationError."""
    text = value.replace(NUL, "").replace("\r\n", "\n").strip()
    if required and not text:
        raise refusal(field, f"{what} needs words.")
    return _bounded(field, text, most, what)


@contextmanager
def once(field: str, sentence: str) -> Iterator[None]:
    """Turn the loss of a race for something unique into the same refusal as an ordinary duplicate."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "unique" in str(error).lower():
            raise refusal(field, sentence, "taken") from error
        raise


def _bounded(field: str, text: str, most: int, what: str) -> str:
    if len(text) > most:
        raise refusal(field, f"{what} has at most {most} characters; this one has {len(text)}.")
    return text
