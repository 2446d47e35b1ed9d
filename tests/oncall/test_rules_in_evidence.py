"""What evidence says of contact rules: as they were at the instant, and how they would have reached people then."""

from datetime import timedelta

import pytest

from accounts.evidence import people_tables
from accounts.models import ContactRules
from ledger.tables import Scope
from oncall.evidence import paging_tables
from oncall.resolved import resolved
from tests import builders
from tests.builders import NIGHT

LATER = NIGHT + timedelta(hours=1)


@pytest.fixture
def ana(db):
    return builders.person("Ana Duarte", phone="+447700900001")


@pytest.fixture
def rules(ana):
    """High urgency by mail, then by text; low urgency not at all. An hour later everything is taken away."""
    mail, phone = ana.contact_methods.order_by("kind")
    builders.contact_rules(ana, (mail, 0), (phone, 60))
    builders.contact_rules(ana, urgency="low", leave_out=[""])
    for held in ContactRules.objects.all():
        held.retire(now=LATER, reason="Test")
    return mail, phone


def scope(at):
    return Scope("incident", "INC-2026-0001", at, NIGHT, LATER)


def rows(tables, name):
    table = next(one for one in tables if one.path == name)
    return [dict(zip(table.columns, row, strict=False)) for row in table.rows()]


def test_rules_and_opt_outs_stand_there_as_they_were(ana, rules):
    mail, phone = rules
    told = rows(people_tables(scope(NIGHT), [ana.public_id]), "07_oncall/contact_rules")
    assert [(r["urgency"], r["line_kind"], r["contact_id"], r["delay_s"]) for r in told] == [
        ("high", "rule", mail.public_id, 0),
        ("high", "rule", phone.public_id, 60),
        ("low", "opt_out", None, None),
    ]
    assert (told[2]["reason_sha256"], told[0]["retired_at"]) != (None, None)
    assert "baby" not in str(told)
    assert {r["retired_at"] for r in rows(people_tables(scope(LATER), [ana.public_id]), "07_oncall/contact_rules")} == {
        LATER
    }


def test_a_policy_says_over_what_each_person_would_have_been_reached(ana, rules):
    policy = builders.policy(ana, team=builders.team())
    then, now = (
        rows(paging_tables(scope(at), "incident", "INC-2026-0001", [policy.public_id]), "02_config/policies_as_of")[0]
        for at in (NIGHT, LATER)
    )
    assert (then["resolved_how_high"], then["resolved_channel_kinds_high"]) == ("rules", "email@0 sms@60")
    assert (then["resolved_how_low"], then["resolved_channel_kinds_low"]) == ("opted_out", "")
    assert then["all_channels_verified"] is True
    assert (now["resolved_how_low"], now["resolved_channel_kinds_low"]) == ("no_rules", "email@0 sms@0")


def test_contacts_and_people_of_a_later_day_are_not_those_of_the_instant(ana, django_assert_max_num_queries):
    builders.contact(ana, "voice", "+447700900001", now=LATER)
    builders.contact(ana, "phone", "+447700900002", verified=False, now=LATER)
    assert resolved([ana.public_id], NIGHT)[ana.public_id].channels("high") == "email@0 sms@0"
    with django_assert_max_num_queries(4):
        after = resolved([ana.public_id], LATER)[ana.public_id]
    assert (after.channels("high"), after.all_verified) == ("email@0 sms@0 voice@0", False)
    ana.is_active = False
    ana.save(now=LATER + timedelta(hours=1), reason="Left")
    gone = resolved([ana.public_id], LATER + timedelta(hours=2))[ana.public_id]
    assert (gone.channels("high"), gone.reach["high"].absent) == ("", "inactive")
