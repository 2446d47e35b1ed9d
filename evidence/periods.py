"""What the pack of a period holds: the tables that each app has for one, and the days of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from accounts.evidence import people_tables
from accounts.models import Organisation, User
from evidence.clock_table import clock_tables
from evidence.pack.contents import Contents
from incidents.evidence import period_tables as of_incidents
from ledger.link import chain_end
from ledger.models import Seal
from ledger.tables import Scope, Table
from monitors.evidence import period_tables as of_monitors
from oncall.evidence import period_tables as of_paging
from oncall.evidence import policies_in_force
from oncall.evidence_contacts import contacts_table
from oncall.proof_evidence import contact_test_tables
from postmortems.evidence import period_tables as of_lessons
from statuspage.evidence import period_tables as of_pages

DAY = timedelta(days=1)
KIND = "period"


def of_period(first: date, last: date, *, now: datetime) -> Contents:
    """All days from `first` to `last`, both included, of the organisation's zone; one that is not over ends now."""
    house = Organisation.current()
    start, end = house.midnight(first), min(house.midnight(last + DAY), now)
    scope = Scope(KIND, f"{first}_{last}", end, start, end)
    first_day, last_day = start.astimezone(UTC).date(), (end - timedelta(microseconds=1)).astimezone(UTC).date()
    return Contents(
        title=f"All days from {first} to {last} in {house.timezone}",
        scope=scope,
        tables=period_tables(scope),
        numbers=_numbers(first_day, last_day),
        first_day=first_day,
        last_day=last_day,
    )


def period_tables(scope: Scope) -> list[Table]:
    """Every table of a period, in the order of the folders."""
    everybody = list(User.objects.order_by("pk").values_list("public_id", flat=True))
    tables = [
        *people_tables(scope, everybody),
        *contact_test_tables(scope, everybody),
        *of_monitors(scope),
        *of_incidents(scope),
        *of_paging(scope),
        contacts_table(scope, everybody, policies_in_force(scope)),
        *of_lessons(scope),
        *of_pages(scope),
        *clock_tables(scope),
    ]
    return sorted(tables, key=lambda table: table.path)


def _numbers(first_day: date, last_day: date) -> Sequence[int]:
    """The lines of those days; of days that no seal has closed yet, all that follow the newest seal."""
    sealed = Seal.objects.filter(day__gte=first_day, day__lte=last_day).order_by("day")
    begins, ends = sealed.first(), sealed.last()
    newest = Seal.objects.order_by("-day").first()
    if newest is None or newest.day < last_day:
        first = begins.first_seq if begins else (newest.last_seq + 1 if newest else 1)
        return range(first, chain_end()[0] + 1)
    return range(begins.first_seq, ends.last_seq + 1) if begins and ends else range(0)
