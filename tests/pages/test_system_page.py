"""System, Now's rows about the watcher, the first run and what machines read: who watches the watcher, in words."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils.html import strip_tags

from config import ticks
from evidence.models import AuditHour, AuditorState, DeadMan, DeadManState, SelfCheckFinding
from evidence.services.deadman import change_dead_man
from incidents.services.transitions import acknowledge
from ledger import clock, liveness
from ledger.actors import SYSTEM
from ledger.link import link_entries
from monitors.models import ProbeSlot
from oncall.models import Page, Run

URL = "https://hc.example.com/ping/0f3c-nobody-knows"
MINUTE = timedelta(minutes=1)
NOBODY = "Nobody outside notices if this machine dies"


def text(answer):
    return " ".join(strip_tags(answer.content.decode().replace("</t", " </t")).split())


@pytest.fixture
def audited(house):
    """An engine that ticks and was audited half a minute ago."""
    now = clock.now()
    # somebody has it: a chain that nobody ran for days would be trouble of the watcher
    acknowledge(house.incident, actor=SYSTEM, person=house.colleague, how="API", now=now)
    Page.objects.update(due_at=now + MINUTE)
    Run.objects.exclude(due_at=None).update(due_at=now + MINUTE)
    link_entries()
    ProbeSlot.objects.update(next_due_at=now + MINUTE)
    for component in ("engine", "step:claim", "step:plan", "step:link"):
        liveness.beat(component, now=now)
    AuditorState.objects.create(due_at=now, begun_at=now, done_at=now - MINUTE / 2, checked=35)
    return now


def finding(now, **more):
    given = {
        "name": "oncall.pages_on_time", "sentence": "3 pages wait to be sent, the oldest for 5 min.", "endangers": True,
        "opened_at": now - 5 * MINUTE, "last_seen_at": now, **more,
    }  # fmt: skip
    return SelfCheckFinding.objects.create(**given)


# --- the page System -----------------------------------------------------------------------------------


def test_a_quiet_system_says_how_much_was_held(as_, audited):
    said = text(as_("viewer").get("/system/"))
    assert "35 promises about its own working, held against the facts each minute: all hold." in said
    assert "Nothing, as of the last audit" in said
    assert "Every page is handed to its provider within 30 s of its time. oncall.pages_on_time" in said


def test_what_does_not_hold_is_there_with_what_to_do(as_, audited, house):
    finding(audited, about=[house.monitor.public_id, "ntf_aaaaaaaaaaaaaaaa"])
    answer = as_("viewer").get("/system/")
    said = text(answer)
    assert "1 of 35 promises does not hold; it may keep pages from people." in said
    assert "Endangers pages 3 pages wait to be sent, the oldest for 5 min." in said
    assert "Look whether a worker takes the queue deliver" in said
    assert f'<a href="/monitors/{house.monitor.public_id}/">Checkout API</a>' in answer.content.decode()


def test_what_ended_is_there_for_a_fortnight(as_, audited):
    finding(audited, closed_at=audited, repaired=True, raised_at=audited)
    finding(audited - timedelta(days=20), sentence="Long over.", closed_at=audited - timedelta(days=15))
    said = text(as_("viewer").get("/system/"))
    assert "mended by the auditor; people were paged" in said
    assert "Long over." not in said


def test_a_silent_auditor_proves_nothing(as_, audited):
    AuditorState.objects.update(done_at=audited - 10 * MINUTE)
    said = text(as_("viewer").get("/system/"))
    assert "The auditor is silent: nobody knows whether the promises below hold." in said
    assert "Holds" not in said


def test_minutes_that_were_not_audited_are_missing(as_, audited):
    hour = audited.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    AuditHour.objects.create(hour=hour, audited=(1 << 60) - 1)
    assert "Of the last 120 minutes 60 were audited; paging was never in danger." in text(as_("viewer").get("/system/"))


def test_it_costs_the_same_queries_however_much_was_found(as_, audited, django_assert_max_num_queries):
    for number in range(30):
        finding(audited, name=f"test.{number}", closed_at=audited)
        liveness.beat(f"step:{number}", now=audited)
    client = as_("admin")
    client.get("/system/")
    with django_assert_max_num_queries(20):
        client.get("/system/")


# --- the dead-man ----------------------------------------------------------------------------------------


def test_an_admin_names_it_and_sees_its_host_only(as_, audited):
    admin = as_("admin")
    sent = admin.post("/system/dead-man/", {"url": URL, "reason": "Somebody must", "version": 1}, follow=True)
    assert "hc.example.com is pinged from the next audit on." in text(sent)
    assert "nobody-knows" not in sent.content.decode()
    assert (DeadMan.objects.get().url, NOBODY in text(sent)) == (URL, False)
    gone = admin.post("/system/dead-man/", {"url": "", "reason": "Not any more", "version": 1}, follow=True)
    assert "Nobody is told any more." in text(gone)


def test_what_is_wrong_with_an_address_is_said_and_nothing_typed_is_lost(as_, audited):
    sent = as_("admin").post("/system/dead-man/", {"url": "hc.example.com/x", "reason": "Why", "version": 1})
    assert sent.status_code == 422
    assert "It must begin with http:// or https:// and name a host." in text(sent)
    assert 'value="hc.example.com/x"' in sent.content.decode()
    assert not DeadMan.objects.exists()


def test_two_admins_meet_in_words(as_, audited):
    change_dead_man(url=URL, now=audited, reason="First")
    change_dead_man(url=URL + "2", now=audited, reason="Second")
    sent = as_("admin").post("/system/dead-man/", {"url": URL + "3", "reason": "Third", "version": 1})
    assert sent.status_code == 409
    assert "changed this while you wrote" in text(sent)
    assert DeadMan.objects.get().url == URL + "2"


def test_one_from_the_environment_has_no_form(as_, audited, settings):
    settings.DEADMAN_URL = URL
    answer = as_("admin").get("/system/")
    assert "DEADMAN_URL names hc.example.com in the environment" in text(answer)
    assert 'action="/system/dead-man/"' not in answer.content.decode()
    refused = as_("admin").post("/system/dead-man/", {"url": "", "reason": "x", "version": 1})
    assert refused.status_code == 422


# --- Now ---------------------------------------------------------------------------------------------------


def now_says(as_):
    return text(as_("viewer").get("/"))


def test_now_nags_until_somebody_outside_is_told(as_, audited):
    assert f"{NOBODY}. Name a dead-man address" in now_says(as_)
    change_dead_man(url=URL, now=audited, reason="Test")
    assert NOBODY not in now_says(as_)
    DeadManState.objects.create(ok_at=audited)
    assert "Pinged Dead-man" in now_says(as_)


def test_nobody_named_is_no_trouble_of_the_watcher(as_, audited):
    assert "The watcher itself is not well" not in now_says(as_)


def test_now_says_what_the_auditor_found_and_for_how_long(as_, audited):
    finding(audited)
    finding(audited, name="config.disk_has_room", endangers=False, sentence="The disk fills up.")
    said = now_says(as_)
    assert "The watcher itself is not well: self-checks." in said
    assert "In danger Self-checks" in said
    assert "3 pages wait to be sent, the oldest for 5 min, and 1 more" in said


def test_now_says_that_it_is_withheld_or_not_reached(as_, audited):
    change_dead_man(url=URL, now=audited, reason="Test")
    state = DeadManState.objects.create(ok_at=audited, withheld_at=audited)
    assert "Withheld Dead-man" in now_says(as_)
    state.withheld_at, state.failed, state.error = None, 3, "hc.example.com answered 500."
    state.save()
    said = now_says(as_)
    assert "Not reached Dead-man" in said
    assert "hc.example.com answered 500." in said


def test_now_says_that_the_watchdog_took_over(as_, audited):
    liveness.beat(ticks.ENGINE, now=audited - 5 * MINUTE)
    liveness.beat(ticks.WATCHDOG, now=audited)
    finding(audited, name="config.celery_ticks", endangers=False, sentence="Celery brought the last tick 5 min ago.")
    said = now_says(as_)
    assert "By watchdog Engine" in said
    assert "Found Self-checks" in said


def test_an_engine_that_runs_without_ever_being_audited_is_said_to(as_, audited):
    AuditorState.objects.all().delete()
    assert "Not yet Self-checks" in now_says(as_)
    liveness.Liveness.objects.update(started_at=audited - 10 * MINUTE)
    assert "Silent Self-checks" in now_says(as_)


# --- the doctor, figures -----------------------------------------------------------------------


def doctor():
    out = StringIO()
    try:
        call_command("doctor", "--offline", stdout=out, no_color=True)
    except SystemExit:
        return False, out.getvalue()
    return True, out.getvalue()


def test_the_doctor_notes_that_nobody_outside_is_told(audited):
    well, said = doctor()
    assert well, said
    assert "note watchbook.W020: Nobody outside notices if this machine dies" in said
    assert "ok   self-checks: 35 promises, all hold." in said
    change_dead_man(url=URL, now=audited, reason="Test")
    assert "W020" not in doctor()[1]


def test_the_doctor_fails_for_what_endangers_pages_and_for_a_silent_auditor(audited):
    one = finding(audited)
    assert doctor()[0] is False
    one.delete()
    AuditorState.objects.update(done_at=audited - 10 * MINUTE)
    well, said = doctor()
    assert (well, "FAIL self-checks: The last audit ended at" in said) == (False, True)


def test_figures_count_findings_and_ages(client, audited):
    finding(audited)
    said = client.get("/metrics").content.decode()
    assert 'watchbook_findings_open{endangers="yes"} 1.0' in said
    assert 'watchbook_findings_open{endangers="no"} 0.0' in said
    assert "watchbook_audit_age_seconds 3" in said
    assert "watchbook_deadman_age_seconds" not in said
    DeadManState.objects.create(ok_at=audited)
    assert "watchbook_deadman_age_seconds" in client.get("/metrics").content.decode()


def test_readyz_means_what_it_meant(client, audited):
    finding(audited)
    assert client.get("/readyz").status_code == 200
