"""What an event means, case by case, and what holds for any events whatever."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.correlate import ATTACH, NOTHING, OPEN, RESOLVE, SUPPRESS, Cover, Event, KnownAlert, correlate

NOON = datetime(2026, 3, 17, 12, 0, tzinfo=UTC)
DAY = timedelta(hours=24)

DOWN = Event(
    source="monitors",
    identity="mon_a/down",
    group="mon_a",
    key="sig_1",
    opens=True,
    condition="down",
    severity=2,
    urgency="high",
    service="svc_checkout",
    title="Checkout is down",
    effective_at=NOON,
    reopens=True,
)
UP = replace(DOWN, opens=False, key="sig_2")
FROM_OUTSIDE = replace(DOWN, source="alertmanager", reopens=False)

OPEN_ALERT = KnownAlert(7, "monitors", "mon_a/down", "mon_a", "INC-2026-0001", True, 2, "high")
ENDED_ALERT = replace(
    OPEN_ALERT, incident_open=False, closed_at=NOON - timedelta(hours=1), resolved_at=NOON - timedelta(hours=1)
)
SUPPRESSED_ALERT = replace(OPEN_ALERT, incident="", incident_open=False)
SILENCE = Cover("sil_1", "svc_checkout", NOON - timedelta(hours=1), NOON + timedelta(hours=1))
PARENT = Cover("mon_p", "mon_a", NOON - timedelta(hours=1))
FLAPS = replace(OPEN_ALERT, id=9, identity="mon_a/flapping", condition="flapping")

CASES = [
    ("nothing is known of it", DOWN, [], {}, (OPEN, "new", None, "")),
    ("it is open already", DOWN, [OPEN_ALERT], {}, (ATTACH, "repeat", 7, "INC-2026-0001")),
    ("it ends", UP, [OPEN_ALERT], {}, (RESOLVE, "recovered", 7, "INC-2026-0001")),
    ("nobody watches it any more", replace(UP, measured=False), [OPEN_ALERT], {}, (RESOLVE, "unwatched", 7, "INC-2026-0001")),
    ("it ends and nothing was open", UP, [], {}, (NOTHING, "nothing_open", None, "")),
    ("it ends a second time", UP, [ENDED_ALERT], {}, (NOTHING, "nothing_open", None, "")),
    ("it comes back within a day", DOWN, [ENDED_ALERT], {}, (OPEN, "reopened", None, "INC-2026-0001")),
    (
        "it comes back exactly a day later",
        DOWN,
        [replace(ENDED_ALERT, resolved_at=NOON - DAY)],
        {},
        (OPEN, "new", None, ""),
    ),
    (
        "it comes back worse within a day",
        replace(DOWN, severity=1),
        [ENDED_ALERT],
        {},
        (OPEN, "reopened", None, "INC-2026-0001"),
    ),
    (
        "an outside key comes back within a day",
        FROM_OUTSIDE,
        [replace(ENDED_ALERT, source="alertmanager")],
        {},
        (OPEN, "new", None, ""),
    ),
    (
        "the same identity of another source is another thing",
        DOWN,
        [replace(OPEN_ALERT, source="alertmanager")],
        {},
        (OPEN, "new", None, ""),
    ),
    (
        "another condition of the same monitor, no worse",
        replace(DOWN, identity="mon_a/slow", condition="slow", severity=3),
        [OPEN_ALERT],
        {},
        (OPEN, "same_group", None, "INC-2026-0001"),
    ),
    (
        "another condition of the same monitor, worse: it needs a page of its own",
        replace(DOWN, identity="mon_a/certificate", condition="certificate", severity=1),
        [OPEN_ALERT],
        {},
        (OPEN, "new", None, ""),
    ),
    (
        "another condition, urgent while the incident is not",
        replace(DOWN, identity="mon_a/slow"),
        [replace(OPEN_ALERT, urgency="low")],
        {},
        (OPEN, "new", None, ""),
    ),
    (
        "its own alert ended but the incident goes on",
        DOWN,
        [replace(OPEN_ALERT, closed_at=NOON)],
        {},
        (OPEN, "same_condition", None, "INC-2026-0001"),
    ),
    (
        "what it depends on is down",
        DOWN,
        [],
        {"parents": [PARENT]},
        (SUPPRESS, "parent_down", None, ""),
    ),
    ("it repeats while its parent is down", DOWN, [SUPPRESSED_ALERT], {"parents": [PARENT]}, (SUPPRESS, "parent_down", 7, "")),
    ("its parent is up again and it is not", DOWN, [SUPPRESSED_ALERT], {}, (OPEN, "new", 7, "")),
    ("it recovers with its parent", UP, [SUPPRESSED_ALERT], {"parents": [PARENT]}, (RESOLVE, "recovered", 7, "")),
    (
        "the parent of another monitor is down",
        DOWN,
        [],
        {"parents": [replace(PARENT, scope="mon_b")]},
        (OPEN, "new", None, ""),
    ),
    (
        "it was paged before its parent went down",
        DOWN,
        [OPEN_ALERT],
        {"parents": [PARENT]},
        (ATTACH, "repeat", 7, "INC-2026-0001"),
    ),
    ("it goes down again while it flaps", DOWN, [FLAPS], {}, (OPEN, "flapping", None, "INC-2026-0001")),
    (
        "it goes down again while it flaps, worse than was paged",
        DOWN,
        [replace(FLAPS, severity=4)],
        {},
        (OPEN, "new", None, ""),
    ),
    (
        "it begins to flap just after its incident ended",
        replace(DOWN, identity="mon_a/flapping", condition="flapping"),
        [replace(OPEN_ALERT, incident_open=False, closed_at=NOON, resolved_at=NOON)],
        {},
        (OPEN, "reopened", None, "INC-2026-0001"),
    ),
    (
        "it begins to flap while it is down",
        replace(DOWN, identity="mon_a/flapping", condition="flapping"),
        [OPEN_ALERT],
        {},
        (OPEN, "same_group", None, "INC-2026-0001"),
    ),
    ("it is silenced", DOWN, [], {"silences": [SILENCE]}, (SUPPRESS, "silenced", None, "")),
    ("maintenance", DOWN, [], {"maintenance": [SILENCE]}, (SUPPRESS, "maintenance", None, "")),
    (
        "the silence of another service",
        DOWN,
        [],
        {"silences": [replace(SILENCE, scope="svc_search")]},
        (OPEN, "new", None, ""),
    ),
    ("the silence ends now", DOWN, [], {"silences": [replace(SILENCE, end=NOON)]}, (OPEN, "new", None, "")),
    ("the silence begins now", DOWN, [], {"silences": [replace(SILENCE, start=NOON)]}, (SUPPRESS, "silenced", None, "")),
    (
        "a silence does not hide that an open alert repeats",
        DOWN,
        [OPEN_ALERT],
        {"silences": [SILENCE]},
        (ATTACH, "repeat", 7, "INC-2026-0001"),
    ),
    ("a silence does not keep an alert from ending", UP, [OPEN_ALERT], {"silences": [SILENCE]}, (RESOLVE, "recovered", 7, "INC-2026-0001")),
    ("it repeats under the silence", DOWN, [SUPPRESSED_ALERT], {"silences": [SILENCE]}, (SUPPRESS, "silenced", 7, "")),
    ("it repeats after the silence: now somebody must know", DOWN, [SUPPRESSED_ALERT], {}, (OPEN, "new", 7, "")),
    ("it ends under the silence", UP, [SUPPRESSED_ALERT], {}, (RESOLVE, "recovered", 7, "")),
]  # fmt: skip


@pytest.mark.parametrize(("event", "alerts", "more", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_an_event_means(event, alerts, more, expected):
    decision = correlate(event, alerts, now=NOON, reopen_within=DAY, **more)
    assert (decision.action, decision.reason, decision.alert, decision.incident) == expected


events = st.builds(
    replace,
    st.just(DOWN),
    identity=st.sampled_from(["mon_a/down", "mon_a/slow", "mon_b/down"]),
    group=st.sampled_from(["mon_a", "mon_b", ""]),
    opens=st.booleans(),
    severity=st.integers(1, 4),
    urgency=st.sampled_from(["high", "low"]),
    reopens=st.booleans(),
)
known = st.builds(
    KnownAlert,
    id=st.integers(1, 9),
    source=st.sampled_from(["monitors", "alertmanager"]),
    identity=st.sampled_from(["mon_a/down", "mon_a/slow", "mon_b/down"]),
    group=st.sampled_from(["mon_a", "mon_b", ""]),
    incident=st.sampled_from(["INC-2026-0001", "INC-2026-0002"]),
    incident_open=st.booleans(),
    severity=st.integers(1, 4),
    urgency=st.sampled_from(["high", "low"]),
    closed_at=st.none() | st.just(NOON - timedelta(hours=2)),
    resolved_at=st.none() | st.sampled_from([NOON - timedelta(hours=2), NOON - timedelta(hours=30)]),
)


@given(events, st.lists(known, max_size=6))
def test_without_silences_what_opens_is_never_quiet(event, alerts):
    decision = correlate(event, alerts, now=NOON, reopen_within=DAY)
    if event.opens:
        assert decision.action in (OPEN, ATTACH)
    else:
        assert decision.action in (RESOLVE, NOTHING)


@given(events, st.lists(known, max_size=6))
def test_the_order_of_other_identities_does_not_decide_the_action(event, alerts):
    forwards = correlate(event, alerts, now=NOON, reopen_within=DAY)
    backwards = correlate(event, alerts[::-1], now=NOON, reopen_within=DAY)
    assert forwards.action == backwards.action


@given(events, st.lists(known, max_size=6))
def test_it_joins_an_open_incident_only_if_that_was_paged_as_loudly(event, alerts):
    decision = correlate(event, alerts, now=NOON, reopen_within=DAY)
    if decision.action == OPEN and decision.reason in ("same_group", "same_condition"):
        joined = [a for a in alerts if a.incident == decision.incident and a.incident_open]
        assert any(a.severity <= event.severity and (a.urgency == "high" or event.urgency == "low") for a in joined)


@given(events, st.lists(known, max_size=6))
def test_closing_touches_only_an_open_alert_of_the_same_identity_and_source(event, alerts):
    decision = correlate(event, alerts, now=NOON, reopen_within=DAY)
    if decision.action in (RESOLVE, ATTACH):
        assert any(
            a.id == decision.alert and a.identity == event.identity and a.source == event.source and not a.closed_at
            for a in alerts
        )
