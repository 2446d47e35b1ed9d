"""What breaks each promise of a sound house: one way for each, and a table of them."""

from collections import namedtuple
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.models import Letter
from config import selfcheck as config_selfcheck
from evidence.models import AuditorState, DeadManState, SealLetter
from evidence.services.anchors import add_anchor
from evidence.services.deadman import change_dead_man
from evidence.services.seals import seal_due_days
from incidents.services.transitions import resolve
from incidents.services.work import declare
from incidents.webhooks.services import create_endpoint, send_test
from ledger import append_only, liveness
from ledger.actors import SYSTEM
from ledger.link import link_entries
from ledger.models import Head
from ledger.record import record
from monitors.models import (
    Heartbeat,
    Location,
    LocationLife,
    MonitorLocation,
    MonitorState,
    ProbePlan,
    ProbeSlot,
    StateInterval,
)
from monitors.services import pause_monitor
from oncall import ticks as oncall
from oncall.models import Attempt, Callback, Page, ProviderAccount, Run
from oncall.services.exercises import close_due, send_canary
from statuspage.services import publish_update
from statuspage.services.updates import Said
from tests import builders
from tests.evidence.breaks_of_answers import guessed, unheard_text

Usage = namedtuple("Usage", "free")


def ago(house, seconds):
    return house.now - timedelta(seconds=seconds)


def seconds(number):
    return timedelta(seconds=number)


def unlinked(house, **_):
    with transaction.atomic():
        record("test.fact", [], {}, now=ago(house, 11))


def unguarded(house, **_):
    trigger = next(one for one in append_only._triggers(connection.vendor, {"monitors_signal"}))
    with connection.cursor() as cursor:
        append_only._drop(cursor, connection.vendor, trigger)


def other_end(house, **_):
    Head.objects.update(hash="0" * 64)


def stuck_letter(house, **_):
    Letter.objects.create(
        user=house.alice, subject="x", body="x", created_at=ago(house, 130), due_at=ago(house, 100),
        expires_at=house.now + seconds(3600),
    )  # fmt: skip


def unplanned(house, **_):
    ProbeSlot.objects.update(next_due_at=ago(house, 31))


def plan_of(house, *, created, lost, claimed=None):
    slot = [int(ago(house, created).timestamp() * 1000), 0]
    ProbePlan.objects.create(
        location=Location.objects.get(), slots={str(house.monitor.pk): [slot]}, slot_count=1,
        created_at=ago(house, created), lost_after=house.now + seconds(lost), claimed_at=claimed,
    )  # fmt: skip


def untaken(house, **_):
    plan_of(house, created=16, lost=10)


def unswept(house, **_):
    plan_of(house, created=90, lost=-31, claimed=ago(house, 80))


def silent(house, **_):
    began = ago(house, 600)
    state = MonitorState.objects.get(monitor=house.monitor)
    StateInterval.objects.filter(pk=state.interval_id).update(
        state="up", started_at=began, covered_until=ago(house, 240)
    )
    MonitorState.objects.filter(pk=state.pk).update(
        state="up", since=began, settled_at=ago(house, 300), last_at=ago(house, 300), covered_until=ago(house, 240),
        silent_at=ago(house, 61), seen_at=ago(house, 300), seen_outcome="ok",
    )  # fmt: skip


def lost(monitor, now):
    for before in (120, 0):
        liveness.beat("engine", now=now - seconds(before))
    MonitorState.objects.filter(monitor=monitor).update(seen_at=now, seen_outcome="missed", seen_code="lost")


def one_unseen(house, **_):
    builders.monitor("Search", service=house.service, url="https://search.example/")
    lost(house.monitor, house.now)


def blind(house, **_):
    lost(house.monitor, house.now)


def silent_place(house, **_):
    place = Location.objects.get()
    QuerySet(MonitorLocation).update(created_at=ago(house, 9000))
    LocationLife.objects.create(location=place, result_at=ago(house, 300))


def paged(house):
    incident = declare(
        title="Payments fail", severity=2, service=house.service, actor=SYSTEM, person=house.ada, how="API",
        now=ago(house, 60),
    )  # fmt: skip
    oncall.plan(ago(house, 59))
    return incident


def late_step(house, **_):
    paged(house)
    Run.objects.update(due_at=ago(house, 31))


def late_page(house, **_):
    paged(house)
    Page.objects.update(due_at=ago(house, 31))


