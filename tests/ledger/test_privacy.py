"""Planted through the services and played through a whole night: none of it may be in what cannot be erased."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection

from accounts.models import ApiToken
from accounts.services.contact_rules import write_rules
from accounts.services.contacts import (
    add_contact,
    confirm_contact,
    rotate_contact_secret,
    start_verification,
    verification_code,
)
from accounts.services.holds import place_hold
from accounts.services.organisation import allow_network
from accounts.services.people import accept_invitation, change_settings, invite
from accounts.services.tokens import issue_token
from config.promises import PROMISES
from evidence.services.anchors import add_anchor
from evidence.services.audit import audit
from evidence.services.deadman import change_dead_man
from incidents.services.transitions import resolve
from incidents.services.work import add_note, declare
from incidents.webhooks.sender import send_due
from incidents.webhooks.services import create_endpoint, rotate_secret
from incidents.webhooks.ticks import webhooks
from ledger import append_only, liveness
from ledger.actors import Actor, acting_as
from ledger.models import Entry
from ledger.texts import read, text_hash
from ledger.verify import verify
from monitors.services import change_monitor, create_badge, create_monitor, create_service, create_system
from monitors.services.agreements import create_sla
from monitors.services.ping_keys import create_project_key, plain_key
from oncall.services.overrides import end_override, make_override
from oncall.services.schedules import set_members
from postmortems.sections import ALL
from postmortems.services.actions import change_action, create_action, drop, finish, today
from postmortems.services.documents import classify, save_section, start_postmortem
from postmortems.services.review import correct, publish, send_back, submit
from statuspage.services import correct_update, create_component, create_page, publish_update
from statuspage.services.updates import Said
from tests import builders
from tests.world import NUMBERS, PASSWORD

REASON = "Because Mrs Quill rang about the fridge"
NOTE = "It was the cleaner's vacuum on socket four"
TITLE = "Mr Featherstone cannot pay"
LEARNT = "Mrs Quill pulled the plug of the till"
PROMISE = "Mr Featherstone labels the sockets"
EVIDENCE = "Photograph by Xanthippe of socket four"
SECRETS = {
    "header value": "hdr-9c41e0-secret",
    "body": "body-77fa-secret",
    "password of basic sign-in": "basic-3d1b-secret",
    "bearer token": "bearer-5ee0-secret",
    "later bearer token": "bearer-8a02-secret",
    "key in a webhook's address": "hook-41d7a9-secret",
    "key in the address of somebody's tool": "tool-c0ffee-secret",
    "password of a person": "quill-and-vellum-1898",
    "description": "Runs under Mrs Quill's desk",
    "dead-man's address": "/ping/dead-40b7-secret",
}
TOLD = {
    "introduction of a page": "We are Quill and Daughters of Elm Street",
    "public title": "Mrs Vellum cannot order",
    "public update": "Mrs Vellum's orders are held at the till",
}
ABSENCE = "Mrs Vellum is operated on"
OUTSIDER = {"name": "Hollis Featherby", "email": "hollis.featherby@audit.example"}
NEWCOMER = {"name": "Xanthippe Quillfeather", "email": "xanthippe@quillfeather.example", "phone": "+447700900987"}


@pytest.fixture
def night(world):
    """Everything that holds an address, a name, a free text or a secret is made, used and changed."""
    ada, alice, bob = (world.people[name] for name in ("Ada", "Alice", "Bob"))
    actor = Actor("user", ada.public_id, label=ada.name, via="screen", network="192.0.2.0/24")
    planted = {
        "reason": REASON,
        "note": NOTE,
        "title": TITLE,
        "learnt": LEARNT,
        "promise": PROMISE,
        "evidence": EVIDENCE,
        "reason of an absence": ABSENCE,
        **TOLD,
        **SECRETS,
    }
    with acting_as(actor):
        planted |= _people(world, ada)
        planted |= _monitors(world, ada, bob)
        planted |= _webhooks(world)
        planted |= _tools(world, alice)
        _schedules(world, alice, bob)
        _incidents(world, actor, alice, bob)
        _customers(world, actor, alice)
        webhooks(world.now)
        assert send_due(now=world.now, slots=1) > 10
        change_dead_man(url="https://hc.example.com" + SECRETS["dead-man's address"], now=world.now, reason=REASON)
    audit(PROMISES, now=world.now)
    liveness.beat("engine", now=world.now)
    for person in world.people.values():
        planted[f"name of {person.name}"] = person.name
        planted[f"address of {person.name}"] = person.email
    planted |= {f"number of {name}": number for name, number in NUMBERS.items()}
    return planted


def _people(world, ada):
    now = world.now
    person, secret = invite(
        email=NEWCOMER["email"],
        name=NEWCOMER["name"],
        role="responder",
        timezone="UTC",
        team=world.team,
        by=ada,
        now=now,
    )
    accept_invitation(secret=secret, name=NEWCOMER["name"], password=SECRETS["password of a person"], now=now)
    person.refresh_from_db()
    contact = add_contact(user=person, kind="phone", address=NEWCOMER["phone"], label="", now=now)
    code = verification_code(start_verification(contact, now=now))
    confirm_contact(contact, code, now=now)
    write_rules(
        person, "low", rules=[{"contact": contact.public_id, "delay_s": 60}],
        opt_outs=[{"contact": person.contact_methods.exclude(pk=contact.pk).first().public_id, "reason": NOTE}], now=now,
        reason=REASON,
    )  # fmt: skip
    change_settings(person, name="Xanthippe Vellum", timezone="Europe/London", theme="dark", now=now)
    token, key = issue_token(
        owner=person, label="laptop", scopes=["read"], expires_at=now + timedelta(days=1), now=now, reason=REASON
    )
    assert ApiToken.objects.get(pk=token.pk).secret_hash
    allow_network(cidr="10.1.0.0/16", now=now, reason=REASON)
    add_anchor(name=OUTSIDER["name"], address=OUTSIDER["email"], now=now, reason=REASON)
    world.advance(seconds=30)
    for text in world.twilio.texts:
        text.expected = True
    return {
        "invitation": secret,
        "token": key,
        "hash of the token": token.secret_hash,
        "new name": "Xanthippe Vellum",
        "password": PASSWORD,
        **{f"newcomer's {what}": value for what, value in NEWCOMER.items()},
        **{f"outsider's {what}": value for what, value in OUTSIDER.items()},
    }


def _monitors(world, ada, bob):
    """Monitors with secrets, and everything that is planned, promised, held or shown of their service."""
    now = world.now
    service = create_service(
        name="Payments", team=world.team, description=SECRETS["description"], now=now, reason=REASON
    )
    create_system(name="till-1", team=world.team, description=SECRETS["description"], now=now, reason=REASON)
    with_headers = {"headers": {"X-Key": SECRETS["header value"]}, "body": SECRETS["body"]}
    create_monitor(
        service=service,
        name="Till",
        target={"url": "https://till.example/", "method": "POST"},
        secrets=with_headers,
        now=now,
        reason=REASON,
    )
    monitor = create_monitor(
        service=service, name="Bank", target={"url": "https://bank.example/"},
        secrets={"basic": ["till", SECRETS["password of basic sign-in"]]}, now=now, reason=REASON,
    )  # fmt: skip
    for bearer in (SECRETS["bearer token"], SECRETS["later bearer token"]):
        change_monitor(monitor, {"secrets": {"basic": None, "bearer": bearer}}, now=now, reason=REASON)
    place_hold(name="Case 12", description=SECRETS["description"], by=ada, now=now, reason=REASON)
    create_sla(
        service=service, name="Standard", target_ppm=999_000, effective_from=now.date(), now=now, reason=REASON
    )  # fmt: skip
    builders.window(service, by=ada, approved_by=bob, now=now)
    key = create_project_key(service, name="Pipeline", now=now, reason=REASON)
    badge = create_badge(service, label="Payments", now=now, reason=REASON)
    return {"key of pings": plain_key(key), "key of a badge": badge.key}


def _webhooks(world):
    """It goes to an address that the guard refuses, so that every delivery has an attempt and an answer of our own."""
    url = "http://127.0.0.1:9/" + SECRETS["key in a webhook's address"]
    endpoint = create_endpoint(
        name="Ops room", team=world.team, url=url, events=["incident.*", "page.*"], now=world.now, reason=REASON
    )
    first = endpoint.secret
    rotate_secret(endpoint, now=world.now, reason=REASON)
    return {"first secret of a webhook": first, "secret of a webhook": endpoint.secret}


def _tools(world, alice):
    """A tool of Alice's own is paged with her, at an address that the guard refuses."""
    url = "http://127.0.0.1:9/" + SECRETS["key in the address of somebody's tool"]
    contact = add_contact(user=alice, kind="webhook", address=url, label="", now=world.now)
    first = contact.secret
    confirm_contact(contact, verification_code(start_verification(contact, now=world.now)), now=world.now)
    rotate_contact_secret(contact, now=world.now, reason=REASON)
    return {"first secret of a tool": first, "secret of a tool": contact.secret}


