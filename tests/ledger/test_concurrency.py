"""Many writers and two linkers at once: every line once, none missing, none waiting for another.

PostgreSQL only: SQLite lets one writer in at a time and would prove nothing.
"""

import threading
import time
from datetime import UTC, datetime

import pytest
from django.db import connection, connections, transaction

from accounts.models import Team
from ledger.link import LOCK_KEY, link_entries
from ledger.models import Entry
from ledger.record import record
from ledger.texts import keep
from ledger.verify import verify

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WRITERS, EACH = 8, 40


def together(*jobs):
    """Run all jobs at once, each on its own connection; raise what the first broken one raised."""
    gate, broken = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            gate.wait(10)
            job()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            broken.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if broken:
        raise broken[0]


def test_eight_writers_and_two_linkers_chain_every_line_once():
    writing = threading.Event()
    linked = []

    def write(writer):
        for n in range(EACH):
            with transaction.atomic():
                record("test.wrote", [("writer", str(writer))], {"n": n}, now=NOON)
                if n % 7 == 0:
                    time.sleep(0.002)  # a slow transaction commits after later ones

    def link():
        while not writing.is_set() or Entry.objects.filter(seq__isnull=True).exists():
            linked.append(link_entries(limit=17))

    def write_all():
        together(*[lambda w=w: write(w) for w in range(WRITERS)])
        writing.set()

    together(write_all, link, link)
    assert sum(linked) == WRITERS * EACH
    assert list(Entry.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, WRITERS * EACH + 1))
    assert verify().holds


def test_a_second_linker_goes_home_instead_of_waiting():
    with transaction.atomic():
        record("test.wrote", [], {}, now=NOON)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])
        found = []
        together(lambda: found.append(link_entries()))
    assert found == [0]
    assert link_entries() == 1


def test_a_writer_does_not_wait_for_another_or_for_the_linker():
    with transaction.atomic():
        record("test.slow", [], {}, now=NOON)
        others = []

        def write_and_link():
            with transaction.atomic():
                record("test.fast", [], {}, now=NOON)
            others.append(link_entries())

        together(write_and_link)
        assert others == [1], "the open transaction holds nobody up"
    assert link_entries() == 1
    assert list(Entry.objects.order_by("seq").values_list("kind", flat=True)) == ["test.fast", "test.slow"]


def test_two_people_who_change_one_object_make_two_versions():
    team = Team(name="Payments")
    team.save(now=NOON, reason="")

    def rename(name):
        def job():
            mine = Team.objects.get()
            mine.name = name
            mine.save(now=NOON, reason="")

        return job

    together(*[rename(f"Payments {n}") for n in range(6)])
    assert list(team.history.order_by("version").values_list("version", flat=True)) == list(range(1, 8))
    link_entries()
    assert verify().holds


def test_the_same_words_kept_by_many_at_once_are_kept_once():
    def write():
        with transaction.atomic():
            keep("The same words", now=NOON)
            time.sleep(0.05)

    together(*[write] * 6)


def test_verifying_meanwhile_finds_no_fault():
    team = Team(name="Payments")
    team.save(now=NOON, reason="")
    found, done = [], threading.Event()

    def change():
        mine = Team.objects.get()
        for n in range(30):
            mine.name = f"Payments {n}"
            mine.save(now=NOON, reason="")
            link_entries()
        done.set()

    def check():
        while not done.is_set():
            found.extend(verify().faults)

    together(change, check)
    assert found == []
