"""Making a page, showing services on it, telling customers from an incident: as members do it on the screens."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from incidents.services.transitions import resolve
from ledger.actors import SYSTEM
from ledger.append_only import protected_models
from ledger.models import Entry
from monitors.services import retire_monitor, retire_service
from statuspage.models import Component, StatusPage, StatusUpdate
from statuspage.services import change_page, retire_component
from tests import builders
from tests.statuspage.test_what_customers_read import text

FRAGMENT = {"HX-Request": "true"}


def posts(browser, path, **data):
    """A form sent with the token of its page."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(path).content.decode())[1]
    return browser.post(path, {"csrfmiddlewaretoken": token, **data})


def over(status):
    """The incident ends for us; whoever was paged is told."""
    who = status.world.people["Alice"]
    resolve(status.world.incident, actor=SYSTEM, person=who, how="screen", now=status.world.now)


# --- pages and components


def test_a_manager_makes_a_page_publishes_it_and_shows_a_service(world):
    mona = world.browser("Mona")
    form = {"name": "Larkspur", "slug": "larkspur", "timezone": "Europe/Berlin", "team": world.team.public_id}
    made = posts(mona, "/status-pages/new/", **form, intro="Good morning.")
    assert made.status_code == 302
    page = StatusPage.objects.get()
    assert world.browser().get("/status/larkspur/").status_code == 404
    added = posts(
        mona, f"{made.headers['Location']}components/new/", name="Placing orders", service=world.service.public_id
    )
    assert added.status_code == 302
    edit = f"/status-pages/{page.public_id}/edit/"
    posts(mona, edit, **form, intro="Good morning.", is_published="on", reason="Ready", version="1")
    shown = text(world.browser().get("/status/larkspur/"))
    assert "Placing orders" in shown
    assert "Good morning." in shown
    history = text(mona.get(f"/status-pages/{page.public_id}/"))
    assert "Mona Meyer" in history
    assert "Ready" in history
    kinds = set(Entry.objects.values_list("kind", flat=True))
    assert {"config.statuspage.created", "config.statuspage.changed", "config.component.created"} <= kinds


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("slug", "Not Good", "at most 60 small letters, digits and single hyphens, such as acme. You wrote Not Good."),
        ("slug", "larkspur", "Another status page is already at larkspur."),
        ("name", "Larkspur status", "Another status page is already called Larkspur status."),
        ("name", "   ", "This field is required."),
        ("timezone", "Mars/Olympus", "Select a valid choice."),
    ],
)
def test_a_page_that_cannot_be_kept_says_why_and_nothing_is_lost(status, field, value, sentence):
    form = {"name": "Second", "slug": "second", "timezone": "UTC", "intro": "typed with care", field: value}
    answer = posts(status.world.browser("Ada"), "/status-pages/new/", **form)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "typed with care" in answer.content.decode()
    assert StatusPage.objects.count() == 1


def test_two_people_editing_a_page_do_not_overwrite_each_other(status):
    edit = f"/status-pages/{status.page.public_id}/edit/"
    change_page(status.page, {"name": "Renamed"}, now=status.world.now, reason="Test")
    answer = posts(
        status.world.browser("Ada"), edit, name="Mine", slug="larkspur", timezone="UTC", reason="Mine", version="1"
    )
    assert answer.status_code == 409
    assert "Nothing of yours is saved yet" in text(answer)
    assert StatusPage.objects.get().name == "Renamed"


def test_a_component_is_renamed_hidden_and_taken_off(status):
    mona, path = status.world.browser("Mona"), f"/components/{status.component.public_id}/"
    form = {"name": "Orders", "service": status.world.service.public_id, "heading": "Shop", "position": "1"}
    assert posts(mona, path, **form, reason="Shorter", version="1").status_code == 302
    assert "Orders" in text(status.get())
    posts(mona, path, **form, is_hidden="on", reason="Not yet", version="2")
    assert "Orders" not in text(status.get()).replace("Placing orders", "")
    assert posts(mona, path, **form, reason="x", version="1").status_code == 409
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', mona.get(path).content.decode())[1]
    gone = mona.post(f"{path}retire/", {"csrfmiddlewaretoken": token, "reason": "Gone", "version": "3"})
    assert gone.status_code == 302
    assert Component.objects.get().retired_at


