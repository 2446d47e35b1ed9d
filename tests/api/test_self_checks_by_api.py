"""What Watchbook found about itself, when it looked, and who outside is told, over the API."""

import pytest

from evidence.models import DeadMan, DeadManState
from ledger import clock
from tests.api import cast
from tests.api.house import build
from tests.once import built

pytestmark = pytest.mark.django_db
URL = "https://hc.example.com/ping/0f3c-nobody-knows"


_house, house = built(build)


@pytest.fixture
def admin(house):
    return cast.client(house.people["admin"])


def test_findings_are_listed_and_filtered(house, admin):
    (row,) = admin.get("/api/v1/self-checks/", {"open": "true"}).json()["items"]
    assert row == admin.get(f"/api/v1/self-checks/{row['id']}/").json()
    assert (row["name"], row["endangers_paging"], row["closed_at"]) == ("config.disk_has_room", False, None)
    for query in ({"open": "false"}, {"name": "test.other"}, {"endangers_paging": "true"}):
        assert admin.get("/api/v1/self-checks/", query).json()["items"] == []
    assert admin.get("/api/v1/self-checks/scf_aaaaaaaaaaaaaaaa/").status_code == 404


def test_hours_say_in_how_many_minutes_the_auditor_ran(house, admin):
    (row,) = admin.get("/api/v1/self-checks/hours/").json()["items"]
    assert (row["minutes_audited"], row["minutes_broken"], row["minutes_endangered"]) == (2, 0, 0)


def test_the_dead_man_is_named_and_its_address_never_comes_back(house, admin):
    sent = admin.put("/api/v1/dead-man/", {"url": URL, "reason": "Moved", "version": 1})
    assert (sent.status_code, sent.json()["host"], sent.json()["version"]) == (200, "hc.example.com", 2)
    assert DeadMan.objects.get().url == URL
    identity = sent.json()["id"]
    history = admin.get(f"/api/v1/dead-man/{identity}/history/")
    assert [row["reason"] for row in history.json()["items"]] == ["Moved", "Test"]
    for answer in (sent, history, admin.get("/api/v1/dead-man/")):
        assert "nobody-knows" not in answer.content.decode()


def test_everybody_reads_how_it_fares(house):
    now = clock.now()
    DeadManState.objects.create(ok_at=now, failed=2, error="hc.example.com answered 500.", withheld_at=now)
    row = cast.client(house.people["viewer"], "read").get("/api/v1/dead-man/").json()
    assert (row["failed_in_a_row"], row["last_error"]) == (2, "hc.example.com answered 500.")
    assert row["last_ok_at"] == row["withheld_since"] is not None


@pytest.mark.parametrize(
    "url", ["hc.example.com/ping", "https://me:pw@hc.example.com/", "javascript:alert(1)", "https://["]
)
def test_what_cannot_be_pinged_is_refused_in_the_fields_terms(house, admin, url):
    refused = admin.put("/api/v1/dead-man/", {"url": url, "reason": "Test"})
    assert (refused.status_code, cast.problems(refused)) == (400, ["url"])
    assert DeadMan.objects.get().version == 1


def test_a_stale_version_and_an_environment_that_decides_are_conflicts(house, admin, settings):
    stale = admin.put("/api/v1/dead-man/", {"url": URL, "reason": "Test", "version": 9})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "stale_version")
    settings.DEADMAN_URL = "https://env.example.com/ping"
    fixed = admin.put("/api/v1/dead-man/", {"url": URL, "reason": "Test"})
    assert (fixed.status_code, fixed.json()["error"]["code"]) == (409, "conflict")
    assert admin.get("/api/v1/dead-man/").json()["set_in_environment"] is True
