"""People, recovery, planner and a second fault at the same instant: no deadlock, and one truth afterwards."""

from datetime import timedelta

import pytest

from incidents import intake
from incidents.models import Incident
from incidents.services.answers import Answer, by_link
from incidents.services.transitions import acknowledge, resolve
from ledger.actors import SYSTEM
from oncall.escalation.apply import plan_batch
from oncall.models import Page, Run
from tests import builders
from tests.builders import NIGHT
from tests.incidents.threads import together

ROUNDS = 12
SECOND = timedelta(seconds=1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_everybody_at_once_leaves_one_truth():
    builders.organisation()
    team = builders.team()
    alice = builders.person("Alice Adeyemi", team=team, phone="+447700900101")
    bob = builders.person("Bob Brandt", team=team, phone="+447700900102")
    builders.route(builders.policy(alice, bob, team=team))
    checkout = builders.service()
    for n in range(ROUNDS):
        monitor = builders.monitor(f"Monitor {n}", service=checkout)
        builders.signal(monitor)
        intake.run(NIGHT)
        plan_batch(now=NIGHT)
        incident = Incident.objects.get(alerts__monitor=monitor)
        page = Page.objects.filter(run__subject_id=incident.number, kind="sms").get()
        builders.signal(monitor, opens=False, at=NIGHT + SECOND)

        def by(person, incident=incident):
            return {"incident": incident, "actor": SYSTEM, "person": person, "how": "screen", "now": NIGHT + SECOND}

        assert not together(
            lambda page=page, incident=incident: by_link(Answer(page, "ack", "link"), incident, now=NIGHT + SECOND),
            lambda by=by: acknowledge(**by(bob)),
            lambda by=by: resolve(**by(bob)),
            lambda: intake.run(NIGHT + SECOND),
            lambda: plan_batch(now=NIGHT + timedelta(minutes=6)),
        )
        incident.refresh_from_db()
        assert incident.state == "resolved"
        assert not incident.alerts.open().exists()
        assert incident.timeline.filter(kind__in=("resolved", "recovered")).count() == 1
        run = Run.objects.get(subject_id=incident.number)
        assert (run.state, run.due_at) == ("stopped", None)
        assert not Page.objects.filter(run=run, state__in=("planned", "claimed")).exclude(origin="stand_down").exists()
        page.refresh_from_db()
        assert page.confirmed_at is not None
