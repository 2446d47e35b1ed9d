"""Scopes of API tokens and the verbs they open: one table, explained in docs/api.md.

A token never does more than its owner: what it may do is what its scopes open *and* the owner's role
allows. The verbs are those of `accounts.roles`; `own` stands for what everybody may do about
themselves (own contact methods, own tokens).
"""

from __future__ import annotations

from collections.abc import Iterable

from accounts.roles import VERBS, allows

OWN = "own"
READ, RESPOND, WRITE, PEOPLE, ADMIN = "read", "respond", "write", "people", "admin"

SCOPES: dict[str, str] = {
    READ: "Reads everything but secrets and addresses",
    RESPOND: "Reads; acknowledges, resolves, escalates, notes and declares incidents; writes post-mortems",
    WRITE: "Reads; edits services, systems, monitors, policies, routes and webhooks; approves post-mortems",
    PEOPLE: "Reads; edits people, teams, and the owner's contact methods and tokens",
    ADMIN: "Everything its owner may do",
}

TABLE: dict[str, frozenset[str]] = {
    READ: frozenset({"read"}),
    RESPOND: frozenset({"read", "respond", "declare"}),
    WRITE: frozenset({"read", "edit", "edit_any"}),
    PEOPLE: frozenset({"read", "manage_people", OWN}),
    ADMIN: frozenset({*VERBS, OWN}),
}


def opens(scopes: Iterable[str], verb: str) -> bool:
    """Whether one of the scopes opens a verb; a scope that we no longer know opens nothing."""
    return any(verb in TABLE.get(scope, frozenset()) for scope in scopes)


def scopes_for(verb: str) -> list[str]:
    """The scopes that open a verb, narrowest first: what a refusal tells the caller to ask for."""
    return [scope for scope in sorted(TABLE, key=lambda name: len(TABLE[name])) if verb in TABLE[scope]]


def role_allows(role: str, verb: str) -> bool:
    """Whether a role may do a verb somewhere; whose object it is, the access functions decide."""
    return verb == OWN or allows(role, verb)


def wider_than(asked: Iterable[str], held: Iterable[str]) -> list[str]:
    """The scopes asked for that would open more than those held: a token may not make a stronger one."""
    reach = frozenset[str]().union(*(TABLE.get(scope, frozenset()) for scope in held))
    return sorted(scope for scope in set(asked) if not TABLE.get(scope, frozenset()) <= reach)
