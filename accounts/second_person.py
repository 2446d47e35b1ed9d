"""Two people for one decision: who else could approve, and what it means when nobody can (docs/maintenance.md)."""

from __future__ import annotations

from typing import Any

from accounts.access import can
from accounts.models import User


class SamePerson(ValueError):
    """Somebody approves their own request although others could; `others` are their names."""

    def __init__(self, others: list[str]) -> None:
        self.others = others
        super().__init__(f"You asked for it yourself. Let somebody else approve: {', '.join(others[:3])}.")


def approves_alone(requester: User | None, approver: User, obj: Any, *, verb: str = "edit") -> bool:
    """Whether the approver asked for it and nobody else may do `verb` with `obj`: a recorded exception, never a silent one.

    False for a true second person. Raises SamePerson when there is somebody else who could approve.
    """
    if requester is None or requester.pk != approver.pk:
        return False
    others = [
        str(person)
        for person in User.objects.filter(is_active=True).exclude(pk=approver.pk).order_by("name", "pk")
        if can(person, verb, obj)
    ]
    if others:
        raise SamePerson(others)
    return True
