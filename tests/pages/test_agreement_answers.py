"""The page of an agreement says whether answers were as fast as promised, and by which monitor."""

from datetime import timedelta

import pytest

from ledger import clock
from monitors.services.months import seal_months
from tests import builders
from tests.monitors.checked import ran


@pytest.fixture
def viewer(as_, monkeypatch):
    monkeypatch.setattr("monitors.services.months.BUDGET_S", 60)
    return as_("viewer")


@pytest.fixture
def promised(house):
    """Seventy days of checks: a monitor that is always fast and one that is slow in every fifth hour."""
    now = clock.now()
    born = (now - timedelta(days=70)).replace(hour=0, minute=0, second=0, microsecond=0)
    service = builders.service("Labels", now=born)
    fast, slow = (builders.monitor(name, service=service, now=born, interval_s=600) for name in ("Search", "Payment"))
    ran(fast, born, now)
    ran(slow, born, now, lambda at: 900.0 if at.hour % 5 == 0 else 100.0)
    return builders.sla(service, now=born, since=born.date(), target_ppm=500_000, latency_ms=500, latency_ppm=950_000)


def text_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_each_window_has_its_verdict_by_the_monitor_that_kept_it_least(promised, viewer):
    text = text_of(viewer, f"/agreements/{promised.public_id}/")
    about = text[text.index("How fast it answered") :]
    assert "95 % within 500 ms" in about
    assert "Missed" in about
    assert "In progress" in about
    assert about.index("Payment") < about.index("Search: ")
    told = viewer.get(f"/api/v1/slas/{promised.public_id}/periods/").json()["items"]
    assert [one["answers"]["verdict"] for one in told[:2]] == ["in_progress", "missed"]
    assert [one["verdict"] for one in told[1]["answers"]["monitors"]] == ["missed", "met"]


def test_the_list_and_the_sealed_months_say_it_too(promised, viewer):
    assert "answers" not in text_of(viewer, "/agreements/")
    seal_months(clock.now() + timedelta(days=3))
    for address in ("/agreements/", "/sealed-months/"):
        text = text_of(viewer, address)
        assert "Missed" in text[text.index("answers <") :]
    row = viewer.get("/api/v1/monthly-availability/?sla=" + promised.public_id).json()["items"][0]
    assert (row["latency_ms"], row["latency_ppm"], row["latency_verdict"]) == (500, 950_000, "missed")
    assert {one["verdict"] for one in row["answers"]} == {"missed", "met"}


def test_an_agreement_that_promises_nothing_of_answers_has_no_such_section(house, viewer):
    sla = builders.sla(house.service, name="Plain", now=clock.now(), since=clock.now().date())
    assert "How fast it answered" not in text_of(viewer, f"/agreements/{sla.public_id}/")


def test_a_window_sealed_before_answers_were_judged_says_so(promised, viewer, monkeypatch):
    monkeypatch.setattr("monitors.services.months._answers", lambda due, now: None)
    seal_months(clock.now() + timedelta(days=3))
    text = text_of(viewer, f"/agreements/{promised.public_id}/")
    assert "Sealed before answers were judged." in text
