"""Contact rules: what can be kept, and what is refused in which words."""

from datetime import timedelta

import pytest

from accounts.contact_rules import MAX_DELAY_S, MAX_RULES, Held, Rule, RulesError, parse
from accounts.models import ContactRules
from accounts.services.contact_rules import RulesExist, change_rules, drop_rules, write_rules
from accounts.services.contacts import remove_contact
from ledger.models import Entry
from ledger.texts import read
from ledger.tracked import StaleVersion
from tests import builders
from tests.builders import NIGHT

HELD = {
    "cht_mail": Held("E-mail a…@larkspur.example", True),
    "cht_phone": Held("Phone (SMS) +44 … 01", True),
    "cht_new": Held("Phone (SMS) +44 … 99", False),
}


def rule(contact, delay_s=0):
    return {"contact": contact, "delay_s": delay_s}


def out(contact, reason="It wakes the baby"):
    return {"contact": contact, "reason": reason}


def problems(urgency, rules, opt_outs=()):
    with pytest.raises(RulesError) as error:
        parse(urgency, rules, list(opt_outs), HELD)
    return error.value.problems


def test_rules_come_back_in_order_of_time():
    kept, _ = parse("high", [rule("cht_phone", 60), rule("cht_mail")], [], HELD)
    assert kept == (Rule("cht_mail", 0), Rule("cht_phone", 60))


def test_the_same_contact_may_be_named_at_two_times():
    kept, _ = parse("high", [rule("cht_phone"), rule("cht_phone", 300)], [], HELD)
    assert len(kept) == 2


@pytest.mark.parametrize(
    ("rules", "opt_outs", "field", "words"),
    [
        ([rule("cht_new")], [], "rules.0.contact", "+44 … 99 is not confirmed"),
        ([rule("cht_hers")], [], "rules.0.contact", "own contacts"),
        ([rule(7)], [], "rules.0.contact", "own contacts"),
        ([rule("cht_mail"), rule("cht_mail")], [], "rules.1", "the same as rule 1"),
        ([rule("cht_mail", -1)], [], "rules.0.delay_s", "0 s to 60 min"),
        ([rule("cht_mail", MAX_DELAY_S + 1)], [], "rules.0.delay_s", "0 s to 60 min"),
        ([rule("cht_mail", True)], [], "rules.0.delay_s", "0 s to 60 min"),
        ([{"contact": "cht_mail"}], [], "rules.0", "exactly"),
        ("cht_mail", [], "rules", "list"),
        ([rule("cht_mail", n) for n in range(MAX_RULES + 1)], [], "rules", "At most 12"),
        ([], [], "rules", "No contact is left for high urgency"),
        ([], [out("cht_mail"), out("cht_phone")], "rules", "No contact is left for high urgency"),
        ([rule("cht_mail")], [out("cht_mail")], "rules.0.contact", "left out below"),
        ([rule("cht_mail")], [out("cht_phone", " ")], "opt_outs.0.reason", "Say why"),
        ([rule("cht_mail")], [out("cht_phone", "x" * 201)], "opt_outs.0.reason", "At most 200"),
        ([rule("cht_mail")], [out("cht_phone"), out("cht_phone")], "opt_outs.1", "once already"),
        ([rule("cht_mail")], [out("cht_hers")], "opt_outs.0.contact", "own contacts"),
        ([rule("cht_mail")], [{"contact": "cht_phone"}], "opt_outs.0", "exactly"),
        ([rule("cht_mail")], [out("")], "opt_outs.0.contact", "nobody can opt out of all of it"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words_on_its_own_field(rules, opt_outs, field, words):
    assert words in problems("high", rules, opt_outs)[field]


def test_low_urgency_may_page_nobody_but_must_say_so_with_a_reason():
    assert "say that low urgency pages nobody" in problems("low", [])["rules"]
    assert "needs no rules" in problems("low", [rule("cht_mail")], [out("")])["rules"]
    kept, left_out = parse("low", [], [out("")], HELD)
    assert (kept, left_out[0].contact) == ((), "")


@pytest.fixture
def ana(db):
    return builders.person("Ana Duarte", phone="+447700900001")


def contacts(person):
    return list(person.contact_methods.order_by("kind"))


def test_nothing_is_there_until_somebody_writes_it(ana):
    assert not ContactRules.objects.exists()


def test_rules_are_written_changed_and_taken_away_each_with_a_version(ana):
    mail, phone = contacts(ana)
    held = builders.contact_rules(ana, (phone, 60), (mail, 0))
    assert [one["contact"] for one in held.rules] == [mail.public_id, phone.public_id]
    change_rules(
        held, rules=[rule(phone.public_id)], opt_outs=[out(mail.public_id, "Nobody reads it")], now=NIGHT,
        reason="Faster", expected_version=1,
    )  # fmt: skip
    assert read(held.opt_outs[0]["reason_sha256"]) == "Nobody reads it"
    with pytest.raises(StaleVersion):
        change_rules(held, rules=[rule(mail.public_id)], opt_outs=[], now=NIGHT, reason="Late", expected_version=1)
    drop_rules(ContactRules.objects.get(), now=NIGHT, reason="Back to everything", expected_version=2)
    assert not ContactRules.objects.in_force().exists()
    assert ContactRules.history.count() == 3


def test_a_person_has_one_set_of_rules_an_urgency(ana):
    mail, _ = contacts(ana)
    builders.contact_rules(ana, (mail, 0))
    builders.contact_rules(ana, (mail, 0), urgency="low")
    with pytest.raises(RulesExist):
        builders.contact_rules(ana, (mail, 0))
    with pytest.raises(RulesError, match="Urgency is high or low"):
        write_rules(ana, "medium", rules=[rule(mail.public_id)], opt_outs=[], now=NIGHT, reason="?")


def test_a_refused_change_leaves_them_as_they_were(ana):
    mail, _ = contacts(ana)
    held = builders.contact_rules(ana, (mail, 0))
    with pytest.raises(RulesError):
        change_rules(held, rules=[], opt_outs=[], now=NIGHT, reason="Quiet")
    assert held.rules == [rule(mail.public_id)]


def test_the_rules_of_another_persons_phone_are_refused(ana):
    ben = builders.person("Ben Okafor")
    with pytest.raises(RulesError, match="own contacts"):
        builders.contact_rules(ana, (ben.contact_methods.get(), 0))


def test_a_removed_contact_leaves_the_rules_with_it(ana):
    mail, phone = contacts(ana)
    builders.contact_rules(ana, (mail, 0), (phone, 60))
    builders.contact_rules(ana, (phone, 0), urgency="low", leave_out=[mail])
    gone = remove_contact(phone, now=NIGHT + timedelta(hours=1), reason="Lost")
    assert [held.urgency for held in gone] == ["low"]
    left = ContactRules.objects.in_force().get()
    assert (left.urgency, left.rules, left.version) == ("high", [rule(mail.public_id)], 2)


def test_reasons_are_kept_out_of_ledger_and_history(ana):
    mail, phone = contacts(ana)
    builders.contact_rules(ana, (phone, 0), leave_out=[mail])
    lines = "".join(Entry.objects.values_list("line", flat=True))
    assert "config.contactrules.created" in lines and "baby" not in lines
    assert "baby" not in ContactRules.history.get().state
