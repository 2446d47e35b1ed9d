"""What goes over the broker: only its reader reads it, only its writer wrote it, and garbage is garbage."""

import dataclasses
import ipaddress
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.egress.guard import EgressRules, decide
from monitors.engine.findings import Finding, Job, Slot
from monitors.kinds.health_document import Dependency
from monitors.probes.trace import Answers, Certificate, Hop, HttpCheck, Link, Outcome, Trace, place_of
from monitors.remote.envelope import ACK, PLAN, RESULTS, Refused, seal, unseal
from monitors.remote.keys import PREFIX, UnreadableKey, engine_seed, private_keys, read_public
from monitors.remote.messages import (
    CHECKS,
    Plan,
    Results,
    finding_of,
    job_of,
    plan_of,
    read,
    rules_out,
    seen_of,
    write,
)
from monitors.remote.plain import NotPlain, as_plain, of_plain

NOW = datetime(2026, 3, 17, 3, 0, tzinfo=UTC)
ENGINE, PARIS, ROME = (private_keys(bytes([number]) * 32) for number in (1, 2, 3))
LOCAL = ipaddress.ip_address("192.0.2.7")
RULES = EgressRules(
    allowed=(ipaddress.ip_network("10.1.0.0/16"),),
    own=frozenset({(ipaddress.ip_address("10.1.0.9"), 5432)}),
    own_ports=frozenset({8000}),
    local=frozenset({LOCAL, ipaddress.ip_address("127.0.0.1")}),
)
CHECK = HttpCheck(
    url="https://shop.example/é", place=place_of("https://shop.example/é"), method="POST", timeout_s=10.0,
    headers=(b"Expect:",), credentials=(b"Authorization: Bearer s3cret",), body=b"\x00\xff", accepted=((200, 204),),
)  # fmt: skip


def job(*seconds):
    slots = tuple(
        Slot((NOW + timedelta(seconds=s)).timestamp(), NOW + timedelta(seconds=s), bool(s % 2), 7, 3, 1, 60, CHECK)
        for s in seconds
    )
    return Job(42, slots, RULES)


# --- envelopes ------------------------------------------------------------------------------------


@given(st.binary(max_size=2_000))
def test_what_is_sealed_is_read_by_its_reader(body):
    message = seal(body, by=ENGINE, to=PARIS.public, purpose=PLAN)
    assert unseal(message, mine=PARIS, writer=ENGINE.public, purpose=PLAN) == body
    assert len(body) < 8 or body not in message


def test_a_plan_for_another_location_cannot_be_opened():
    message = seal(b"secret", by=ENGINE, to=PARIS.public, purpose=PLAN)
    with pytest.raises(Refused, match="forged"):
        unseal(message, mine=ROME, writer=ENGINE.public, purpose=PLAN)


def test_one_location_cannot_speak_for_another_nor_for_the_engine():
    forged = seal(b"{}", by=ROME, to=ENGINE.public, purpose=RESULTS)
    with pytest.raises(Refused, match="stranger"):
        unseal(forged, mine=ENGINE, writer=PARIS.public, purpose=RESULTS)
    relabelled = forged[:4] + PARIS.public.id + forged[12:]
    with pytest.raises(Refused, match="forged"):
        unseal(relabelled, mine=ENGINE, writer=PARIS.public, purpose=RESULTS)


def test_results_are_no_plan_and_an_answer_is_no_result():
    message = seal(b"{}", by=PARIS, to=ENGINE.public, purpose=RESULTS)
    for purpose in (PLAN, ACK):
        with pytest.raises(Refused):
            unseal(message, mine=ENGINE, writer=PARIS.public, purpose=purpose)


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_byte_anywhere_is_refused(place, by):
    message = bytearray(seal(b"x" * 100, by=ENGINE, to=PARIS.public, purpose=PLAN))
    message[place % len(message)] ^= by
    with pytest.raises(Refused):
        unseal(bytes(message), mine=PARIS, writer=ENGINE.public, purpose=PLAN)


@given(st.binary(max_size=300))
def test_garbage_is_refused(garbage):
    for message in (garbage, b"WBR1" + ENGINE.public.id + garbage):
        with pytest.raises(Refused):
            unseal(message, mine=PARIS, writer=ENGINE.public, purpose=PLAN)


def test_a_public_key_survives_being_copied_and_nothing_else_is_one():
    assert read_public(f" {PARIS.public.text}\n") == PARIS.public
    for wrong in ("", PREFIX, PREFIX + "%%%", PARIS.public.text[:-2], PARIS.public.text[5:], PREFIX + "A" * 200):
        with pytest.raises(UnreadableKey):
            read_public(wrong)


def test_the_engines_key_follows_from_the_signing_key_and_is_not_it():
    assert engine_seed(b"k" * 32) == engine_seed(b"k" * 32) != b"k" * 32
    assert engine_seed(b"k" * 32) != engine_seed(b"l" * 32)


# --- what they say --------------------------------------------------------------------------------


def test_a_plan_comes_out_as_it_went_in():
    plan = read(Plan, write(plan_of(job(0, 1, 61), sent_at=NOW, lost_after=NOW + timedelta(minutes=1))))
    got = job_of(plan, EgressRules())
    assert [(one.planned_at, one.due, one.retry) for one in got.slots] == [
        (one.planned_at, one.due, one.retry) for one in job(0, 1, 61).slots
    ]
    assert {one.check for one in got.slots} == {CHECK}
    assert (got.plan_id, got.slots[0].monitor_id, got.slots[0].monitor_version) == (42, 7, 3)


def test_a_check_with_many_slots_travels_once():
    body = write(plan_of(job(*range(50)), sent_at=NOW, lost_after=NOW))
    assert body.count(b"shop.example") == 2  # the address and its place


