"""Making, changing, pausing and retiring monitors, and what history and ledger learn of it."""

import json

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AllowedNetwork
from ledger.models import Entry
from ledger.tracked import StaleVersion, as_of
from monitors.models import Location, Monitor, MonitorState, ProbeSlot, Rule, StateInterval
from monitors.queries import monitor_state
from monitors.services import (
    change_monitor,
    create_monitor,
    create_service,
    create_system,
    down_rule,
    pause_monitor,
    resume_monitor,
    retire_monitor,
    retire_service,
    set_systems,
)
from monitors.states import State
from tests import builders

pytestmark = pytest.mark.django_db

URL = "https://shop.example.com/health"
SECRETS = {"headers": {"X-Api-Key": "s3cret-header"}, "body": "s3cret-body", "basic": ["mona", "s3cret-word"]}


def refused(call, **given):
    with pytest.raises(ValidationError) as error:
        call(**given)
    return {
        field: (one[0].code, one[0].messages[0])
        for field, one in ((f, e.as_data() if hasattr(e, "as_data") else e) for f, e in error.value.error_dict.items())
    }


@pytest.fixture
def monitor(shop, now):
    return create_monitor(service=shop, name="Basket", target={"url": URL, "method": "POST"}, secrets=SECRETS, now=now)


def test_a_new_monitor_is_unknown_and_due_at_once(monitor, now):
    standing = monitor_state(monitor, now)
    assert (standing.state, standing.cause, standing.since) == (State.UNKNOWN, "not_yet_checked", now)
    slot = ProbeSlot.objects.get(monitor=monitor)
    assert (slot.next_due_at, slot.extra, slot.location.name) == (now, True, "local")
    rule = down_rule(monitor)
    assert (rule.version, rule.severity, rule.urgency, rule.confirmation_s, rule.recovery_s) == (1, 2, "high", 60, 60)


def test_a_second_monitor_uses_the_same_place(shop, now):
    for name in ("One", "Two"):
        builders.monitor(name, service=shop, now=now)
    assert Location.objects.count() == 1


def test_secrets_are_encrypted_and_nowhere_else(monitor, now):
    change_monitor(monitor, {"secrets": {"headers": {"X-Api-Key": "s3cret-again"}}}, now=now, reason="rotated")
    raw = Monitor.objects.filter(pk=monitor.pk).extra(select={"raw": "secrets"}).values_list("raw", flat=True)[0]
    kept = json.dumps([str(row.__dict__) for row in Monitor.history.all()])
    lines = "".join(Entry.objects.values_list("line", flat=True))
    for place in (raw, kept, lines):
        assert "s3cret" not in place
    assert Monitor.objects.get(pk=monitor.pk).secrets["headers"] == {"X-Api-Key": "s3cret-again"}


def test_a_changed_secret_is_a_new_version_with_another_fingerprint(monitor, now):
    before = monitor.secrets_fingerprint
    change_monitor(monitor, {"secrets": {"body": "another"}}, now=now, reason="new body")
    assert monitor.version == 2
    assert monitor.secrets_fingerprint != before


def test_secrets_not_given_stay_and_none_removes(monitor, now):
    change_monitor(monitor, {"secrets": {"bearer": "t0ken", "body": None}}, now=now, reason="token")
    held = Monitor.objects.get(pk=monitor.pk).secrets
    assert held == {"headers": SECRETS["headers"], "bearer": "t0ken"}
    assert monitor.target["auth"] == "bearer"


def test_a_change_keeps_what_it_does_not_name_and_is_checked_at_once(monitor, now):
    ProbeSlot.objects.update(next_due_at=None, extra=False)
    change_monitor(monitor, {"target": {"keyword": "ok"}, "severity": 1, "interval_s": 30}, now=now, reason="stricter")
    assert (monitor.target["url"], monitor.target["method"], monitor.target["keyword"]) == (URL, "POST", "ok")
    assert (monitor.version, down_rule(monitor).version, down_rule(monitor).severity) == (2, 2, 1)
    slot = ProbeSlot.objects.get()
    assert (slot.next_due_at, slot.extra, slot.interval_s) == (now, True, 30)


def test_a_change_of_the_rule_alone_leaves_the_monitors_version(monitor, now):
    change_monitor(monitor, {"confirmation_s": 5}, now=now, reason="sooner")
    assert (monitor.version, down_rule(monitor).version) == (1, 2)


def test_a_stale_version_is_refused_and_changes_nothing(monitor, now):
    change_monitor(monitor, {"interval_s": 30}, now=now, reason="first")
    stale = Monitor.objects.get(pk=monitor.pk)
    with pytest.raises(StaleVersion):
        change_monitor(stale, {"interval_s": 40, "severity": 4}, now=now, reason="second", expected_version=1)
    assert (Monitor.objects.get().interval_s, Rule.objects.get().severity) == (30, 2)


