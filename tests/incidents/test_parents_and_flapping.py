"""One fault, one page: what depends on what is down is kept quiet, and what flaps gathers in one incident."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from incidents import intake
from incidents.models import Alert, Incident
from incidents.release import release
from ledger.models import Entry
from monitors.engine.findings import Finding
from monitors.engine.flaps import sweep_flaps
from monitors.engine.handover import hand_over
from monitors.models import ConditionState, MonitorState, ProbeSlot, Signal
from monitors.probes.trace import Outcome, Trace
from monitors.services import retire_monitor
from monitors.services.dependencies import set_parent
from tests import builders
from tests.builders import NIGHT

pytestmark = pytest.mark.django_db


@pytest.fixture
def estate(db):
    """A router, a shop behind it and a till behind the shop, all checked each minute; one failure is enough."""
    builders.organisation()
    ada = builders.person("Ada Admin", "admin")
    builders.catch_all(ada)
    service = builders.service()
    quick = {"interval_s": 60, "timeout_s": 10, "confirmation_s": 0, "recovery_s": 0, "now": NIGHT}
    return {name: builders.monitor(name, service=service, **quick) for name in ("Router", "Shop", "Till")}


@pytest.fixture
def chain(estate):
    set_parent(estate["Shop"], estate["Router"], now=NIGHT, reason="Test")
    set_parent(estate["Till"], estate["Shop"], now=NIGHT, reason="Test")
    return estate


def at(second):
    return NIGHT + timedelta(seconds=second)


def result(monitor, second, outcome):
    place = ProbeSlot.objects.get(monitor=monitor).location_id
    return Finding(monitor.pk, 1, place, at(second), False, 500, Trace(outcome=outcome, code="", sentence=""))


def seen(second, good=(), bad=()):
    """Checks at this second, handed over and taken in a second later."""
    found = [result(one, second, Outcome.OK) for one in good] + [result(one, second, Outcome.FAILED) for one in bad]
    hand_over(found, now=at(second + 1))
    intake.run(at(second + 1))
    release(at(second + 1))


def incidents():
    return sorted(Incident.objects.values_list("title", "state"))


def kept():
    return sorted(Alert.objects.filter(incident=None).values_list("monitor__name", "suppressed_by"))


def test_a_router_that_is_down_is_paged_once_and_what_is_behind_it_is_kept(chain):
    router, shop, till = chain.values()
    seen(0, good=(router, shop, till))
    seen(60, bad=(router,))
    seen(70, bad=(shop, till))
    assert incidents() == [("Router is down", "triggered")]
    assert kept() == [("Shop", router.public_id), ("Till", shop.public_id)]
    assert MonitorState.objects.get(monitor=shop).state == "down", "what was measured stays"
    line = Entry.objects.filter(kind="alert.suppressed").first().line
    assert "parent_down" in line
    assert router.public_id in line


def test_what_recovers_with_its_parent_pages_nobody(chain):
    router, shop, till = chain.values()
    seen(0, good=(router, shop, till))
    seen(60, bad=(router,))
    seen(70, bad=(shop, till))
    seen(120, good=(router,))
    release(at(121))
    assert incidents() == [("Router is down", "resolved")]
    seen(130, good=(shop, till))
    assert not Alert.objects.open().exists()
    assert len(incidents()) == 1


def test_what_is_still_down_when_its_parent_is_up_pages(chain):
    router, shop, till = chain.values()
    seen(0, good=(router, shop, till))
    seen(60, bad=(router,))
    seen(70, bad=(shop, till))
    seen(120, good=(router,))
    seen(130, bad=(shop,))
    assert ("Shop is down", "triggered") in incidents()
    assert kept() == [("Till", shop.public_id)]


def test_a_monitor_that_fell_silent_with_its_parent_is_told_in_the_end(chain):
    router, shop, _ = chain.values()
    seen(0, good=(router, shop))
    seen(60, bad=(router,))
    seen(70, bad=(shop,))
    seen(120, good=(router,))
    release(at(120 + 2 * 60 + 10))
    assert kept() == [("Shop", router.public_id)]
    release(at(120 + 2 * 60 + 11))
    assert ("Shop is down", "triggered") in incidents()


def test_a_parent_whose_failure_is_being_verified_keeps_its_children_too(chain):
    router, shop, _ = chain.values()
    seen(0, good=(router, shop))
    MonitorState.objects.filter(monitor=router).update(run=at(60).isoformat(), run_good=False)
    seen(70, bad=(shop,))
    assert (incidents(), kept()) == ([], [("Shop", router.public_id)])
    MonitorState.objects.filter(monitor=router).update(run="")
    seen(130, bad=(shop,))
    assert incidents() == [("Shop is down", "triggered")], "the router was well after all"


def test_a_retired_parent_keeps_nobody_quiet(chain):
    router, shop, till = chain.values()
    seen(0, good=(shop, till))
    seen(60, bad=(router,))
    retire_monitor(router, now=at(65), reason="Test")
    seen(70, bad=(shop,))
    assert ("Shop is down", "triggered") in incidents()


def test_circles_are_refused_and_nothing_changes(chain):
    router, shop, till = chain.values()
    for parent in (router, shop, till):
        with pytest.raises(ValidationError, match="circle"):
            set_parent(router, parent, now=at(1), reason="Test")
    router.refresh_from_db()
    assert (router.depends_on, router.version) == (None, 1)


def turn(monitor, times, start=60, every=60):
    for number in range(times):
        second = start + number * every
        seen(second, **({"bad": (monitor,)} if number % 2 == 0 else {"good": (monitor,)}))
        sweep_flaps(at(second + 2))
        intake.run(at(second + 2))


def test_a_monitor_that_flaps_stays_in_one_incident_until_it_keeps_still(estate, settings):
    router = estate["Router"]
    settings.FLAP_CHANGES, settings.FLAP_WINDOW_S = 3, 600
    seen(0, good=(router,))
    turn(router, 3)
    assert not ConditionState.objects.filter(is_open=True).exists()
    turn(router, 5, start=240)
    assert ConditionState.objects.get(rule__condition="flapping").is_open
    assert Incident.objects.count() == 1
    incident = Incident.objects.get()
    reopened = incident.reopened_count
    turn(router, 4, start=600)
    incident.refresh_from_db()
    assert (incident.state, incident.reopened_count) == ("triggered", reopened), "nobody was paged anew"
    reasons = [entry.data.get("reason") for entry in incident.timeline.filter(kind="alert_joined")]
    assert "flapping" in reasons
    last = Signal.objects.filter(monitor=router, condition="down").order_by("pk").last()
    assert last.opens is False
    sweep_flaps(last.effective_at + timedelta(seconds=601))
    intake.run(last.effective_at + timedelta(seconds=601))
    incident.refresh_from_db()
    assert incident.state == "resolved"


def test_a_monitor_that_turns_now_and_then_does_not_flap(estate, settings):
    settings.FLAP_CHANGES, settings.FLAP_WINDOW_S = 3, 600
    seen(0, good=(estate["Router"],))
    turn(estate["Router"], 8, every=240)
    assert not ConditionState.objects.filter(is_open=True).exists()
