"""Who watches the watcher, with real processes: the pings stop when paging is broken, and with everything dead."""

import time

import pytest

from tests.evidence.conftest import Sink
from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.processes.conftest import GROWN, embedded, grown
from tests.processes.house import Api
from tests.processes.peers import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def told(tmp_path):
    """A house of its own that is audited twice a second and tells a dead-man on this machine."""
    dead_man = Sink()
    run = grown if GROWN else embedded
    with (
        FakeTwilio(report=("sent", "delivered")) as twilio,
        FakeSmtp() as smtp,
        run(tmp_path, (twilio, smtp), DEADMAN_URL=dead_man.url, SELF_CHECK_EVERY_S="0.5") as house,
    ):
        house.dead_man = dead_man
        yield house
    dead_man.close()


def pings_go_on(house):
    had = len(house.dead_man.paths)
    wait_for("the dead-man is pinged", lambda: len(house.dead_man.paths) > had + 1, within=30)


def pings_have_stopped(house):
    def silent():
        had = len(house.dead_man.paths)
        time.sleep(2)
        return len(house.dead_man.paths) == had

    wait_for("the pings stop", silent, within=30)


def open_findings(house):
    return {row["name"] for row in house.api.rows("self-checks/", open="true")}


def test_the_dead_man_stops_when_pages_are_not_taken_and_comes_back(told, target):
    ben = told.people["Ben"]
    pings_go_on(told)
    told.watch("Checkout API", target.url)

    # the provider refuses our texts, as one does whose account was suspended
    told.twilio.fail_next(times=1000, http=401, code=20003)
    target.kill()
    told.incident_becomes("Checkout API is down", "triggered")
    wait_for("the refusals are found", lambda: "oncall.providers_take_pages" in open_findings(told), within=30)
    pings_have_stopped(told)
    assert told.api.get("dead-man/")["withheld_since"]

    # somebody is called about it by the way that is left
    own = told.incident_becomes("Watchbook itself: a provider takes no pages", "triggered", within=30)
    assert (own["severity"], own["detected_by"]) == (1, "watchbook")
    told.smtp.expect(ben.email, own["number"], "a provider takes no pages", within=15)

    # the provider takes texts again; one that goes through proves it
    told.twilio.troubles.clear()
    target.start()
    own_token = Api(told.product.url, told.product.manage("apitoken", ben.email, "--scope", "admin"))
    phone = next(row for row in own_token.rows("contact-methods/") if row["kind"] == "phone")
    own_token.post(f"contact-methods/{phone['id']}/test/")
    told.incident_becomes("Watchbook itself: a provider takes no pages", "resolved", within=30)
    pings_go_on(told)
    assert told.api.get("dead-man/")["withheld_since"] is None

    # and when everything is dead, silence is what calls somebody
    told.product.kill_everything()
    pings_have_stopped(told)
    told.ledger_holds()