def test_a_service_that_customers_see_is_not_retired_until_it_is_off_the_page(status):
    service, now = status.world.service, status.world.now
    for monitor in status.world.monitors.values():
        retire_monitor(monitor, now=now, reason="Test")
    with pytest.raises(ValidationError) as refused:
        retire_service(service, now=now, reason="Test")
    assert refused.value.messages == [
        f"{service.name} is still shown on the status page {status.page.name}. Take it off there first."
    ]
    retire_component(status.component, now=now, reason="Test")
    retire_service(service, now=now, reason="Test")
    assert service.retired_at == now


def test_two_components_of_one_name_are_refused(status):
    with pytest.raises(ValidationError, match="already shows something called Placing orders"):
        builders.component(status.page, status.world.service, now=status.world.now)


# --- telling customers


def test_the_incident_leads_to_the_form_and_the_form_to_the_customers(status):
    status.breaks()
    alice, number = status.world.browser("Alice"), status.world.incident.number
    path = f"/incidents/{number}/updates/"
    page = alice.get(f"/incidents/{number}/").content.decode()
    assert f'hx-get="{path}"' in page
    assert f'<a href="{path}">Update customers</a>' in page
    fragment = alice.get(path, headers=FRAGMENT)
    assert "<html" not in fragment.content.decode()
    assert "Customers have not been told." in text(fragment)
    form = alice.get(path).content.decode()
    assert re.search(rf'name="impact-{status.component.public_id}".*?value="down" selected', form, re.DOTALL)
    assert status.world.incident.title not in re.search(r"<form class=.form.*?</form>", form, re.DOTALL)[0]
    said = {"title": "Orders fail", "status": "investigating", "text": "We look into it."}
    sent = posts(alice, path, **said, **{f"impact-{status.component.public_id}": "down"})
    assert (sent.status_code, sent.headers["Location"]) == (302, f"/incidents/{number}/")
    assert "We look into it." in text(status.get())
    assert "Investigating on Larkspur status" in text(alice.get(path, headers=FRAGMENT))
    assert 'value="Orders fail"' in alice.get(path).content.decode(), "the title goes on"
    assert "Alice Adeyemi told customers on Larkspur status" in text(alice.get(f"/incidents/{number}/"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"text": " "}, "This field is required."),
        ({"title": ""}, "This field is required."),
        ({"text": "x" * 4001}, "at most 4000 characters"),
        ({"status": "fine"}, "Select a valid choice."),
        ({"occurred_at": "2999-01-01T00:00"}, "An update cannot be from the future."),
        ({"occurred_at": "soon"}, "Enter a valid date/time."),
    ],
)
def test_an_update_that_cannot_be_published_says_why_and_nothing_is_lost(status, change, sentence):
    status.breaks()
    path = f"/incidents/{status.world.incident.number}/updates/"
    said = {"title": "Orders fail", "status": "investigating", "text": "typed with care", **change}
    answer = posts(status.world.browser("Alice"), path, **said)
    assert answer.status_code == 422
    assert sentence in text(answer)
    kept = answer.content.decode()
    assert said["text"] in kept or said["text"] == " "
    assert StatusUpdate.objects.count() == 0


