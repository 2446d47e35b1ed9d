"""How a person is reached, and the form of contact rules, on their pages."""

from datetime import timedelta

import pytest

from accounts.models import ContactRules
from ledger import clock
from oncall.models import Page
from oncall.notify.services import confirmed
from tests import builders as make
from tests.accounts.test_people_pages import text


@pytest.fixture
def ways(house):
    """The responder of the house has a mailbox and a phone."""
    person = house.people["responder"]
    phone = make.contact(person, "phone", "+447700900001", now=house.now)
    return person, person.contact_methods.get(kind="email"), phone


def address(person, urgency=""):
    return f"/people/{person.public_id}/reach/{urgency + '/' if urgency else ''}"


def typed(*rules, out=(), **more):
    rows = {}
    for index, (contact, delay) in enumerate(rules):
        rows |= {f"rule-{index}-contact": contact.public_id if contact else "", f"rule-{index}-delay": str(delay)}
    for one, reason in out:
        key = one.public_id if one else "all"
        rows |= {f"out-{key}": "on", f"why-{key}": reason}
    return {**rows, **more}


def test_without_rules_it_says_that_everything_is_paged_at_once(house, as_, ways, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:25"
    shown = text(as_("responder").get(address(ways[0])))
    assert "No rules: all verified contacts at once." in shown
    assert "Any of them Ready at once no rules: all verified contacts" in shown
    assert "Call Not reachable not set up here" in shown


def test_the_form_suggests_what_rings_last_and_keeps_nothing_until_it_is_saved(house, as_, ways):
    person, mail, phone = ways
    page = as_("responder").get(address(person, "high"))
    shown = page.content.decode()
    assert shown.index(f'value="{mail.public_id}" selected') < shown.index(f'value="{phone.public_id}" selected')
    assert '<option value="60" selected>After 1 min</option>' in shown
    assert "This is a suggestion: nothing is kept until you save it." in text(page)
    assert not ContactRules.objects.filter(user=person).exists()


def test_rules_are_written_and_told_in_words(house, as_, ways):
    person, mail, phone = ways
    client = as_("responder")
    assert client.post(address(person, "high"), typed((phone, 60), (mail, 0))).status_code == 302
    shown = text(client.get(address(person)))
    assert "at once E-mail" in shown and "after 1 min Phone (SMS) +44 … 01" in shown
    assert "Not used" not in shown
    held = ContactRules.objects.get(user=person)
    assert [rule["delay_s"] for rule in held.rules] == [0, 60]


def test_what_no_rule_names_and_what_is_left_out_is_shown_with_its_reason(house, as_, ways):
    person, mail, phone = ways
    client = as_("responder")
    client.post(address(person, "high"), typed((phone, 0)))
    assert "Not used: E-mail" in text(client.get(address(person)))
    client.post(address(person, "high"), typed((phone, 0), out=[(mail, "Nobody reads it")], reason="Said", version=1))
    shown = text(client.get(address(person)))
    assert "left out: Nobody reads it" in shown and "Not used" not in shown
    assert "high v2" in shown and "opt outs nothing E-mail" in shown


def test_low_urgency_can_be_left_out_whole_and_the_grid_says_so(house, as_, ways):
    person, *_ = ways
    client = as_("responder")
    assert client.post(address(person, "low"), typed(out=[(None, "I sleep")])).status_code == 302
    shown = text(client.get(address(person)))
    assert "Do not page at all for low urgency left out: I sleep" in shown
    assert "opted out of this urgency" in shown


@pytest.mark.parametrize(
    ("rules", "out", "sentence"),
    [
        ([], [], "No contact is left for high urgency."),
        ([("new", 0)], [], "+44 … 99 is not confirmed"),
        ([("mail", 0), ("mail", 0)], [], "Rule 2 is the same as rule 1"),
        ([("mail", 0)], [("mail", "Why not")], "is left out below"),
        ([("mail", 0)], [("phone", "")], "Say why in a few words"),
        ([(None, 0)], [], "own contacts."),
        ([("mail", "soon")], [], "waits 0 s to 60 min"),
    ],
)
def test_what_cannot_be_kept_says_why_and_nothing_is_lost(house, as_, ways, rules, out, sentence):
    person, mail, phone = ways
    held = {
        "mail": mail,
        "phone": phone,
        "new": make.contact(person, "phone", "+447700900099", verified=False),
        None: None,
    }
    answer = as_("responder").post(
        address(person, "high"),
        typed(*((held[one], at) for one, at in rules), out=[(held[one], why) for one, why in out], **{"why-x": "kept"}),
    )
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert not ContactRules.objects.filter(user=person).exists()


def test_rows_are_added_and_removed_by_plain_buttons_and_only_saving_saves(house, as_, ways):
    person, mail, phone = ways
    client, page = as_("responder"), address(person, "high")
    more = client.post(page, typed((mail, 0), edit="add"))
    assert more.status_code == 200
    assert "Rule 2" in text(more)
    less = client.post(page, typed((mail, 0), (phone, 60), edit="remove-0"))
    assert "Rule 2" not in text(less) and "After 1 min" in less.content.decode()
    assert not ContactRules.objects.filter(user=person).exists()


def test_two_who_change_the_same_rules_meet_and_nothing_is_lost(house, as_, ways):
    person, mail, phone = ways
    make.contact_rules(person, (mail, 0), now=house.now)
    manager, owner = as_("manager"), as_("responder")
    first = typed((phone, 0), reason="Louder", version=1)
    assert manager.post(address(person, "high"), first).status_code == 302
    late = owner.post(address(person, "high"), typed((mail, 60), reason="Softer", version=1))
    assert late.status_code == 409
    assert "Manager Larkspur changed this while you wrote" in text(late)
    assert 'value="60" selected' in late.content.decode()


def test_rules_are_taken_away_with_a_reason(house, as_, ways):
    person, mail, _ = ways
    make.contact_rules(person, (mail, 0), now=house.now)
    client = as_("responder")
    assert client.post(f"{address(person, 'high')}drop/", {"version": 1}).status_code == 422
    assert client.post(f"{address(person, 'high')}drop/", {"reason": "Quieter", "version": 1}).status_code == 302
    assert "No rules: all verified contacts at once." in text(client.get(address(person)))
    assert client.post(f"{address(person, 'high')}drop/", {"reason": "Again", "version": 1}).status_code == 404


def test_the_page_of_a_person_fetches_the_grid_as_a_fragment_with_masks_only(house, as_, ways):
    person, *_ = ways
    client = as_("viewer")
    assert f'hx-get="{address(person)}"' in client.get(f"/people/{person.public_id}/").content.decode()
    part = client.get(address(person), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "+44 … 01" in part
    assert "7700900001" not in part and person.email not in part


def test_the_removal_of_the_last_contact_of_some_rules_says_that_they_ended(house, as_, ways):
    person, _, phone = ways
    make.contact_rules(person, (phone, 0), now=house.now)
    client = as_("responder")
    client.post(f"/contacts/{phone.public_id}/remove/")
    assert "named no other contact" in text(client.get("/me/"))
    assert not ContactRules.objects.in_force().filter(user=person).exists()


def test_there_is_no_third_urgency(house, as_, ways):
    assert as_("responder").get(address(ways[0], "medium")).status_code == 404


def test_nobody_writes_rules_for_somebody_whose_contacts_are_not_confirmed(house, as_):
    new = make.person("New Hire", "responder", team=house.team, mail=False, now=clock.now())
    make.contact(new, "phone", "+447700900055", verified=False, now=house.now)
    shown = text(as_("manager").get(address(new)))
    assert "Nothing is confirmed, so no page can be sent." in shown
    assert "Write rules" not in shown


def test_somebody_tests_their_contacts_and_reads_what_came_of_it(house, as_, ways):
    person, mail, _ = ways
    client = as_("responder")
    answer = client.post(f"/people/{person.public_id}/tests/ask/", follow=True)
    assert "A test is on its way over 2 contacts." in text(answer)
    assert "being sent" in text(answer) and "Responder Larkspur" in text(answer)
    page = Page.objects.get(contact=mail, origin="test")
    Page.objects.filter(pk=page.pk).update(state="accepted", accepted_at=page.planned_at)
    confirmed(page, "link", now=page.planned_at + timedelta(seconds=4))
    part = client.get(f"/people/{person.public_id}/tests/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "confirmed by link, 4 s" in text(part)


def test_a_contact_that_was_not_tested_for_long_says_so(house, as_, ways):
    person, mail, _ = ways
    mail.verified_at = house.now - timedelta(days=40)
    mail.save(now=house.now, reason="Test")
    shown = text(as_("viewer").get(address(person)))
    assert "Test is overdue" in shown and "not tested for long" in shown
    assert "Test the contacts of" not in shown


def test_a_test_too_many_is_refused_aloud(house, as_, ways):
    person, *_ = ways
    client = as_("manager")
    said = [text(client.post(f"/people/{person.public_id}/tests/ask/", follow=True)) for _ in range(3)]
    assert "Others had Responder Larkspur tested 2 times in the last hour." in said[2]


def test_the_settings_fetch_the_tests_as_a_fragment(house, as_, ways):
    shown = as_("responder").get("/me/").content.decode()
    assert f'hx-get="/people/{ways[0].public_id}/tests/"' in shown
