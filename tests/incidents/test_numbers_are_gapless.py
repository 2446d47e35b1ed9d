"""Incident numbers: gapless per year of the organisation's zone, however many open at once."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from incidents import intake
from incidents.models import Alert, Incident
from incidents.services.work import declare
from ledger.actors import SYSTEM
from tests import builders
from tests.builders import NIGHT
from tests.incidents.threads import together


def declared(person, now=NIGHT):
    return declare(title="Slow", severity=3, service=None, actor=SYSTEM, person=person, how="screen", now=now)


@pytest.fixture
def alice(db):
    builders.organisation(zone="Europe/Berlin")
    return builders.person("Alice Adeyemi")


def test_the_year_turns_at_the_organisations_midnight(alice):
    before = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)
    after = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    assert [declared(alice, at).number for at in (before, before, after)] == [
        "INC-2026-0001", "INC-2026-0002", "INC-2027-0001",
    ]  # fmt: skip


def test_an_opening_that_is_undone_leaves_no_hole(alice):
    declared(alice)
    with pytest.raises(RuntimeError), transaction.atomic():
        declared(alice)
        raise RuntimeError("the process dies before the commit")
    assert declared(alice).number == "INC-2026-0002"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_eight_people_declaring_at_once_get_eight_numbers_in_a_row():
    builders.organisation()
    alice = builders.person("Alice Adeyemi")

    def five_times():
        for _ in range(5):
            declared(alice)

    assert together(*[five_times] * 8) == []
    numbers = sorted(Incident.objects.values_list("serial", flat=True))
    assert numbers == list(range(1, 41))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_intakes_racing_on_the_same_signals_leave_one_incident_each():
    builders.organisation()
    checkout = builders.service()
    monitors = [builders.monitor(f"Monitor {n}", service=checkout) for n in range(10)]
    for monitor in monitors:
        builders.signal(monitor)
    assert together(*[lambda: intake.run(NIGHT)] * 4) == []
    assert Incident.objects.count() == Alert.objects.count() == 10
    assert sorted(Incident.objects.values_list("serial", flat=True)) == list(range(1, 11))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_racing_intakes_never_take_the_end_before_the_beginning():
    builders.organisation()
    checkout = builders.service()
    monitors = [builders.monitor(f"Monitor {n}", service=checkout) for n in range(10)]
    for monitor in monitors:
        builders.signal(monitor)
        builders.signal(monitor, opens=False)
    assert together(*[lambda: intake.run(NIGHT)] * 4) == []
    intake.run(NIGHT)  # what a racer left because the older signal was not committed yet
    assert set(Incident.objects.values_list("state", flat=True)) == {"resolved"}
    assert not Alert.objects.open().exists()
