"""Redis flushed, both beats stopped, the broker down for sixty polls: pages leave all the same, and the auditor says what happened."""

import time

import pytest

from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.processes.conftest import grown
from tests.processes.house import instant
from tests.processes.peers import wait_for
from tests.processes.product import FAST

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.timeout(180),
]
POLLS = 60
LATE_S = 10


@pytest.fixture
def audited(tmp_path):
    """A house of its own that is audited each second."""
    with (
        FakeTwilio(report=("sent", "delivered")) as twilio,
        FakeSmtp() as smtp,
        grown(tmp_path, (twilio, smtp), SELF_CHECK_EVERY_S="1") as house,
    ):
        yield house


def _found(house):
    return {row["name"]: row for row in house.api.rows("self-checks/", limit=100)}


def test_pages_leave_at_most_ten_seconds_late_and_the_auditor_says_what_happened(audited, target):
    audited.watch("Nothing runs", target.url)
    audited.product.hold_down("beat1", "beat2")
    audited.product.broker.kill()  # nothing of it is kept: what comes back is empty
    went_down = time.monotonic()
    target.kill()
    for name in ("Ben", "Carla"):
        audited.twilio.expect(audited.people[name].phone, "SEV1 Nothing runs is down", within=30)
    wait_for("the auditor says that the broker is away", lambda: "config.broker_answers" in _found(audited), within=20)
    wait_for("the auditor says that Celery does not tick", lambda: "config.celery_ticks" in _found(audited), within=20)
    while time.monotonic() - went_down < POLLS * float(FAST["TICK_S"]):
        time.sleep(0.1)
    audited.product.broker.start()
    audited.product.release()

    number = audited.incident("Nothing runs is down")["number"]
    run = audited.api.get(f"runs/{audited.pages(number)[0]['run']}/")
    assert len(run["steps_taken"]) >= 2
    assert max(step["lateness_ms"] for step in run["steps_taken"]) <= LATE_S * 1000
    for page in audited.pages(number):
        begun = instant(audited.api.get(f"pages/{page['id']}/")["attempts"][0]["begun_at"])
        assert (begun - instant(page["due_at"])).total_seconds() <= LATE_S
    wait_for(
        "the auditor says that it is over", lambda: _found(audited)["config.broker_answers"]["closed_at"], within=30
    )
    audited.twilio.verify_nothing_else()
