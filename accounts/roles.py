"""Roles and what they may do: one table, read by screens and API alike.

The table is explained in docs/people.md. Verbs: `read` everything but secrets and addresses;
`read_addresses` e-mail addresses and phone numbers in full; `respond` acknowledge, resolve, note,
escalate; `declare` an incident; `edit` configuration of one's own teams; `edit_any` of every team;
`manage_people`; `manage_organisation`. Nobody reads a secret: they are write-only.
"""

from __future__ import annotations

VIEWER, AUDITOR, RESPONDER, MANAGER, ADMIN = "viewer", "auditor", "responder", "manager", "admin"

ROLES: dict[str, str] = {
    VIEWER: "Viewer: reads",
    AUDITOR: "Auditor: reads everything, addresses masked",
    RESPONDER: "Responder: answers pages and works on incidents",
    MANAGER: "Manager: edits what belongs to their teams",
    ADMIN: "Admin: edits everything",
}

VERBS = ("read", "respond", "declare", "edit", "edit_any", "read_addresses", "manage_people", "manage_organisation")

TABLE: dict[str, frozenset[str]] = {
    VIEWER: frozenset({"read"}),
    AUDITOR: frozenset({"read"}),
    RESPONDER: frozenset({"read", "respond", "declare"}),
    MANAGER: frozenset({"read", "respond", "declare", "edit"}),
    ADMIN: frozenset(VERBS),
}


class UnknownVerb(ValueError):
    """A verb that is not in VERBS was asked for: a mistake in our code, never a refusal."""


def allows(role: str, verb: str, *, same_team: bool = True) -> bool:
    """Whether a role may do `verb`. same_team: the object belongs to a team of the person, or to none.

    Raises UnknownVerb for a verb outside VERBS; an unknown role may do nothing.
    """
    if verb not in VERBS:
        raise UnknownVerb(f"unknown verb {verb!r}; one of {', '.join(VERBS)}")
    granted = TABLE.get(role, frozenset())
    if verb == "edit":
        return "edit_any" in granted or ("edit" in granted and same_team)
    return verb in granted


def role_choices() -> list[tuple[str, str]]:
    """Choices as a callable, so that adding a role never makes a migration."""
    return list(ROLES.items())
