"""What holds for every type of check by itself: told once, it is the same in rows, forms and the API."""

import asyncio
import time
from dataclasses import dataclass, fields

import pytest

from accounts.egress.guard import EgressRules
from monitors.api.targets import TargetBody
from monitors.forms.monitor import AddMonitorForm, EditMonitorForm, initial_of_new
from monitors.forms.targets import names_of
from monitors.kinds import HEARTBEAT, KINDS, Shape
from monitors.kinds.words import settings_in_words
from monitors.probes.async_loop import AsyncLoop
from monitors.probes.registry import PROBES, compile_check, run_once
from monitors.probes.trace import Outcome, Trace
from tests.builders import NIGHT
from tests.monitors.conftest import LOOPBACK

# Of each type the least that can be said, with a target of this machine on which nobody listens.
EXAMPLES = {
    "http": {"url": "http://127.0.0.1:9/"},
    "health": {"url": "http://127.0.0.1:9/health", "required": ["db"]},
    "tls": {"host": "127.0.0.1", "port": 9},
    "dns": {"domain": "shop.example", "resolver": "127.0.0.1:9", "match": "equals", "expected": ["192.0.2.1"]},
    "tcp": {"host": "127.0.0.1", "port": 9, "send": r"PING\r\n", "expect": "PONG"},
    "icmp": {"host": "127.0.0.1"},
    "smtp": {"host": "127.0.0.1", "port": 9},
    "postgresql": {"host": "127.0.0.1", "port": 9, "user": "watcher", "password": "s3cret-pa55"},
    "mysql": {"host": "127.0.0.1", "port": 9, "user": "watcher", "password": "s3cret-pa55"},
    "redis": {"host": "127.0.0.1", "port": 9, "user": "watcher", "password": "s3cret-pa55"},
    "heartbeat": {"schedule": "cron", "expression": "30 2 * * *", "zone": "Europe/Berlin", "slug": "nightly"},
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
# a heartbeat reports by itself, nothing is called
every_probed_kind = pytest.mark.parametrize("kind", [KINDS[name] for name in PROBES], ids=PROBES)


def read(kind, given=None):
    secrets = {name: value for name, value in (given or EXAMPLES[kind.name]).items() if _field(kind, name).secret}
    target = {name: value for name, value in (given or EXAMPLES[kind.name]).items() if name not in secrets}
    held = kind.read_secrets(secrets)
    return kind.read_target(target, held), held


def _field(kind, name):
    return next(field for field in kind.fields if field.name == name)


def posted(kind):
    """What a browser sends of the form of a new monitor in which the example was written."""
    form = AddMonitorForm(kind=kind, services=[], initial={**initial_of_new(kind), **EXAMPLES[kind.name]})
    sent = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in sent.items() if value is not None and value is not False}


def test_every_type_has_its_probe_and_its_example():
    assert set(KINDS) == {*PROBES, HEARTBEAT} == set(EXAMPLES)
    assert all(name == kind.name for name, kind in KINDS.items())


@every_kind
def test_its_names_are_free_and_its_settings_are_all_told(kind):
    taken = {*AddMonitorForm.base_fields, *EditMonitorForm.base_fields, *TargetBody._declared_fields}
    inputs = [name for field in kind.fields for name in names_of(field)]
    assert not taken & set(inputs)
    assert len(inputs) == len(set(inputs))
    told = {field.name for field in (*kind.fields, *kind.told) if not field.secret}
    assert told == {field.name for field in fields(kind.target)}
    assert kind.address_field in told
    assert all(field.choices for field in kind.fields if field.shape is Shape.CHOICE)
    assert {field.held for field in kind.fields if field.held} <= told


@every_kind
def test_a_target_is_stored_and_read_again_as_the_same(kind):
    target, secrets = read(kind)
    assert kind.restore(target.as_json()) == target
    assert kind.read_target(target.as_json(), secrets) == target
    assert kind.read_secrets(secrets.as_json()) == secrets
    assert target.address
    assert all(label and words for label, words in settings_in_words(kind, target.as_json()))


@every_kind
def test_form_and_api_read_the_same_target(kind):
    form = AddMonitorForm(
        {**posted(kind), "name": "One", "new_service": "Shop", "interval_s": "1 min"}, kind=kind, services=[]
    )
    assert form.is_valid(), form.errors
    body = TargetBody(data={kind.name: EXAMPLES[kind.name]})
    assert body.is_valid(), body.errors
    taken = body.validated_data
    assert kind.read_secrets(form.secrets()) == kind.read_secrets(taken["secrets"])
    secrets = kind.read_secrets(taken["secrets"])
    assert kind.read_target(form.target(), secrets) == kind.read_target(taken["target"], secrets)


@every_probed_kind
def test_a_check_of_nobody_ends_in_time_with_a_sentence(kind):
    target, secrets = read(kind)
    check = compile_check(kind.name, target, secrets, timeout_s=1.0)
    assert isinstance(check, PROBES[kind.name].check)
    began = time.monotonic()
    trace = run_once(check, LOOPBACK, now=NIGHT)
    assert time.monotonic() - began < 2
    if kind.name == "icmp" and trace.ok:
        return  # it needs no listener to be answered
    assert trace.outcome in (Outcome.FAILED, Outcome.BLOCKED)
    assert trace.code
    assert trace.sentence.endswith(".")


@every_probed_kind
def test_no_check_leaves_for_an_address_that_nobody_allowed(kind):
    target, secrets = read(kind)
    trace = run_once(compile_check(kind.name, target, secrets, timeout_s=1.0), EgressRules(), now=NIGHT)
    if target.host:
        assert trace.outcome is Outcome.BLOCKED
        assert "no allowed network covers it" in trace.sentence


@dataclass(frozen=True)
class Nap:
    """A check that only takes its time."""

    timeout_s: float
    takes_s: float = 0.0
    breaks: bool = False


async def nap(check, rules):
    if check.breaks:
        raise ZeroDivisionError
    await asyncio.sleep(check.takes_s)
    return Trace()


def test_checks_of_the_loop_end_each_by_itself_in_time_whatever_happens_in_one():
    rung, traces = [], {}
    loop = AsyncLoop(lambda: rung.append(time.monotonic()))
    began = time.monotonic()
    naps = {"slow": Nap(0.2, 60), "broken": Nap(1, breaks=True), "good": Nap(1)}
    for name, check in naps.items():
        loop.start(nap, check, LOOPBACK, lambda trace, name=name: traces.update({name: trace}))
    while len(traces) < 3:
        assert time.monotonic() - began < 5
        loop.take()
        time.sleep(0.005)
    loop.close()
    assert len(rung) == 3
    assert time.monotonic() - began < 2
    assert (traces["good"].outcome, traces["slow"].code, traces["broken"].code) == (Outcome.OK, "timeout", "invalid")
    assert traces["slow"].sentence == "It was not done within 0.2 s."
    assert traces["slow"].total_us > 200_000