def attempt(house, **fields):
    if not Page.objects.exists():
        paged(house)
    page = Page.objects.first()
    n = page.attempts.count() + 1
    given = {
        "provider": "twilio", "text_fingerprint": "x", "begun_at": ago(house, 60), "deadline": ago(house, 50),
        "completed_at": ago(house, 55), "outcome": "accepted", **fields,
    }  # fmt: skip
    Page.objects.filter(pk=page.pk).update(attempts_made=n)
    return Attempt.objects.create(page=page, n=n, **given)


def endless_attempt(house, **_):
    attempt(house, completed_at=None, outcome="", deadline=ago(house, 31))


def unasked(house, **_):
    attempt(house, outcome="unknown", inquire_at=ago(house, 61))


def deaf_to_reports(house, **_):
    known = attempt(house, provider_sid="SM1")
    Callback.objects.create(
        day=house.now.date(), source="callback", provider="twilio", sid="SM1", status="delivered",
        received_at=ago(house, 301), attempt_id=known.pk,
    )  # fmt: skip


def refused(house, **_):
    for _number in range(3):
        attempt(house, outcome="failed_temporary", error_code="20003")


def give_up(contact, now):
    contact.unhealthy_since, contact.unhealthy_reason = now, "refused by the provider: 30005"
    contact.save(now=now, reason="Test")


def nobody(house, **_):
    for person in (house.alice, house.bob, house.ada):
        give_up(person.contact_methods.get(), house.now)


def one_silent(house, **_):
    carla = builders.person("Carla Santos", team=house.team, mail=False)
    builders.policy(carla, name="Other", team=house.team)


def long_untested(house, **_):
    mail = house.alice.contact_methods.get()
    mail.verified_at = house.now - timedelta(days=36)
    mail.save(now=house.now, reason="Test")


def one_ill(house, **_):
    give_up(house.alice.contact_methods.get(), house.now)


def unrecorded(house, **_):
    held = builders.schedule(house.alice, house.bob, team=house.team, now=ago(house, 60))
    held.next_change_at = ago(house, 31)
    held.save(now=house.now)


def by_watchdog(house, **_):
    liveness.beat("engine", now=ago(house, 60))
    liveness.beat("watchdog", now=house.now)


def overrun(house, **_):
    liveness.beat("engine", now=house.now, lag_ms=10_500)


def failing_step(house, **_):
    for before in (70, 5):
        liveness.beat("failed:claim", now=ago(house, before))


def disk(free):
    def breaks(house, monkeypatch, **_):
        monkeypatch.setattr(config_selfcheck.shutil, "disk_usage", lambda path: Usage(free))

    return breaks


def other_clock(house, monkeypatch, **_):
    real = config_selfcheck.machine_clock
    monkeypatch.setattr(config_selfcheck, "machine_clock", lambda: real() + seconds(37))


def no_broker(house, monkeypatch, settings, **_):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    def refuse():
        raise ConnectionError

    monkeypatch.setattr(config_selfcheck.current_app, "connection_for_write", refuse)


def no_channel(house, settings, **_):
    settings.EMAIL_URL = ""


def wrong_channel(house, settings, **_):
    settings.EMAIL_URL, settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM = "", "AC1", "+15005550006"


def gap(house, **_):
    AuditorState.objects.create(due_at=house.now, done_at=ago(house, 600))


def unreached(house, **_):
    change_dead_man(url="https://hc.example.com/ping/x", now=house.now, reason="Test")
    DeadManState.objects.create(failed=3, error="hc.example.com answered 500.")


def untaken_signal(house, **_):
    builders.signal(house.monitor, at=ago(house, 31))


def runless(house, **_):
    paged(house)
    Run.objects.update(state="stopped", due_at=None)


def unanswered(house, **_):
    paged(house)
    Run.objects.update(state="exhausted", due_at=None, last_progress_at=ago(house, 301))


def routeless(house, **_):
    house.route.retire(now=house.now, reason="Test")


def untold(house, **_):
    endpoint = create_endpoint(
        name="Chat", team=house.team, url="https://chat.example/hook", events=["incident.*"], now=ago(house, 90)
    )
    send_test(endpoint, now=ago(house, 61))


