"""What stands against a change, told on the form that asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms
from django.core.exceptions import ValidationError

from accounts.forms.changes import ChangeForm
from ledger.tracked import StaleVersion, Tracked
from monitors.forms.targets import input_at_fault


@contextmanager
def refusals_on(form: forms.Form, changed: Tracked | None = None) -> Iterator[None]:
    """Take a step inside this; if a service refuses, the form says so and the page is drawn again.

    changed: the object whose version the form was drawn with; if somebody else changed it since, the form shows how.
    """
    try:
        yield
    except StaleVersion as error:
        if changed is None or not isinstance(form, ChangeForm):
            refuse(form, error)
        else:
            form.conflict(changed)
    except ValidationError as error:
        refuse(form, error)


def refuse(form: forms.Form, error: ValidationError) -> None:
    """Put what a service refused onto the fields it speaks of; the rest stands above the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for field, sentences in error.error_dict.items():
        form.add_error(input_at_fault(form, field), sentences)
