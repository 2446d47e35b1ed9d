"""The engine believes a remote probe only what it signed, answers for what is stored, and counts what it refused."""

import shutil
from datetime import timedelta

import pytest
from django.db import DataError, OperationalError

from ledger import clock
from monitors.models import MonitorState, Result
from monitors.probes.trace import Trace
from monitors.remote import broker as lists
from monitors.remote import taking
from monitors.remote.envelope import RESULTS, Refused, seal, writer_of
from monitors.remote.messages import Results, Seen, write
from monitors.remote.parties import engine_keys
from monitors.services import change_location
from tests.remote.speech import PARIS, ROME, STRANGER, refusals, said, send

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not shutil.which("redis-server"), reason="needs redis-server"),
]


def test_what_nobody_of_ours_signed_changes_nothing_and_is_counted(two, broker):
    *_, monitor = two
    good = said(monitor)
    changed = good[:80] + bytes([good[80] ^ 1]) + good[81:]
    send(
        broker, b"", b"garbage", b"\xff" * 500, b'{"task": "watchbook.housekeeping"}', changed, said(monitor, by=STRANGER),
        said(monitor, to=ROME.public), good[:4] + ROME.public.id + good[12:],
        seal(b"{}", by=PARIS, to=engine_keys().public, purpose=RESULTS), said(monitor, status=-1),
    )  # fmt: skip
    assert refusals() == {"unreadable": 4, "stranger": 1, "forged": 3, "wrong": 2}
    assert not Result.objects.exists()


def test_a_location_speaks_only_of_what_is_checked_from_there(two, broker):
    *_, monitor = two
    send(broker, said(monitor, by=ROME))
    assert (refusals(), Result.objects.count()) == ({"not_planned": 1}, 0)


def test_what_is_stored_is_answered_for_and_what_comes_twice_is_stored_once(two, broker):
    paris, _, monitor = two
    message = said(monitor, at=clock.now())
    send(broker, message, message)
    assert Result.objects.get().location == paris
    assert len(lists.take_acks(lists.connect(broker.url), PARIS.public.name, "host:1")) == 2
    assert refusals() == {}


def test_what_could_not_be_stored_is_not_answered_for_and_is_stored_when_it_comes_again(two, broker, monkeypatch):
    *_, monitor = two
    message = said(monitor)

    def away(*args, **kwargs):
        raise OperationalError("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr(taking, "hand_over", away)
        with pytest.raises(OperationalError):
            send(broker, message)
    client = lists.connect(broker.url)
    assert (Result.objects.count(), lists.take_acks(client, PARIS.public.name, "host:1")) == (0, [])
    send(broker, message)
    assert Result.objects.count() == 1
    assert len(lists.take_acks(client, PARIS.public.name, "host:1")) == 1


def test_a_batch_with_results_that_cannot_be_kept_is_answered_for_so_that_it_is_not_sent_for_ever(
    two, broker, monkeypatch
):
    *_, monitor = two
    now = clock.now().replace(microsecond=0)
    real, bad = taking.hand_over, now - timedelta(seconds=7)

    def choosy(findings, **more):
        if any(finding.planned_at == bad for finding in findings):
            raise DataError("value too long")
        return real(findings, **more)

    monkeypatch.setattr(taking, "hand_over", choosy)
    times = (now - timedelta(days=3), bad, now + timedelta(hours=1), now - timedelta(seconds=5))
    seen = tuple(Seen(monitor.pk, monitor.version, at, False, 10, Trace(status=200)) for at in times)
    body = write(Results("host:1", "b1", seen))
    send(broker, seal(body, by=PARIS, to=engine_keys().public, purpose=RESULTS))
    assert Result.objects.get().planned_at == times[-1]
    assert refusals() == {"too_old": 1, "wrong": 1, "unstorable": 1}
    assert len(lists.take_acks(lists.connect(broker.url), PARIS.public.name, "host:1")) == 1


def test_what_comes_late_is_kept_and_changes_no_state(two, broker):
    *_, monitor = two
    send(broker, said(monitor, at=clock.now() - timedelta(minutes=16), batch="late"))
    assert Result.objects.count() == 1
    assert MonitorState.objects.get(pk=monitor.pk).state == "unknown"
    send(broker, said(monitor, at=clock.now() - timedelta(minutes=14), batch="in time"))
    assert MonitorState.objects.get(pk=monitor.pk).last_at is not None


def test_a_key_that_was_replaced_is_a_strangers(two, broker):
    paris, _, monitor = two
    change_location(paris, {"public_key": STRANGER.public.text}, now=clock.now(), reason="The machine was stolen")
    send(broker, said(monitor))
    assert refusals() == {"stranger": 1}


def test_whose_message_it_is_is_read_before_anything_else():
    with pytest.raises(Refused, match="unreadable"):
        writer_of(b"WBR1" + b"x" * 5_000_000, RESULTS)
