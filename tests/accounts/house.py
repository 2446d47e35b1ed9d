"""A small house with one of everything that has a page, and somebody in every role."""

from datetime import timedelta

from accounts.models import AllowedNetwork
from accounts.services.holds import place_hold
from accounts.services.tokens import issue_token
from evidence.services.anchors import add_anchor
from evidence.services.seals import seal_due_days
from incidents.services.transitions import resolve
from incidents.services.work import declare
from incidents.webhooks.services import create_endpoint, send_test
from ledger.actors import SYSTEM, Actor
from ledger.link import link_entries
from ledger.models import Seal
from monitors.gaps import GapCause, Scope
from monitors.models import System
from monitors.services import create_badge
from monitors.services.gaps import record_gap
from monitors.services.ping_keys import create_project_key
from monitors.services.rules import set_slow_rule
from postmortems.services.actions import create_action, today
from postmortems.services.documents import start_postmortem
from statuspage.services import publish_update
from statuspage.services.updates import Said
from tests import builders as make

PASSWORD = "lantern orbit pebble"
ROLES = ("viewer", "auditor", "responder", "manager", "admin")


class House:
    """Objects by name; `ids` are the public ids that stand in addresses."""

    def __init__(self, now):
        self.now = now
        self.organisation = make.organisation(zone="Europe/Berlin", now=now)
        self.team = make.team("Platform", now=now)
        self.other_team = make.team("Elsewhere", now=now)
        self.people = {
            role: make.person(f"{role.title()} Larkspur", role, team=self.team, password=PASSWORD, now=now)
            for role in ROLES
        }
        self.colleague = make.person("Bob Colleague", "responder", team=self.team, now=now)
        self.stranger = make.person("Zoe Elsewhere", "responder", team=self.other_team, now=now)
        make.contact_rules(self.colleague, (self.colleague.contact_methods.get(), 60), urgency="low", now=now)
        self.service = make.service("Checkout", team=self.team, now=now)
        self.other_service = make.service("Billing", team=self.other_team, now=now)
        self.monitor = make.monitor("Checkout API", service=self.service, now=now)
        self.other_monitor = make.monitor(
            "Billing API", service=self.other_service, url="https://billing.example/", now=now
        )
        self.certificate = make.certificate(self.monitor, now=now)
        self.heartbeat = make.heartbeat("Nightly export", service=self.service, now=now)
        self.ping_key = create_project_key(self.service, name="Jobs", now=now, reason="Test")
        self.rule, self.other_rule = (
            set_slow_rule(one, {"operator": ">", "value": 2, "unit": "s"}, now=now, reason="Test")
            for one in (self.monitor, self.other_monitor)
        )
        self.agreement = make.sla(self.service, now=now)
        self.other_agreement = make.sla(self.other_service, now=now)
        self.policy = make.policy(self.colleague, self.people["responder"], team=self.team, now=now)
        self.other_policy = make.policy(self.colleague, name="Billing", team=self.other_team, now=now)
        by_weeks = {"starts": f"{now - timedelta(days=now.weekday() + 7):%Y-%m-%d}T09:00", "lengths": [4], "now": now}
        self.schedule = make.schedule(self.people["manager"], self.people["admin"], team=self.team, **by_weeks)
        self.other_schedule = make.schedule(self.people["admin"], name="Billing", team=self.other_team, **by_weeks)
        self.rotation, self.other_rotation = (one.layers.get() for one in (self.schedule, self.other_schedule))
        self.members = self.rotation.lists.get()
        self.override, self.other_override = (
            make.override(one, by=self.people["admin"], now=now) for one in (self.schedule, self.other_schedule)
        )
        self.route = make.route(self.policy, service=self.service, now=now)
        self.default_route = make.route(self.other_policy, now=now)
        make.catch_all(self.people["admin"], self.colleague, now=now)
        self.status_page = make.status_page(team=self.team, now=now)
        self.other_status_page = make.status_page("Elsewhere status", "elsewhere", team=self.other_team, now=now)
        self.component = make.component(self.status_page, self.service, now=now)
        self.incident = declare(
            title="Orders fail",
            severity=2,
            service=self.service,
            actor=SYSTEM,
            person=self.colleague,
            how="API",
            now=now,
        )
        self.update = publish_update(
            self.status_page, self.incident, Said("investigating", "We look into it.", "Orders fail"), actor=SYSTEM,
            person=self.colleague, how="API", now=now,
        )  # fmt: skip
        self.system = System(name="db-01", team=self.team)
        self.system.save(now=now, reason="Test")
        self.badge = create_badge(self.service, now=now)
        self.network = AllowedNetwork(cidr="10.20.0.0/24")
        self.network.save(now=now, reason="Test")
        self.webhook, self.other_webhook, self.common_webhook = (
            create_endpoint(name=name, team=team, url="https://ops.example/1", events=["incident.*"], now=now)
            for name, team in (("Ops", self.team), ("Theirs", self.other_team), ("Common", None))
        )
        self.delivery = send_test(self.webhook, now=now)
        self.token, self.secret = issue_token(
            owner=self.colleague, label="deploy", scopes=["read"], expires_at=now + timedelta(days=30), now=now
        )

        self.schedule_of_swap = make.schedule(
            self.colleague, name="Swapped", team=self.team, starts="2020-01-06T09:00", now=now
        )
        self.swap = make.swap(self.schedule_of_swap, self.colleague, now=now)
        self.absences = make.absences(person=self.colleague, now=now)
        self.calendar = make.calendar_feed(self.colleague, now=now)
        self.adjustment = make.adjustment(self.monitor, by=self.colleague, now=now)
        self.other_adjustment = make.adjustment(self.other_monitor, by=self.colleague, now=now)
        make.month(self.service, now=now)
        self.hold = place_hold(name="Case 12", by=self.people["admin"], now=now, reason="Test")
        self.window = make.window(self.service, team=self.team, by=self.colleague, now=now)
        self.other_window = make.window(self.other_service, team=self.other_team, by=self.colleague, now=now)
        self.span = self.window.spans.get()
        self.gap = record_gap(
            scope=Scope.ALL, cause=GapCause.CRASH, started_at=now - timedelta(hours=1), ended_at=now, now=now
        )
        self.postmortem, self.action = self._learnt()
        self.exercise = make.drill(self.policy, by=self.colleague, now=now)
        self.anchor = add_anchor(name="Dana Reyes", address="dana@hollis.example", now=now, reason="Test")
        link_entries()
        while seal_due_days(now + timedelta(days=1, hours=1)):
            pass
        self.seal = Seal.objects.first()

    def _learnt(self):
        """A post-mortem of an incident that is over, with an action item."""
        author = self.people["responder"]
        by = {"actor": Actor("user", author.public_id), "person": author, "how": "screen", "now": self.now}
        over = declare(title="Refunds failed", severity=3, service=self.service, urgency="low", **by)
        resolve(over, **by)
        postmortem = start_postmortem(over, **by)
        action = create_action(
            postmortem, text="Alert sooner", kind="detect", owner=author, due_on=today(self.now), actor=by["actor"], now=self.now
        )  # fmt: skip
        return postmortem, action

    @property
    def ids(self):
        """What stands between braces in an address of the table."""
        named = {name: thing.public_id for name, thing in vars(self).items() if hasattr(thing, "public_id")}
        return {
            **named,
            "incident": self.postmortem.incident.number,
            "location": self.monitor.monitor_locations.get().location.public_id,
            "section": "impact",
            "urgency": "low",
            "verb": "turn_down",
            "version": self.postmortem.versions.first().public_id,
            "day": self.seal.day.isoformat(),
            "key": self.seal.key_id,
            "ending": "seal",
            "contact": self.colleague.contact_methods.get().public_id,
            "membership": self.colleague.memberships.get().public_id,
        }
