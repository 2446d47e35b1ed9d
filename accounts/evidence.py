"""The people of a pack: ids with masks. A name or an address in full is no part of evidence (docs/evidence.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from accounts.models import ContactMethod, ContactRules, Organisation, User
from ledger.evidence import NO_THREAD, version_threads
from ledger.tables import Row, Scope, Table
from ledger.tracked import as_of

PEOPLE = ("user_id", "version", "name_mask", "email_mask", "role", "timezone", "is_active", "retired_at")
CONTACTS = ("contact_id", "version", "user_id", "kind", "address_mask", "verified_at", "retired_at")

RULES = (
    "as_of", "rules_id", "version", "user_id", "urgency", "line_no", "line_kind", "contact_id", "delay_s",
    "reason_sha256", "retired_at", "last_modified_at", "last_modified_by",
)  # fmt: skip


def people_tables(scope: Scope, people: Sequence[str]) -> list[Table]:
    """Organisation, people, their contact methods and contact rules as they were configured at the instant of the scope.

    people: public ids. Somebody who joined later is shown as they are now, so that every id of the pack is explained.
    """
    return [_organisation(scope), _people(scope, people), _contacts(scope, people), _contact_rules(scope, people)]


def known_as_of(model: Any, scope: Scope, public_ids: Sequence[str]) -> list[Any]:
    """History rows of these objects in force at the instant of the scope; of a later one, its first version."""
    wanted = set(public_ids)
    found = [row for row in as_of(model, scope.as_of) if row.public_id in wanted]
    later = wanted - {row.public_id for row in found}
    return found + list(model.history.filter(public_id__in=later, version=1).order_by("id"))


def with_threads(model: Any, rows: Sequence[Any], cells: Sequence[tuple[Any, ...]]) -> Iterator[Row]:
    """Append to the cells of each history row the lines of its first version and of the one shown."""
    known = version_threads(model._meta.model_name, {row.public_id: row.version for row in rows})
    for row, told in zip(rows, cells, strict=True):
        yield (*told, *known.get(row.public_id, NO_THREAD))


def public_ids(model: Any, keys: Sequence[Any]) -> dict[Any, str]:
    """Public ids by primary key: history rows hold numbers, a pack never does."""
    wanted = {key for key in keys if key is not None}
    return dict(model._base_manager.filter(pk__in=wanted).values_list("pk", "public_id"))


def as_of_words(noun: str) -> str:
    """How configuration was chosen, in words."""
    return f"{noun} from configuration history, the version in force at as_of; never today's values."


def _organisation(scope: Scope) -> Table:
    columns = ("organisation_id", "version", "name", "timezone")

    def rows() -> Iterator[Row]:
        held = as_of(Organisation, scope.as_of)
        return with_threads(Organisation, held, [(o.public_id, o.version, o.name, o.timezone) for o in held])

    return Table(
        "02_config/organisation", columns, rows, "organisation_as_of", as_of_words("The organisation"), scope.at
    )


def _people(scope: Scope, people: Sequence[str]) -> Table:
    def rows() -> Iterator[Row]:
        held = known_as_of(User, scope, people)
        cells = [
            (u.public_id, u.version, u.name_mask, u.email_mask, u.role, u.timezone, u.is_active, u.retired_at)
            for u in held
        ]
        return with_threads(User, held, cells)

    words = as_of_words("People whom another table of this pack names, masked,")
    return Table("07_oncall/people", PEOPLE, rows, "people_as_of", words, scope.at)


def _contacts(scope: Scope, people: Sequence[str]) -> Table:
    def rows() -> Iterator[Row]:
        owners = dict(User.objects.filter(public_id__in=people).values_list("pk", "public_id"))
        held = [row for row in as_of(ContactMethod, scope.as_of) if row.user_id in owners]
        cells = [
            (c.public_id, c.version, owners[c.user_id], c.kind, c.address_mask, c.verified_at, c.retired_at)
            for c in held
        ]
        return with_threads(ContactMethod, held, cells)

    words = as_of_words("Contact methods of those people, masked,")
    return Table("07_oncall/contacts", CONTACTS, rows, "contacts_as_of", words, scope.at)


def _contact_rules(scope: Scope, people: Sequence[str]) -> Table:
    def rows() -> Iterator[Row]:
        owners = dict(User.objects.filter(public_id__in=people).values_list("pk", "public_id"))
        held = [row for row in as_of(ContactRules, scope.as_of) if row.user_id in owners]
        pairs = [
            (row, (
                scope.as_of, row.public_id, row.version, owners[row.user_id], row.urgency, number, *line, row.retired_at,
                row.history_date, row.actor_id or row.actor_kind,
            ))
            for row in held for number, line in enumerate(_lines_of(row), start=1)
        ]  # fmt: skip
        return with_threads(ContactRules, [row for row, _ in pairs], [cells for _, cells in pairs])

    words = as_of_words("Contact rules of those people, one row a rule or opt-out,")
    words += " Who has none for an urgency is paged over every verified contact at once. An opt-out without a contact is of the person."
    return Table("07_oncall/contact_rules", RULES, rows, "contact_rules_as_of", words, scope.at)


def _lines_of(row: Any) -> list[tuple[Any, ...]]:
    """Rules, then opt-outs: kind, contact, delay, hash of the reason."""
    rules = [("rule", one["contact"], one["delay_s"], None) for one in row.rules]
    return rules + [("opt_out", one["contact"] or None, None, one["reason_sha256"]) for one in row.opt_outs]
