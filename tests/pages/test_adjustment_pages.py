"""Corrections on the screen: asked from an interval, decided by another, and what they changed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ledger import clock
from monitors.models import Adjustment, StateInterval


@pytest.fixture
def fault(house):
    """An hour that was down, before the house's other adjustment."""
    row = StateInterval.objects.get(monitor=house.monitor)
    start = house.now + timedelta(minutes=1)
    StateInterval.objects.filter(pk=row.pk).update(ended_at=start, closed_recorded_at=start, covered_until=start)
    end = start + timedelta(hours=1)
    down = StateInterval.objects.create(
        monitor=house.monitor, state="down", started_at=start, ended_at=end, recorded_at=start, closed_recorded_at=end
    )
    house.monitor.standing.interval = StateInterval.objects.create(
        monitor=house.monitor, state="unknown", started_at=end, recorded_at=end
    )
    house.monitor.standing.save()
    return down


def test_an_interval_fills_the_form_and_a_second_person_decides(house, fault, as_):
    page = as_("manager").get(f"/adjustments/new/?interval={fault.public_id}").content.decode()
    with timezone.override(house.people["manager"].zone):
        local = f"{timezone.localtime(fault.started_at):%Y-%m-%dT%H:%M:%S}.000"
    assert f'value="{local}"' in page
    said = {
        "monitor": house.monitor.public_id, "start": local, "end": local.replace(local[11:13], f"{int(local[11:13]) + 1:02}"),
        "to_state": "up", "reason": "Wrong assertion", "evidence": "https://tickets.example/7",
    }  # fmt: skip
    asked = as_("manager").post("/adjustments/new/", said)
    made = Adjustment.objects.order_by("-pk").first()
    assert asked["Location"] == f"/adjustments/{made.public_id}/"
    assert (made.start_at, made.from_state) == (fault.started_at, "down")
    own = as_("manager").post(f"/adjustments/{made.public_id}/approve/", {"reason": "Yes"})
    assert own.status_code == 422 and "Let somebody else approve" in own.content.decode()
    assert as_("admin").post(f"/adjustments/{made.public_id}/approve/", {"reason": "Seen"}).status_code == 302
    page = as_("viewer").get(f"/adjustments/{made.public_id}/").content.decode()
    assert "Wrong assertion" in page and "https://tickets.example/7" in page and "3600000" in page
    assert clock.now() > made.requested_at


def test_sealed_months_stand_in_a_list(house, as_):
    page = as_("viewer").get("/sealed-months/").content.decode()
    assert "2026-02" in page and "Checkout" in page and "100.00 %" in page