def _incidents(world, actor, alice, bob):
    world.breaks("Checkout API")
    world.advance(minutes=8)
    world.phone("Alice").expect_sms("Checkout API is down")
    world.phone("Bob").expect_sms("Checkout API is down")
    world.phone("Alice").reply("4")
    add_note(world.incident, NOTE, actor=actor, person=alice, how="screen", now=world.now)
    world.mends("Checkout API")
    world.advance(minutes=3)
    said = declare(
        title=TITLE,
        severity=3,
        service=None,
        actor=actor,
        person=bob,
        how="screen",
        urgency="low",
        note=NOTE,
        now=world.now,
    )
    resolve(said, actor=actor, person=bob, how="screen", note=NOTE, now=world.now)
    _learnt(world, said, alice, bob)
    world.advance(minutes=1)
    for message in [*world.twilio.texts, *mail.outbox]:
        message.expected = True


def _schedules(world, alice, bob):
    """A rotation in which members change, shifts are taken and given back, and everybody is on record by name."""
    by = {"now": world.now, "reason": REASON}
    schedule = builders.schedule(alice, bob, name="Nights", team=world.team, now=world.now)
    set_members(schedule.layers.get(), people=[bob.public_id], at_once=True, **by)
    taken = make_override(schedule, kind="replace", end_at=world.now + timedelta(days=1), by=alice, who=alice, **by)
    end_override(taken, now=world.now, reason=REASON)
    builders.absences(person=bob, name=ABSENCE, now=world.now)
    builders.calendar_feed(bob, now=world.now)
    builders.canary(alice, now=world.now)


