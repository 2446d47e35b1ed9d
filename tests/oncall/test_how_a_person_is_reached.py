"""From contacts and rules to moments and pages, case by case."""

import pytest

from accounts.contact_rules import PersonalRules, Rule
from oncall.escalation.reach import Contact, reach

MAIL, PHONE, CALL = Contact("mail", "email"), Contact("phone", "sms"), Contact("call", "voice")
EVERYTHING = (MAIL, PHONE, CALL)


def rules(*pairs, left_out=(), silent=False):
    return PersonalRules("crl_x@v1", tuple(Rule(*pair) for pair in pairs), frozenset(left_out), silent)


def ill(contact):
    return Contact(contact.id, contact.kind, healthy=False)


def said(found):
    return [(line.contact, line.rule, line.delay_s) for line in found.lines]


def test_somebody_without_rules_is_paged_over_everything_at_once_and_it_says_so():
    found = reach(EVERYTHING, None)
    assert said(found) == [("mail", "all", 0), ("phone", "all", 0), ("call", "all", 0)]
    assert (found.how, found.absent, found.source) == ("no_rules", "", "")


def test_rules_make_a_page_each_at_their_time():
    found = reach(EVERYTHING, rules(("mail", 0), ("phone", 60), ("call", 180)))
    assert said(found) == [("mail", "rule_1", 0), ("phone", "rule_2", 60), ("call", "rule_3", 180)]
    assert (found.how, found.source) == ("rules", "crl_x@v1")


def test_a_contact_may_be_paged_twice_and_each_rule_has_a_name_of_its_own():
    found = reach(EVERYTHING, rules(("call", 0), ("call", 600)))
    assert said(found) == [("call", "rule_1", 0), ("call", "rule_2", 600)]


def test_a_contact_no_rule_names_is_left_alone_while_a_rule_can_be_kept():
    assert [line.contact for line in reach(EVERYTHING, rules(("phone", 0))).lines] == ["phone"]


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ([MAIL], [("phone", 0), ("call", 180)]),
        ([PHONE], [("mail", 0), ("call", 60)]),
        ([MAIL, PHONE], [("call", 0)]),
        ([CALL], [("mail", 0), ("phone", 60)]),
    ],
)
def test_what_does_not_work_is_skipped_and_the_next_rule_takes_its_time(broken, expected):
    contacts = [ill(one) if one in broken else one for one in EVERYTHING]
    found = reach(contacts, rules(("mail", 0), ("phone", 60), ("call", 180)))
    assert [(line.contact, line.delay_s) for line in found.lines] == expected
    assert set(found.skipped) == {one.id for one in broken}


def test_a_moment_of_two_of_which_one_works_hurries_nobody():
    found = reach((ill(MAIL), PHONE, CALL), rules(("mail", 0), ("phone", 0), ("call", 180)))
    assert said(found) == [("phone", "rule_2", 0), ("call", "rule_3", 180)]


def test_a_moment_that_moves_up_moves_whole():
    found = reach((ill(MAIL), PHONE, CALL), rules(("mail", 0), ("phone", 60), ("call", 60)))
    assert said(found) == [("phone", "rule_2", 0), ("call", "rule_3", 0)]


def test_a_contact_that_is_gone_is_skipped_like_one_that_does_not_work():
    found = reach((PHONE,), rules(("mail", 0), ("phone", 60)))
    assert (said(found), found.skipped) == ([("phone", "rule_2", 0)], ("mail",))


def test_when_no_rule_can_be_kept_whatever_else_works_is_used():
    found = reach((MAIL, ill(PHONE)), rules(("phone", 0)))
    assert (said(found), found.how, found.absent) == ([("mail", "all", 0)], "rules_left_none", "")


def test_but_never_what_the_person_left_out():
    found = reach((MAIL, ill(PHONE)), rules(("phone", 0), left_out=["mail"]))
    assert (said(found), found.absent) == ([("phone", "last_resort", 0)], "no_working_contact")


def test_somebody_whose_only_contacts_are_left_out_has_opted_out():
    found = reach((MAIL,), rules(("phone", 0), left_out=["mail"]))
    assert (found.lines, found.how, found.absent) == ((), "opted_out", "opted_out")


def test_somebody_who_is_not_paged_for_this_urgency_is_not():
    found = reach(EVERYTHING, rules(silent=True))
    assert (found.lines, found.how, found.absent, found.source) == ((), "opted_out", "opted_out", "crl_x@v1")


def test_somebody_with_no_contact_at_all_is_absent_whatever_the_rules_say():
    assert reach((), rules(("phone", 0))).absent == "no_verified_contact"
    assert reach((), rules(silent=True)).absent == "no_verified_contact"
