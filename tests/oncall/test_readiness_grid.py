"""The readiness grid: what the planner would do, cell by cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.contact_rules import PersonalRules, Rule
from oncall.escalation.reach import Contact, reach
from oncall.reached import reached
from oncall.readiness import NOT_REACHABLE, PARTLY, READY, REASONS, Way, grid
from tests import builders

EVERY = ("email", "sms", "voice")


def way(channel, *, verified=True, healthy=True, proven=True, name=""):
    return Way(name or channel, channel, f"{channel} …", verified, healthy, proven)


def rules(*pairs, left_out=(), silent=False):
    return PersonalRules("crl_x@v1", tuple(Rule(*pair) for pair in pairs), frozenset(left_out), silent)


def row_of(ways, held=None, ready=EVERY):
    usable = [Contact(one.id, one.channel, one.healthy) for one in ways if one.verified]
    left_out = held.opted_out if held else frozenset()
    return grid(ways, {"high": reach(usable, held)}, {"high": left_out}, ready)[0]


def reasons(found):
    return tuple(fault.reason for fault in found.why)


def cell(row, channel):
    return next(one for one in row.cells if one.channel == channel)


def test_without_rules_everything_verified_is_ready_at_minute_nought():
    row = row_of([way("email"), way("sms")])
    assert (row.state, row.first_s, row.how) == (READY, 0, "no_rules")
    assert [(one.channel, one.state, one.first_s) for one in row.cells] == [
        ("email", READY, 0),
        ("sms", READY, 0),
        ("voice", NOT_REACHABLE, None),
    ]
    assert reasons(cell(row, "voice")) == ("no_contact",)


def test_rules_say_at_which_minute_each_channel_is_first_used():
    row = row_of([way("email"), way("sms")], rules(("email", 120), ("sms", 60), ("sms", 600)))
    assert (row.first_s, cell(row, "email").first_s, cell(row, "sms").first_s) == (60, 120, 60)
    assert [call.delay_s for call in cell(row, "sms").calls] == [60, 600]


@pytest.mark.parametrize(
    ("ways", "held", "ready", "state", "why"),
    [
        ([way("sms", verified=False)], None, EVERY, NOT_REACHABLE, ("not_verified",)),
        ([way("sms", healthy=False), way("email")], None, EVERY, NOT_REACHABLE, ("broken",)),
        ([way("sms", healthy=False)], None, EVERY, NOT_REACHABLE, ("broken",)),
        ([way("sms"), way("email")], rules(("email", 0)), EVERY, NOT_REACHABLE, ("not_in_rules",)),
        ([way("sms"), way("email")], rules(("email", 0), left_out=["sms"]), EVERY, NOT_REACHABLE, ("opted_out",)),
        ([way("sms"), way("email")], rules(silent=True), EVERY, NOT_REACHABLE, ("opted_out",)),
        ([way("sms")], None, ("email",), NOT_REACHABLE, ("not_set_up",)),
        ([way("sms"), way("sms", healthy=False, name="old")], None, EVERY, PARTLY, ("broken",)),
        ([way("sms"), way("sms", verified=False, name="new")], None, EVERY, PARTLY, ("not_verified",)),
        ([way("sms"), way("sms", name="other")], rules(("sms", 0)), EVERY, READY, ()),
        ([way("sms", proven=False)], None, EVERY, PARTLY, ("not_tested",)),
    ],
)
def test_a_cell_says_ready_partly_or_not_reachable_and_why(ways, held, ready, state, why):
    found = cell(row_of(ways, held, ready), "sms")
    assert (found.state, reasons(found)) == (state, why)


def test_a_person_with_nothing_but_broken_contacts_is_not_reachable_although_they_are_tried():
    row = row_of([way("sms", healthy=False)])
    assert (row.state, row.first_s, len(cell(row, "sms").calls)) == (NOT_REACHABLE, None, 1)


ways = st.lists(
    st.builds(Way, st.sampled_from("abcd"), st.sampled_from(EVERY), st.just("…"), *[st.booleans()] * 3),
    max_size=4,
    unique_by=lambda one: one.id,
)
held = st.none() | st.builds(
    lambda pairs, left_out, silent: PersonalRules(
        "crl_x@v1", tuple(Rule(*pair) for pair in pairs), left_out - {pair[0] for pair in pairs}, silent
    ),
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3600)), max_size=4),
    st.frozensets(st.sampled_from("abcd")),
    st.booleans(),
)


@given(ways, held, st.frozensets(st.sampled_from(EVERY)))
def test_the_grid_promises_exactly_what_the_planner_would_do(ways, held, ready):
    usable = [Contact(one.id, one.channel, one.healthy) for one in ways if one.verified]
    said = reach(usable, held)
    row = row_of(ways, held, ready)
    assert {(c.contact, c.delay_s) for one in row.cells for c in one.calls} == {
        (x.contact, x.delay_s) for x in said.lines
    }
    for one in row.cells:
        assert set(reasons(one)) <= set(REASONS)
        assert (one.state == NOT_REACHABLE) == (one.first_s is None)
        assert one.state == READY or one.why
    # somebody the planner counts as absent is never shown as reachable
    if said.absent:
        assert row.state == NOT_REACHABLE


def test_the_grid_of_a_person_comes_with_their_rules_and_masks_only(db, settings, django_assert_max_num_queries):
    settings.EMAIL_URL = "smtp://127.0.0.1:25"
    ana = builders.person("Ana Duarte", phone="+447700900001")
    mail, phone = ana.contact_methods.order_by("kind")
    builders.contact_rules(ana, (mail, 60), leave_out=[phone])
    with django_assert_max_num_queries(5):
        found = reached(ana, now=builders.NIGHT)
    high, low = found.rows
    assert (high.urgency, high.state, high.first_s, high.source) == (
        "high",
        READY,
        60,
        f"{found.rules['high'].public_id}@v1",
    )
    assert low.how == "no_rules"
    assert "ana@" not in str(found.rows) and "7700900001" not in str(found.rows)


def test_somebody_who_left_is_not_reachable_and_it_says_so(db):
    ana = builders.person("Ana Duarte")
    ana.is_active = False
    ana.save(now=builders.NIGHT, reason="Left")
    assert {
        reason for row in reached(ana, now=builders.NIGHT).rows for cell in row.cells for reason in reasons(cell)
    } >= {"inactive"}
