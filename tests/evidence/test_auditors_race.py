"""Several processes tick at once, on PostgreSQL: one of them audits, and one ping leaves."""

from datetime import timedelta
from functools import partial

import pytest

from evidence.models import AuditHour, AuditorState, DeadManState, SelfCheckFinding
from evidence.services.audit import audit
from evidence.services.deadman import ping
from ledger.promises import Breach, Promise
from tests.builders import NIGHT
from tests.oncall.test_many_workers_page_once import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ROUNDS = 20


def test_of_four_that_tick_at_once_one_audits():
    seen = []
    promise = Promise(
        "test.broken", "It holds.", "no", lambda now: seen.append(now) or Breach("It is broken."), "Mend it."
    )
    for turn in range(ROUNDS):
        now = NIGHT + timedelta(minutes=turn)
        together(*[partial(audit, [promise], now=now)] * 4)
        assert seen == [NIGHT + timedelta(minutes=n) for n in range(turn + 1)]
    assert SelfCheckFinding.objects.get().seen == ROUNDS
    assert AuditHour.objects.get().minutes_audited == ROUNDS
    assert AuditorState.objects.get().due_at == NIGHT + timedelta(minutes=ROUNDS)


def test_of_four_that_find_a_ping_due_one_sends_it(settings, monkeypatch):
    settings.DEADMAN_URL = "https://hc.example.com/ping/x"
    sent = []
    monkeypatch.setattr("evidence.services.deadman._call", lambda url, fixed: sent.append(url) or "")
    for turn in range(ROUNDS):
        now = NIGHT + timedelta(minutes=turn)
        DeadManState.objects.update_or_create(pk=1, defaults={"due_at": now})
        together(*[partial(ping, now)] * 4)
        assert len(sent) == turn + 1
    assert DeadManState.objects.get().ok_at == now
