"""Larkspur Logistics, set up without a browser: what a test says to the product, and what it expects to hear."""

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from tests.processes.peers import wait_for

PASSWORD = "a long password for tests"
BEN, CARLA, DANA = "+447700900080", "+447700900081", "+447700900082"


class Refused(AssertionError):
    """The API answered with an error."""


class Api:
    """One token's view of the API: JSON in, JSON out."""

    def __init__(self, url, token):
        self._root, self._token = f"{url}/api/v1/", token

    def get(self, path, **query):
        return self._call("GET", path + ("?" + urlencode(query) if query else ""))

    def rows(self, path, **query):
        return self.get(path, **query)["items"]

    def post(self, path, **body):
        return self._call("POST", path, body)

    def put(self, path, **body):
        return self._call("PUT", path, body)

    def patch(self, path, **body):
        return self._call("PATCH", path, body)

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._root + path, data=data, method=method)
        request.add_header("Authorization", f"Bearer {self._token}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                raw = answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(f"{method} {path}: {error.code} {error.read().decode(errors='replace')[:500]}") from None
        return json.loads(raw) if raw else None


NEWEST_KEY = """
from monitors.models import PingKey
from monitors.services.ping_keys import plain_key
print(plain_key(PingKey.objects.latest("pk")))
"""


@dataclass
class Person:
    """One of the cast."""

    id: str
    name: str
    email: str
    phone: str


@dataclass
class House:
    """The installation as one test knows it. `ladder_s`: seconds between the first and the second person."""

    product: object
    twilio: object
    smtp: object
    ladder_s: int = 2
    people: dict = field(default_factory=dict)
    called: str = ""

    def settle(self):
        """An admin, two people who proved mail and phone, and a policy: Ben first, Carla after `ladder_s`."""
        product = self.product
        product.manage("createadmin", "--email", "ada@larkspur.example", "--password-stdin", stdin=PASSWORD + "\n")
        self.api = Api(product.url, product.manage("apitoken", "ada@larkspur.example", "--scope", "admin"))
        self.api.post("allowed-networks/", cidr="127.0.0.0/8", reason="The target of this test is on this machine")
        self.team = self.api.post("teams/", name="Platform")["id"]
        for name, phone in (("Ben Okafor", BEN), ("Carla Santos", CARLA)):
            self.people[name.split()[0]] = self._bring(name, phone)
        ben, carla = self.people["Ben"], self.people["Carla"]
        steps = [{"delay_s": self.ladder_s, "people": [ben.id]}, {"delay_s": 60, "people": [carla.id]}]
        self.policy = self.api.post("policies/", name="Night", team=self.team, steps=steps)["id"]
        self.api.put("catch-all/", people=[ben.id, carla.id], reason="Somebody must hear it")
        self.service = self.api.post("services/", name="Checkout", team=self.team)["id"]
        self.api.post("routes/", policy=self.policy)
        return self

    def _bring(self, name, phone):
        email = name.split()[0].lower() + "@larkspur.example"
        made = self.api.post("people/", email=email, name=name, role="responder", team=self.team)
        own = Api(self.product.url, self.product.manage("apitoken", email, "--scope", "admin"))
        for kind, address in (("email", email), ("phone", phone)):
            self._prove(own, kind, address)
        return Person(made["id"], name, email, phone)

    def _prove(self, own, kind, address):
        """Add an address and confirm it with the code that really arrives there."""
        held = {row["kind"]: row for row in own.rows("contact-methods/") if row["kind"] == kind}
        contact = held.get(kind) or own.post("contact-methods/", kind=kind, address=address)
        own.post(f"contact-methods/{contact['id']}/verification/")
        if kind == "phone":
            said = self.twilio.expect(address, "Watchbook code", within=15).body
        else:
            letter = self.smtp.expect(address, "code", within=15)
            said = letter.subject + " " + letter.body
        code = next(
            word.strip(".,:") for word in said.split() if word.strip(".,:").isdigit() and len(word.strip(".,:")) == 6
        )
        own.post(f"contact-methods/{contact['id']}/confirm/", code=code)

    def reached_by_call(self):
        """Dana, who proved a phone that is called and nothing else; she is first for the service "By call", Carla next."""
        if "Dana" not in self.people:
            email = "dana@larkspur.example"
            made = self.api.post("people/", email=email, name="Dana Weiss", role="responder", team=self.team)
            own = Api(self.product.url, self.product.manage("apitoken", email, "--scope", "admin"))
            contact = own.post("contact-methods/", kind="voice", address=DANA)
            own.post(f"contact-methods/{contact['id']}/verification/")
            said = self.twilio.expect_call(DANA, within=15).pick_up()
            code = re.search(r"code is: ((\d\. ){6})", said)[1]
            own.post(f"contact-methods/{contact['id']}/confirm/", code=re.sub(r"\D", "", code))
            self.people["Dana"] = Person(made["id"], "Dana Weiss", email, DANA)
            steps = [{"delay_s": 30, "people": [made["id"]]}, {"delay_s": 60, "people": [self.people["Carla"].id]}]
            policy = self.api.post("policies/", name="By call", team=self.team, steps=steps)["id"]
            self.called = self.api.post("services/", name="By call", team=self.team)["id"]
            self.api.post("routes/", policy=policy, service=self.called)
        return self.people["Dana"]

    # What a test does ------------------------------------------------------------------------------

    def watch(self, name, url, **numbers):
        """A monitor of `url`, looked at every second; returns its id once it is up."""
        numbers = {"interval_s": 1, "timeout_s": 1, "confirmation_s": 1, "recovery_s": 1, "severity": 1, **numbers}
        body = {"name": name, "service": self.service, "http": {"url": url}, **numbers}
        monitor = self.api.post("monitors/", **body)["id"]
        wait_for(f"{name} is up", lambda: self.state(monitor) == "up", within=15)
        return monitor

    def heartbeat(self):
        """A heartbeat of a service of its own; returns the key that pings it."""
        jobs = self.api.post("services/", name="Jobs", team=self.team)["id"]
        self.api.post("monitors/", name="Nightly", service=jobs, heartbeat={})
        return self.product.manage("shell", "-v0", "-c", NEWEST_KEY).split()[-1]

    def state(self, monitor):
        return self.api.get(f"monitors/{monitor}/")["standing"]["state"]

    def reply(self, person, body, *, sid=""):
        """An SMS from a person's phone; returns the words of the answer."""
        status, answer = self.twilio.send_sms(f"{self.product.url}/in/twilio/sms", person.phone, body, sid=sid)
        assert status == 200, f"the reply was answered with {status}: {answer[:300]}"
        return answer

    def acknowledge(self, person, text):
        """Reply to one text with its own code, as a person with several open would; return the answer's words."""
        code = re.search(r"\[(\d+)\]", text.body)[1]
        return self.reply(person, f"4 {code}")

    def tidy(self):
        """Nothing is watched, open or on its way: what one test leaves, its stand-downs too, is not heard in the next."""
        for monitor in self.api.rows("monitors/"):
            self.api.post(f"monitors/{monitor['id']}/retire/", reason="The test is over")

        def all_resolved():
            still = [row for row in self.api.rows("incidents/", limit=100) if row["state"] != "resolved"]
            return not still

        def all_sent():
            under_way = ("planned", "claimed", "sending")
            return not [row for row in self.api.rows("pages/", limit=100) if row["state"] in under_way]

        wait_for("closed monitors resolve their incidents", all_resolved, within=20)
        wait_for("the last pages have left", all_sent, within=20)

    def incident(self, title):
        """The newest incident with this title."""
        return next((row for row in self.api.rows("incidents/") if title in row["title"]), None)

    def incident_becomes(self, title, state, within=15):
        """Wait until the incident is in this state; return it."""

        def there():
            found = self.incident(title)
            return found if found and found["state"] == state else None

        return wait_for(f"{title} is {state}", there, within=within)

    def timeline(self, number):
        return self.api.rows(f"incidents/{number}/timeline/", limit=100)

    def pages(self, number, **query):
        return [row for row in self.api.rows("pages/", limit=100, **query) if row["subject"] == number]

    def intervals(self, monitor):
        """(state, from, to) of each interval; the open one ends where it is covered."""
        rows = self.api.rows(f"monitors/{monitor}/intervals/", limit=100)
        return [
            (row["state"], instant(row["started_at"]), instant(row["ended_at"] or row["covered_until"])) for row in rows
        ]

    def results(self, monitor):
        return [instant(row["planned_at"]) for row in self.api.rows(f"monitors/{monitor}/results/", limit=100)]

    # What must always hold --------------------------------------------------------------------------

    def verify_ledger(self):
        """Run the command; return its exit code and words."""
        done = self.product.manage("verify_ledger", check=False)
        return done.returncode, done.stdout + done.stderr

    def ledger_holds(self):
        code, said = self.verify_ledger()
        assert code == 0, said


def instant(text):
    return datetime.fromisoformat(text) if text else None
