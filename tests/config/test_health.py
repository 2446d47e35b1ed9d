"""Machines ask how we are, and get an answer that says what to do."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core import checks
from django.core.management import call_command
from django.test import RequestFactory
from django_celery_beat.models import PeriodicTask

from config import health, ticks
from config.beat import upsert_beat_table
from config.views.health import may_scrape
from ledger import liveness
from ledger.clock import now as clock_now

pytestmark = pytest.mark.django_db


def test_healthz_needs_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_readyz_is_503_until_the_engine_has_run(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["facts"]["engine"] == {"ok": False, "text": "The engine has never run."}


def test_readyz_is_200_while_the_engine_runs(client):
    liveness.beat(ticks.ENGINE, now=clock_now())
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True


def test_an_engine_that_stands_still_is_said_so(now):
    liveness.beat(ticks.ENGINE, now=now - timedelta(seconds=60))
    fact = health.engine_ticks(now=now)
    assert not fact.holds
    assert fact.sentence == "The engine last ran 60 s ago: checks and pages stand still."


def test_a_watchdog_that_does_the_work_is_said_so(now):
    liveness.beat(ticks.ENGINE, now=now - timedelta(seconds=60))
    liveness.beat(ticks.WATCHDOG, now=now)
    fact = health.engine_ticks(now=now)
    assert fact.holds
    assert "watchdog" in fact.sentence


def test_a_head_is_enough_and_a_post_is_refused(client):
    assert client.head("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405


def test_metrics_are_figures_of_the_database(client, settings):
    liveness.beat(ticks.ENGINE, now=clock_now())
    text = client.get("/metrics").content.decode()
    assert f'watchbook_info{{version="{settings.VERSION}"}} 1.0' in text
    assert 'watchbook_component_age_seconds{component="engine"}' in text
    for line in (
        "watchbook_ledger_unlinked 0.0",
        "watchbook_signals_oldest_seconds 0.0",
        "watchbook_paging_lag_seconds 0.0",
        'watchbook_monitors{state="unknown"} 0.0',
    ):
        assert line in text


def test_metrics_need_the_same_queries_however_long_the_history(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(19):
        client.get("/metrics")


def test_metrics_are_for_this_machine_or_a_bearer_of_the_token(settings):
    ask = RequestFactory().get
    settings.METRICS_TOKEN = ""
    assert may_scrape(ask("/metrics"))
    assert not may_scrape(ask("/metrics", REMOTE_ADDR="203.0.113.9"))
    assert not may_scrape(ask("/metrics", HTTP_X_FORWARDED_FOR="127.0.0.1"))
    settings.METRICS_TOKEN = "s3cret"
    assert not may_scrape(ask("/metrics"))
    assert not may_scrape(ask("/metrics", HTTP_AUTHORIZATION="Bearer other"))
    assert may_scrape(ask("/metrics", HTTP_AUTHORIZATION="Bearer s3cret"))


def test_strangers_do_not_even_learn_that_there_are_metrics(client):
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404


def test_every_answer_bears_a_request_id_and_a_strict_policy(client):
    answer = client.get("/healthz")
    assert len(answer["X-Request-ID"]) == 16
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_sane_request_id_is_kept_and_a_strange_one_replaced(client):
    assert client.get("/healthz", HTTP_X_REQUEST_ID="from-the-proxy-1")["X-Request-ID"] == "from-the-proxy-1"
    assert client.get("/healthz", HTTP_X_REQUEST_ID="a b\x00c")["X-Request-ID"] != "a b\x00c"


def run_doctor():
    out = StringIO()
    try:
        call_command("doctor", "--offline", stdout=out, no_color=True)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_the_doctor_says_what_is_wrong_and_ends_with_1():
    code, said = run_doctor()
    assert code == 1
    assert "FAIL engine: The engine has never run." in said
    assert "ok   database: The database answers" in said
    assert "note watchbook.W006" in said


def test_the_doctor_is_content_when_all_is_well():
    liveness.beat(ticks.ENGINE, now=clock_now())
    code, said = run_doctor()
    assert code == 0, said
    assert said.rstrip().endswith("All is well.")


def ids(**options):
    return {message.id for message in checks.run_checks(**options)}


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("TIME_ZONE", "Europe/Berlin", "watchbook.E001"),
        ("DATA_DIR", "/nonexistent", "watchbook.E002"),
        ("WATCHDOG_AFTER_S", 1, "watchbook.E004"),
        ("SEND_LEASE_S", 5, "watchbook.E005"),
        ("EMAIL_URL", "", "watchbook.W006"),
        ("TWILIO_FROM", "+15005550006", "watchbook.E007"),
        ("TWILIO_FROM", "", "watchbook.W008"),
        ("PUBLIC_URL", "http://localhost:8000", "watchbook.W009"),
        ("PUBLIC_URL", "http://watch.example.com", "watchbook.W010"),
        ("FAIL_POINTS_ENABLED", True, "watchbook.W011"),
    ],
)
def test_a_system_check_finds(settings, name, value, found):
    setattr(settings, name, value)
    assert found in ids()


def test_a_key_that_others_can_read_is_found(settings, tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "secret_key").write_text("x")
    (tmp_path / "secrets" / "secret_key").chmod(0o644)
    settings.DATA_DIR = tmp_path
    assert "watchbook.E003" in ids()


def test_a_beat_entry_switched_off_is_found():
    upsert_beat_table()
    PeriodicTask.objects.filter(task="watchbook.engine_tick").update(enabled=False)
    assert "watchbook.W014" in ids(databases=["default"])
