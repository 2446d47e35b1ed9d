"""Maintenance, corrections and deletions as an auditor gets them, and that their sums are those of the sealed months."""

from collections import defaultdict
from datetime import timedelta

from ledger.link import link_entries
from ledger.models import Entry
from ledger.tables import Scope
from monitors.evidence_upkeep import retention_tables, upkeep_tables
from monitors.models import MonthlyAvailability
from monitors.services.adjustments import approve_adjustment
from monitors.services.months import seal_months
from monitors.services.windows import announce_window
from tests import builders
from tests.monitors.test_months_are_sealed import CLOSED, FAULT, HOUR, JUNE, MAY, ask, house_in_may, promised  # noqa: F401 - house_in_may is the fixture `house`


def tables(house):
    link_entries()
    scope = Scope("period", "2026-05", CLOSED + HOUR, MAY, CLOSED + HOUR)
    made = [*upkeep_tables(scope, [house.service], [house.monitor]), *retention_tables(scope)]
    return {one.path: [dict(zip(one.header, row, strict=True)) for row in one.rows()] for one in made}


def test_what_maintenance_took_out_is_what_the_sealed_months_say(house):
    promised(house, notice_required_s=3600, maintenance_allowance_s=5400)
    told = {"team": house.team, "by": house.mona, "approved_by": house.max, "length": HOUR}
    for name, start in (("Patches", FAULT), ("Disks", FAULT + 9 * HOUR), ("Unannounced", FAULT + 20 * HOUR)):
        window = builders.window(house.service, name=name, starts_in=48 * HOUR, now=start - 48 * HOUR, **told)
        if name != "Unannounced":
            announce_window(window, now=start - 24 * HOUR)
    seal_months(CLOSED)
    rows = tables(house)["03_availability/maintenance"]
    assert [(row["counts_as_exclusion"], row["excluded_s"], row["down_during_s"]) for row in rows] == [
        (True, 3600, 3600),
        (True, 1800, 0),
        (False, 0, 0),
    ]
    assert rows[0]["notice_s"] == 86_400 and "ends in it" in rows[1]["why"] and "not announced" in rows[2]["why"]
    per_month = defaultdict(int)
    for row in rows:
        per_month[row["sla_id"], row["period"]] += row["excluded_s"] * 1000
    for sealed in MonthlyAvailability.objects.exclude(sla=""):
        assert sealed.excluded_ms == per_month[sealed.sla, sealed.month]
        assert sealed.maintenance_ms == (3 * 3_600_000 if sealed.month == "2026-05" else 0)
    assert all(row["ledger_seq_first"] and row["ledger_seq_first"] <= row["ledger_seq_last"] for row in rows)


def test_corrections_add_up_to_what_the_sealed_months_say_was_adjusted(house):
    seal_months(CLOSED)
    approve_adjustment(ask(house, end=FAULT + HOUR / 2), by=house.max, now=CLOSED, reason="Yes")
    ask(house, start=FAULT + HOUR / 2, now=CLOSED + timedelta(minutes=1))
    rows = tables(house)["03_availability/adjustments"]
    assert [(row["standing"], row["seconds"], row["to_state"]) for row in rows] == [
        ("approved", 1800, "up"),
        ("asked", 1800, "up"),
    ]
    assert rows[0]["requested_by"] != rows[0]["decided_by"] and rows[0]["evidence_ref"] == "TICKET-7"
    newest = MonthlyAvailability.objects.get(month="2026-05", superseded_by=None)
    approved = sum(row["seconds"] for row in rows if row["standing"] == "approved")
    assert newest.adjusted_ms == approved * 1000
    assert len(rows) == Entry.objects.filter(kind="adjustment.requested").count()
    first, second = (row for row in tables(house)["03_availability/sealed_months"] if row["period"] == "2026-05")
    assert (second["revision"], second["supersedes"], second["adjustment_id"]) == (
        2,
        first["month_id"],
        rows[0]["adjustment_id"],
    )
    assert second["approved_by"] == house.max.public_id and second["reason"] == "The assertion was wrong"


def test_without_an_agreement_the_row_says_so_and_nothing_deleted_is_a_header(house):
    builders.window(house.service, starts_in=48 * HOUR, now=FAULT - 48 * HOUR, by=house.mona, approved_by=house.max)
    told = tables(house)
    (row,) = told["03_availability/maintenance"]
    assert (row["sla_id"], row["counts_as_exclusion"], row["down_during_s"]) == (None, False, 3600)
    assert told["17_integrity/retention_log"] == [] and told["17_integrity/legal_holds"] == []
