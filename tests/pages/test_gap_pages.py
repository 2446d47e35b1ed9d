"""The pages about the watching itself: what did not run is told with its cause, and people put words beside it."""

from datetime import timedelta

import pytest

from ledger import clock
from ledger.models import Entry
from monitors.engine.watch import watch
from monitors.gaps import GapCause, Scope
from monitors.models import GapNote
from monitors.services.gaps import record_gap
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def gap():
    now = clock.now()
    return record_gap(
        scope=Scope.ALL, cause=GapCause.CLOCK_STEP, started_at=now - timedelta(hours=2), ended_at=now - timedelta(hours=1),
        step_s=-3600, now=now,
    )  # fmt: skip


@pytest.fixture
def member(client):
    def sign_in(role):
        client.force_login(builders.person("Ada Admin", role, now=clock.now()))
        return client

    return sign_in


def test_the_page_tells_gaps_components_and_days(member, gap):
    watch(clock.now())
    page = member("viewer").get("/monitoring/gaps/").content.decode()
    assert "The clock was put back by 3,600 s" in page
    assert "Engine: plans checks" in page
    assert "The first day is counted when it is over." in page


def test_words_are_kept_beside_a_gap_and_later_ones_do_not_replace_them(member, gap):
    client = member("responder")
    for text in ("NTP was off.", "It was the firmware, see the ticket."):
        answer = client.post(f"/monitoring/gaps/{gap.public_id}/", {"text": text, "incident": "INC-2026-0042"})
        assert answer.status_code == 302
    page = client.get(f"/monitoring/gaps/{gap.public_id}/").content.decode()
    assert page.index("NTP was off.") < page.index("It was the firmware")
    assert "INC-2026-0042" in page
    lines = [entry.line for entry in Entry.objects.filter(kind="monitoring.gap_explained")]
    assert len(lines) == 2
    assert not any("NTP" in line for line in lines), "free text enters the ledger as its hash"


def test_who_may_only_read_says_nothing(member, gap):
    assert member("viewer").post(f"/monitoring/gaps/{gap.public_id}/", {"text": "x"}).status_code == 403
    assert not GapNote.objects.exists()


@pytest.mark.parametrize("given", [{"text": ""}, {"text": "x" * 2_001}, {"text": "x", "incident": "the one of Monday"}])
def test_words_that_cannot_be_kept_are_refused(member, gap, given):
    assert member("responder").post(f"/monitoring/gaps/{gap.public_id}/", given).status_code == 422
    assert not GapNote.objects.exists()