def test_an_incident_that_ends_without_the_last_word_says_so(status):
    status.breaks()
    status.tell("identified", "We are undoing a change.")
    alice, path = status.world.browser("Alice"), f"/incidents/{status.world.incident.number}/updates/"
    assert "customers do not know" not in text(alice.get(path, headers=FRAGMENT))
    over(status)
    said = text(alice.get(path, headers=FRAGMENT))
    assert "It is over, and customers do not know." in said
    assert "On Larkspur status they still read Identified" in said
    assert re.search(r'value="resolved" selected', alice.get(path).content.decode())
    status.tell("resolved", "It works.")
    assert "customers do not know" not in text(alice.get(path, headers=FRAGMENT))


def test_who_may_only_read_reads_what_was_told(status):
    status.breaks()
    status.tell("identified", "We are undoing a change.")
    path = f"/incidents/{status.world.incident.number}/updates/"
    victor = status.world.browser("Victor")
    assert "<form" not in re.sub(
        r"<form[^>]*(theme|sign-out).*?</form>", "", victor.get(path).content.decode(), flags=re.S
    )
    assert "We are undoing a change." in text(victor.get(path))
    assert "Update customers" not in text(victor.get(path, headers=FRAGMENT))


def test_without_a_page_it_says_what_to_do(world):
    world.breaks("Checkout API")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("Checkout API is down")
    path = f"/incidents/{world.incident.number}/updates/"
    for name, way in (("Alice", "A manager or an admin makes one."), ("Mona", "Make the first one")):
        assert way in text(world.browser(name).get(path))
    assert "There is no status page" in text(world.browser("Alice").get(path, headers=FRAGMENT))


def test_with_two_pages_one_writes_on_the_one_that_shows_the_service(status):
    other = builders.status_page("Almond status", "almond", team=status.world.team, now=status.world.now)
    status.breaks()
    alice, path = status.world.browser("Alice"), f"/incidents/{status.world.incident.number}/updates/"
    assert "On Larkspur status" in text(alice.get(path))
    assert "On Almond status" in text(alice.get(f"{path}?page={other.public_id}"))
    assert "On Larkspur status" in text(alice.get(f"{path}?page=stp_none%00"))


def test_a_correction_is_made_on_the_screen_and_only_once(status):
    status.breaks()
    wrong = status.tell("investigating", "Order fail.")
    alice, path = status.world.browser("Alice"), f"/updates/{wrong.public_id}/correct/"
    assert "Order fail." in alice.get(path).content.decode()
    said = {"title": "Orders fail", "status": "investigating", "text": "Orders fail.", "reason": "Grammar"}
    assert posts(alice, path, **{**said, "reason": ""}).status_code == 422
    assert posts(alice, path, **said).status_code == 302
    assert "Orders fail." in text(status.get())
    again = posts(alice, path, **said)
    assert again.status_code == 422
    assert "It was corrected already. Correct the newer one." in text(again)
    told = text(alice.get(f"/incidents/{status.world.incident.number}/updates/"))
    assert "Customers no longer read this" in told
    assert "Corrected because: Grammar" in told


def test_a_component_that_left_the_page_may_stand_in_a_correction_and_in_nothing_new(status):
    status.breaks()
    named = {status.component.public_id: "down"}
    wrong = status.tell("investigating", "Order fail.", affected=named)
    retire_component(status.component, now=status.world.now, reason="Test")
    assert status.correct(wrong, "Orders fail.", affected=named).affected == named
    with pytest.raises(ValidationError, match="has no component"):
        status.tell("identified", "Found.", affected=named)


def test_an_update_is_never_edited_deleted_or_superseded_twice(status):
    status.breaks()
    wrong = status.tell("investigating", "Order fail.")
    new = status.correct(wrong, "Orders fail.")
    assert StatusUpdate in {model for model, _ in protected_models()}
    for change in (lambda rows: rows.update(status="resolved"), lambda rows: rows.delete()):
        with pytest.raises(Exception, match="append"), transaction.atomic():
            change(StatusUpdate.objects.filter(pk=new.pk))
    twin = StatusUpdate.objects.get(pk=new.pk)
    twin.pk, twin.public_id = None, "upd_0000000000000000"
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)
