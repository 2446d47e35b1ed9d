"""kill -9 at every named place between two durable steps, and at random instants: nothing is lost.

A named place is armed in the running product: the first process that reaches it dies there and is started
again by whoever keeps it alive. A random instant is a power cut: everything dies at once and is started again.
WATCHBOOK_SEED repeats the instants of an earlier run.
"""

import random
import re
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from ledger.failpoints import NAMES
from tests.processes.peers import wait_for
from tests.processes.seed import SEED

pytestmark = [pytest.mark.processes, pytest.mark.crash, pytest.mark.timeout(180)]

RANDOM_KILLS = 10  # on each kind of installation
SPREAD_S = 4.0  # from the death of the target to well after the second page
# A receipt that met a dead process is asked for six times, at doubling distances from RECONCILE_AFTER_S: 2 s here.
LAST_POLL_S = 2 * (2**6 - 1) / 2 + 15
ANSWERS = ("answer.before_commit", "answer.after_commit")


class Fault:
    """One server, one monitor, one story; `house` is the product that is being killed."""

    def __init__(self, house, target, name):
        self.house, self.target, self.name = house, target, name
        self.ben, self.carla = house.people["Ben"], house.people["Carla"]
        self.monitor = house.watch(name, target.url)

    @property
    def words(self):
        return f"SEV1 {self.name} is down"

    def texts(self, person):
        return [text for text in list(self.house.twilio.texts) if text.to == person.phone and self.words in text.body]

    def strike(self):
        self.target.kill()

    def first_page(self, within=30):
        return wait_for("Ben is called", lambda: self.texts(self.ben), within=within)[0]

    def ends_well(self):
        """Both are called, a reply is heard, the server comes back, both are stood down, and nothing was lost."""
        text = self.first_page()
        wait_for("Carla is called", lambda: self.texts(self.carla), within=30)
        answer = self.say_until_heard(text)
        assert re.search("Acknowledged|is yours since", answer), answer
        number = self.house.incident_becomes(f"{self.name} is down", "acknowledged", within=10)["number"]
        self.target.start()
        self.house.incident_becomes(f"{self.name} is down", "resolved", within=30)
        self.nobody_was_forgotten(number)
        return number

    def say_until_heard(self, text):
        """A person whose reply is not answered sends it again."""
        for _ in range(20):
            try:
                return self.house.acknowledge(self.ben, text)
            except AssertionError:
                time.sleep(0.5)
        raise AssertionError("nobody answers")

    def nobody_was_forgotten(self, number):
        """Every page has an end, each person was called by each way, and at most one call too many was made."""

        def all_ended():
            pages = self.house.pages(number)
            return pages if all(page["ended_at"] for page in pages) else None

        try:
            pages = wait_for("every page has an end", all_ended, within=LAST_POLL_S)
        except AssertionError as late:
            waiting = [page for page in self.house.pages(number) if not page["ended_at"]]
            raise AssertionError(f"{late}; still waiting: {waiting}") from None
        steps = [page for page in pages if page["origin"] == "step"]
        once = Counter((page["person"]["id"], page["kind"], page["loop"], page["step"]) for page in steps)
        assert set(once.values()) == {1}, "a page was planned twice"
        texts = [page for page in steps if page["kind"] == "sms"]
        # A reply may come before the provider was asked what became of a text whose answer died with the sender:
        # then the page is confirmed, and nobody claims that it was accepted.
        reached = {page["person"]["id"] for page in texts if page["accepted_at"] or page["confirmed_at"]}
        assert reached == {self.ben.id, self.carla.id}, texts
        for person in (self.ben, self.carla):
            assert 1 <= len(self.texts(person)) <= 2, "one crash may cost one text too many, and no more"
        stood_down = {page["person"]["id"] for page in pages if page["origin"] == "stand_down"}
        assert stood_down == {self.ben.id, self.carla.id}


@pytest.mark.parametrize("place", NAMES)
def test_killed_at(house, target, place):
    fault = Fault(house, target, f"Killed at {place.replace('.', ' ').replace('_', ' ')}")
    house.product.arm(place)
    fault.strike()
    if place in ANSWERS:
        text = fault.first_page()
        wait_for("Carla is called", lambda: fault.texts(fault.carla), within=30)
        fault.say_until_heard(text)
    wait_for(f"{place} is reached", lambda: house.product.struck, within=30)
    fault.ends_well()
    house.ledger_holds()


def instants():
    chosen = random.Random(SEED)
    return [(n, round(chosen.uniform(0, SPREAD_S), 2)) for n in range(1, RANDOM_KILLS + 1)]


@pytest.mark.parametrize(("n", "after_s"), instants(), ids=[f"no {n}" for n, _ in instants()])
def test_power_cut(house, target, n, after_s):
    print(f"WATCHBOOK_SEED={SEED}: the power is cut {after_s} s after the fault")
    fault = Fault(house, target, f"Power cut {n}")
    fault.strike()
    time.sleep(after_s)
    house.product.kill_everything()
    dark_from = datetime.now(UTC)
    house.product.start()
    fault.ends_well()
    the_dark_is_unknown(house, fault.monitor, dark_from)
    house.ledger_holds()


def the_dark_is_unknown(house, monitor, dark_from):
    """Between the last result before the cut, with its patience, and the first one after it, nothing is claimed."""
    results = sorted(house.results(monitor))
    before = max((at for at in results if at <= dark_from), default=None)
    after = min((at for at in results if at > dark_from), default=None)
    assert before and after, "the monitor was watched before and after"
    patience = timedelta(seconds=3)  # twice the interval and the timeout
    if after - before <= patience:
        return
    dark = before + timedelta(seconds=1), after
    for state, start, end in house.intervals(monitor):
        overlap = min(end, dark[1]) - max(start, dark[0])
        assert state == "unknown" or overlap <= timedelta(milliseconds=50), (
            f"{state} is claimed for {overlap} of the dark"
        )