def test_history_knows_what_was_in_force(monitor, now):
    later = now.replace(hour=13)
    change_monitor(monitor, {"interval_s": 30}, now=later, reason="sooner")
    assert [row.interval_s for row in as_of(Monitor, now)] == [60]
    assert [row.interval_s for row in as_of(Monitor, later)] == [30]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"target": {"url": "ftp://shop.example.com"}}, "url"),
        ({"target": {"url": "http://169.254.169.254/"}}, "url"),
        ({"target": {"url": "http://[::ffff:169.254.169.254]/"}}, "url"),
        ({"target": {"url": "http://metadata.google.internal/"}}, "url"),
        ({"target": {"url": "http://10.0.0.1/"}}, "url"),
        ({"interval_s": 0}, "interval_s"),
        ({"interval_s": 86_401}, "interval_s"),
        ({"interval_s": 1.5}, "interval_s"),
        ({"interval_s": True}, "interval_s"),
        ({"timeout_s": 61}, "timeout_s"),
        ({"timeout_s": 30, "interval_s": 20}, "timeout_s"),
        ({"confirmation_s": -1}, "confirmation_s"),
        ({"recovery_s": 100_000}, "recovery_s"),
        ({"severity": 5}, "severity"),
        ({"urgency": "medium"}, "urgency"),
        ({"secrets": {"headers": {"Bad Name": "x"}}}, "headers"),
    ],
)
def test_bad_input_names_its_field_and_leaves_nothing(shop, now, given, field):
    errors = refused(create_monitor, **{"service": shop, "name": "Basket", "target": {"url": URL}, "now": now, **given})
    assert list(errors) == [field]
    assert not Monitor.objects.exists()
    assert not MonitorState.objects.exists()


def test_a_private_address_can_be_watched_once_an_admin_allowed_it(shop, now):
    AllowedNetwork(cidr="10.0.0.0/8").save(now=now, reason="our own data centre")
    assert create_monitor(service=shop, name="Inside", target={"url": "http://10.0.0.1/"}, now=now).pk


def test_a_name_is_used_once_in_a_service(monitor, shop, now):
    errors = refused(create_monitor, service=shop, name=" basket ", target={"url": URL}, now=now)
    assert errors == {"name": ("taken", "Another monitor of Shop is already called basket.")}
    other = builders.service("Other", now=now)
    assert builders.monitor("Basket", service=other, now=now).pk
    retire_monitor(monitor, now=now, reason="gone")
    assert builders.monitor("Basket", service=shop, now=now).pk


def test_a_short_interval_has_a_timeout_that_fits(shop, now):
    made = builders.monitor(service=shop, now=now, interval_s=1)
    assert made.timeout_s == 10


def test_pausing_and_resuming(monitor, now):
    paused, resumed = now.replace(minute=1), now.replace(minute=2)
    pause_monitor(monitor, now=paused, reason="deploy")
    assert monitor_state(monitor, paused).state is State.PAUSED
    assert ProbeSlot.objects.get().next_due_at is None
    assert refused(pause_monitor, monitor=monitor, now=paused, reason="") == {
        "paused": ("conflict", "Basket is paused already.")
    }
    resume_monitor(monitor, now=resumed, reason="done")
    assert ProbeSlot.objects.get().next_due_at == resumed
    assert refused(resume_monitor, monitor=monitor, now=resumed, reason="") == {
        "paused": ("conflict", "Basket is not paused.")
    }
    tiles = StateInterval.objects.order_by("started_at").values_list("state", "cause", "started_at", "ended_at")
    assert list(tiles) == [
        ("unknown", "not_yet_checked", now, paused),
        ("paused", "", paused, resumed),
        ("unknown", "resumed", resumed, None),
    ]
    assert Entry.objects.filter(kind="monitor.state_changed").count() == 2


def test_a_change_while_paused_does_not_start_checks(monitor, now):
    pause_monitor(monitor, now=now, reason="deploy")
    change_monitor(monitor, {"interval_s": 30}, now=now, reason="slower")
    assert ProbeSlot.objects.get().next_due_at is None


def test_retiring_ends_its_life_and_keeps_its_history(monitor, now):
    end = now.replace(hour=13)
    retire_monitor(monitor, now=end, reason="replaced")
    assert not StateInterval.objects.filter(ended_at__isnull=True).exists()
    assert StateInterval.objects.get().ended_at == end
    assert ProbeSlot.objects.get().next_due_at is None
    assert not Rule.objects.in_force().exists()
    assert refused(pause_monitor, monitor=monitor, now=end, reason="")["monitor"][0] == "conflict"


def test_a_service_that_is_watched_cannot_be_retired(monitor, shop, now):
    assert "1 monitors still watch Shop" in refused(retire_service, service=shop, now=now, reason="")["service"][1]
    retire_monitor(monitor, now=now, reason="gone")
    retire_service(shop, now=now, reason="gone")
    assert shop.retired_at == now


def test_services_and_systems_have_names_of_their_own(shop, now):
    assert refused(create_service, name="SHOP", now=now)["name"][0] == "taken"
    assert refused(create_service, name="  ", now=now)["name"][0] == "invalid"
    system = create_system(name="Database 1", system_class="database", now=now)
    set_systems(shop, [system], now=now, reason="")
    set_systems(shop, [system], now=now, reason="")
    assert [link.system for link in shop.service_systems.filter(retired_at__isnull=True)] == [system]
    set_systems(shop, [], now=now, reason="")
    assert not shop.service_systems.filter(retired_at__isnull=True).exists()
    with pytest.raises(TypeError, match="has no colour"):
        create_service(name="Other", colour="red", now=now)