def _customers(world, actor, alice):
    now = world.now
    page = create_page(
        name="Quill", slug="quill", team=world.team, intro=TOLD["introduction of a page"], now=now, reason=REASON
    )
    component = create_component(page, service=world.service, name="Placing orders", now=now, reason=REASON)
    said = Said("investigating", TOLD["public update"], TOLD["public title"], {component.public_id: "down"})
    who = {"actor": actor, "person": alice, "how": "screen", "now": now}
    wrong = publish_update(page, world.incident, said, **who)
    correct_update(wrong, said, reason=REASON, **who)


def _learnt(world, incident, alice, bob):
    """A post-mortem goes all the way, is corrected, and its action items are done, verified and dropped."""
    by = {"actor": Actor("user", alice.public_id, label=alice.name, via="screen"), "person": alice, "now": world.now}
    made = start_postmortem(incident, how="screen", **by)
    for section in ALL:
        save_section(made, section.key, LEARNT, expected_version=None, how="screen", **by)
    classify(made, {"root_cause_category": "change", "runbook_changed": False}, expected_version=None, now=world.now)
    for ending in (finish, drop):
        promise = {"text": PROMISE, "kind": "prevent", "owner": alice, "due_on": today(world.now)}
        item = create_action(made, **promise, actor=by["actor"], now=world.now)
        change_action(item, {"owner": bob}, actor=by["actor"], now=world.now, reason=REASON)
        words = {"evidence": EVIDENCE} if ending is finish else {"reason": REASON}
        ending(item, **words, **by)
    submit(made, **by)
    send_back(made, reason=REASON, **by)
    submit(made, **by)
    publish(made, how="screen", exception=REASON, **by)
    correct(made, reason=REASON, **by)


def everything_in(table):
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')
        return "\n".join(str(row) for row in cursor.fetchall())


def what_cannot_be_erased():
    return sorted({model._meta.db_table for model, _ in append_only.protected_models()} - {"ledger_text"})


@pytest.mark.django_db
def test_nothing_personal_and_nothing_secret_is_in_what_cannot_be_erased(night):
    assert Entry.objects.count() > 40, "the night left a record to look through"
    found = []
    for table in [*what_cannot_be_erased(), "ledger_liveness", "evidence_selfcheckfinding"]:
        held = everything_in(table)
        found += [f"{table} holds the {what}" for what, value in night.items() if value in held]
    assert found == []


@pytest.mark.django_db
def test_every_history_table_that_a_service_fills_was_filled(night):
    empty = {table for table in what_cannot_be_erased() if "historical" in table and not everything_in(table)}
    assert empty <= {"monitors_historicalservicesystem"}


@pytest.mark.django_db
def test_secrets_are_encrypted_or_hashed_wherever_they_are(night):
    secrets = {
        what: night[what]
        for what in (*SECRETS, "token", "invitation", "password", "secret of a webhook")
        if what != "description"
    }
    found = []
    for table in connection.introspection.table_names():
        held = everything_in(table)
        found += [f"{table} holds the {what}" for what, value in secrets.items() if value in held]
    assert found == []


@pytest.mark.django_db
def test_reasons_and_notes_are_kept_where_they_can_be_redacted(night):
    for words in (REASON, NOTE, LEARNT, PROMISE, EVIDENCE):
        assert read(text_hash(words)) == words


@pytest.mark.django_db
def test_after_that_night_the_ledger_holds(night):
    assert verify().faults == ()