def unconfirmed_canary(house, **_):
    sent = send_canary(builders.canary(house.alice, now=ago(house, 1200)), now=ago(house, 1200))
    Run.objects.filter(subject_id=sent.public_id).update(state="exhausted", due_at=None)
    close_due(now=ago(house, 60))


def suspended_account(house, settings, **_):
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM = "AC1", "token", "+15005550006"
    ProviderAccount.objects.create(provider="twilio", state="suspended", code="suspended", times=1, since=house.now)


def unsealed(house, **_):
    house.now += timedelta(hours=22, minutes=11)


def sealed(house):
    house.now += timedelta(days=1)
    while link_entries():
        pass
    seal_due_days(house.now)


def anchorless(house, **_):
    sealed(house)


def stuck_seal(house, **_):
    add_anchor(name="Outside", address="seals@outside.example", now=house.now, reason="Test")
    sealed(house)
    SealLetter.objects.update(created_at=house.now - timedelta(days=1, seconds=1))


def shown(house):
    page = builders.status_page(team=house.team)
    builders.component(page, house.service)
    return page


def without_last_word(house, **_):
    incident = paged(house)
    said = Said("investigating", "We look into it.", "Orders fail")
    who = {"actor": SYSTEM, "person": house.ada, "how": "screen"}
    publish_update(shown(house), incident, said, now=ago(house, 50), **who)
    resolve(incident, now=ago(house, 40), **who)
    house.now += timedelta(hours=1)


def unmeasured(house, **_):
    shown(house)
    pause_monitor(house.monitor, now=house.now, reason="Test")


def unjudged(house, **_):
    builders.heartbeat(service=house.service, now=ago(house, 900))
    Heartbeat.objects.update(look_at=ago(house, 61))


BREAKS = {
    # what breaks it, and whether the auditor mends it at once
    "config.celery_ticks": (by_watchdog, False),
    "config.ticks_on_time": (overrun, False),
    "config.steps_succeed": (failing_step, False),
    "config.disk_has_room": (disk(499_000_000), False),
    "config.disk_not_full": (disk(49_000_000), False),
    "config.clocks_agree": (other_clock, False),
    "config.broker_answers": (no_broker, False),
    "config.channel_set_up": (no_channel, False),
    "config.channels_fit_people": (wrong_channel, False),
    "evidence.audited_each_minute": (gap, False),
    "evidence.dead_man_reached": (unreached, False),
    "evidence.days_are_sealed": (unsealed, False),
    "evidence.anchor_is_named": (anchorless, False),
    "evidence.seals_leave": (stuck_seal, False),
    "statuspage.last_word_is_said": (without_last_word, False),
    "statuspage.components_are_measured": (unmeasured, False),
    "incidents.signals_taken": (untaken_signal, True),
    "incidents.texts_handled": (unheard_text, True),
    "incidents.codes_fit": (guessed, False),
    "incidents.triggered_are_paged": (runless, True),
    "incidents.somebody_answers": (unanswered, False),
    "incidents.routes_lead": (routeless, False),
    "incidents.webhooks_on_time": (untold, False),
    "oncall.steps_on_time": (late_step, True),
    "oncall.pages_on_time": (late_page, False),
    "oncall.attempts_end": (endless_attempt, True),
    "oncall.unknown_inquired": (unasked, False),
    "oncall.callbacks_applied": (deaf_to_reports, True),
    "oncall.providers_take_pages": (refused, False),
    "oncall.somebody_reachable": (nobody, False),
    "oncall.people_reachable": (one_silent, False),
    "oncall.duty_on_record": (unrecorded, True),
    "oncall.contacts_healthy": (one_ill, False),
    "oncall.canary_confirmed": (unconfirmed_canary, False),
    "oncall.accounts_stand": (suspended_account, False),
    "oncall.contacts_tested": (long_untested, False),
    "monitors.checks_planned": (unplanned, True),
    "monitors.plans_taken": (untaken, False),
    "monitors.plans_end": (unswept, True),
    "monitors.silence_written": (silent, True),
    "monitors.heartbeats_judged": (unjudged, True),
    "monitors.monitors_seen": (one_unseen, False),
    "monitors.locations_heard": (silent_place, False),
    "monitors.not_blind": (blind, False),
    "accounts.letters_leave": (stuck_letter, False),
    "ledger.entries_linked": (unlinked, True),
    "ledger.guards_stand": (unguarded, True),
    "ledger.chain_ends_right": (other_end, False),
}