def test_a_plan_full_of_large_bodies_still_arrives():
    large = dataclasses.replace(CHECK, body=b"x" * 64_000)
    slots = tuple(Slot(0.0, NOW, False, number + 1, 1, 1, 60, large) for number in range(200))
    body = write(plan_of(Job(1, slots, RULES), sent_at=NOW, lost_after=NOW))
    message = seal(body, by=ENGINE, to=PARIS.public, purpose=PLAN)
    assert len(message) > 16_000_000
    assert unseal(message, mine=PARIS, writer=ENGINE.public, purpose=PLAN) == body


def test_neither_the_engines_places_nor_the_probes_own_are_ever_called():
    here = EgressRules(own=frozenset({(ipaddress.ip_address("203.0.113.4"), 6379)}), own_ports=frozenset({6379}))
    plan = read(Plan, write(plan_of(job(0), sent_at=NOW, lost_after=NOW)))
    rules = job_of(plan, here).rules
    for address, port in (("10.1.0.9", 5432), ("192.0.2.7", 8000), ("203.0.113.4", 6379), ("127.0.0.1", 6379)):
        assert decide(address, port, rules).kind == "own"
    assert decide("10.1.0.9", 443, rules) is None
    assert decide("10.2.0.9", 443, rules).kind == "private"


def test_loopback_is_each_machines_own_and_does_not_travel():
    own = {address for address, _ in rules_out(RULES).own}
    assert own == {"10.1.0.9", "192.0.2.7"}


TRACE = Trace(
    outcome=Outcome.FAILED, code="status", sentence="Answered 503.", status=503, total_us=1200, dns_us=3,
    hops=[Hop("https://a.example/", 301, "203.0.113.1")],
    certificate=Certificate("a", "b", NOW), answers=Answers("a.example", "A", "1.1.1.1", ("203.0.113.1",), True),
    chain=(Link(0, "a", "b", "1", "f" * 64, "EC secp256r1", ("a.example",), NOW, NOW, True, None),),
    dependencies=(Dependency("db", 2, "down", "no quorum"), Dependency("cache", 0, "ok")),
)  # fmt: skip
FINDING = Finding(7, 3, 1, NOW, False, 900, TRACE)


def test_a_finding_comes_out_as_it_went_in_but_for_its_location():
    said = read(Results, write(Results("host:1", "b1", (seen_of(FINDING),), (42,))))
    assert finding_of(said.seen[0], 9, now=NOW) == dataclasses.replace(FINDING, location_id=9)


@pytest.mark.parametrize(
    "change",
    [
        {"lag_us": -1}, {"lag_us": 2**70}, {"version": -1}, {"monitor": 0}, {"monitor": "7"}, {"retry": "no"},
        {"planned_at": "yesterday"}, {"planned_at": "2026-03-17T03:00:00"}, {"planned_at": "2026-03-10T03:00:00+00:00"},
        {"planned_at": "2026-03-17T04:00:00+00:00"}, {"extra": 1}, {"trace": None}, {"trace": {"outcome": "great"}},
        {"trace": {"total_us": -5}}, {"trace": {"status": 70_000}}, {"trace": {"code": "c" * 17}},
        {"trace": {"sentence": "s" * 301}}, {"trace": {"sentence": "a\x00b"}}, {"trace": {"sentence": "\ud800"}},
        {"trace": {"dependencies": [{"name": "db", "grade": 3}]}}, {"trace": {"dependencies": [{"name": "db"}]}},
        {"trace": {"hops": [{"url": "x"}]}}, {"trace": {"total_us": True}}, {"trace": {"total_us": 1.5}},
    ],
)  # fmt: skip
def test_a_result_that_cannot_be_is_refused(change):
    told = {**as_plain(seen_of(FINDING)), **change}
    body = json.dumps({"format": 1, "probe": "p", "seen": [told]}).encode()
    with pytest.raises(NotPlain):
        finding_of(read(Results, body).seen[0], 9, now=NOW)


def test_what_a_probe_says_of_dependencies_is_held_to_the_bounds_of_our_own_reader():
    told = [Dependency("d" * 900, 0), *(Dependency(f"d{n}", 1, "w" * 99, "password=hunter2") for n in range(400))]
    trace = dataclasses.replace(TRACE, dependencies=tuple(told))
    said = read(Results, write(Results("p", "b", (seen_of(dataclasses.replace(FINDING, trace=trace)),))))
    found = finding_of(said.seen[0], 9, now=NOW).trace.dependencies
    assert len(found) == 200
    assert (len(found[0].name), len(found[1].said), found[1].why) == (160, 40, "password=…")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_is_read_or_refused_and_nothing_else_happens(value):
    for kind in (Plan, Results):
        try:
            read(
                kind,
                json.dumps(
                    {"format": 1, "x": value} if not isinstance(value, dict) else {**value, "format": 1}
                ).encode(),
            )
        except NotPlain:
            continue


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"{}", b'{"format":2}', b"[" * 100_000])
def test_bytes_that_are_no_message_are_refused(body):
    with pytest.raises(NotPlain):
        read(Results, body)


@pytest.mark.parametrize("kind", CHECKS.values(), ids=lambda kind: kind.__name__)
def test_every_kind_of_check_can_travel(kind):
    given = {"timeout_s": 5.0, "url": "https://a.example/", "method": "GET", "place": place_of("https://a.example/")}
    samples = {"host": "a.example", "port": 443, "name": "a.example", "record": "A", "address": "a.example"}
    needed = [
        field
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    check = kind(**{field.name: {**given, **samples}.get(field.name, "x") for field in needed})
    assert of_plain(kind, json.loads(json.dumps(as_plain(check)))) == check
