"""The planner, case by case."""

from datetime import UTC, datetime, timedelta

from accounts.contact_rules import PersonalRules, Rule
from oncall.escalation.plan import ASK_AGAIN, Ring, RunView, Who, plan
from oncall.escalation.policy import NO_POLICY, FrozenPolicy, Step
from oncall.escalation.reach import Contact

NOW = datetime(2026, 3, 17, 3, tzinfo=UTC)


def policy(*steps, repeat=0):
    return FrozenPolicy("pol_x", 1, "Critical", repeat, tuple(Step(300, tuple(people)) for people in steps))


def mail(person, healthy=True):
    return Contact(f"cht_{person}_mail", "email", healthy)


def phone(person, healthy=True):
    return Contact(f"cht_{person}_phone", "sms", healthy)


def who(rings=(), **contacts):
    return Who(contacts, tuple(Ring(source, tuple(people)) for source, people in rings), {"gone": "inactive"})


EVERYBODY = who(
    ana=(mail("ana"), phone("ana")), ben=(phone("ben"),), mara=(mail("mara"),), rings=[("admins", ["mara"])]
)


def paged(said):
    return [(page.person, page.kind, page.rule) for page in said.pages]


def test_a_step_pages_all_contacts_of_its_people_at_once_and_waits_its_delay():
    said = plan(policy(["ana"], ["ben"]), RunView(1, 1), EVERYBODY, NOW)
    assert paged(said) == [("ana", "email", "all"), ("ana", "sms", "all")]
    assert (said.state, said.loop, said.step, said.due_at) == ("running", 1, 2, NOW + timedelta(seconds=300))
    assert (said.execution.outcome, said.execution.reason) == ("paged", "step")
    assert said.execution.recipients[0].why == "policy"


def test_the_last_step_leads_to_the_next_loop_and_the_last_loop_to_the_catch_all():
    chain = policy(["ana"], ["ben"], repeat=1)
    assert (plan(chain, RunView(1, 2), EVERYBODY, NOW).loop, plan(chain, RunView(1, 2), EVERYBODY, NOW).step) == (2, 1)
    assert (plan(chain, RunView(2, 2), EVERYBODY, NOW).loop, plan(chain, RunView(2, 2), EVERYBODY, NOW).step) == (2, 3)


def test_the_delay_counts_from_the_execution_so_an_outage_makes_no_burst():
    late = NOW + timedelta(hours=2)
    said = plan(policy(["ana"], ["ben"]), RunView(1, 1), EVERYBODY, late)
    assert said.due_at == late + timedelta(seconds=300)


def test_an_exhausted_chain_calls_the_catch_all_and_says_so():
    said = plan(policy(["ana"]), RunView(1, 2, reached=True), EVERYBODY, NOW)
    assert (said.state, said.due_at, said.reason) == ("exhausted", None, "catch_all")
    assert paged(said) == [("mara", "email", "catch_all")]
    assert said.execution.recipients[0].why == "catch_all:admins"


def test_a_chain_that_reached_nobody_ends_as_nobody_notified_and_calls_the_catch_all():
    said = plan(policy(["ana"]), RunView(1, 2), EVERYBODY, NOW)
    assert (said.state, paged(said)) == ("nobody_notified", [("mara", "email", "catch_all")])


def test_no_policy_calls_the_catch_all_at_once():
    said = plan(NO_POLICY, RunView(1, 1), EVERYBODY, NOW)
    assert (said.state, paged(said)) == ("nobody_notified", [("mara", "email", "catch_all")])


def test_an_empty_step_calls_the_catch_all_and_goes_on_now():
    said = plan(policy(["gone"], ["ana"]), RunView(1, 1), EVERYBODY, NOW)
    assert (said.state, said.step, said.due_at) == ("running", 2, NOW)
    assert paged(said) == [("mara", "email", "catch_all")]
    assert (said.execution.outcome, said.execution.reason) == ("nobody", "empty_step")
    assert [(r.person, r.absent) for r in said.execution.recipients] == [("gone", "inactive"), ("mara", "")]


def test_an_empty_step_calls_the_catch_all_once_a_run():
    said = plan(policy(["gone"], ["ana"], repeat=1), RunView(2, 1, catch_all_paged=True), EVERYBODY, NOW)
    assert (paged(said), said.due_at) == ([], NOW)


def test_a_policy_in_which_nobody_can_be_reached_goes_straight_to_the_catch_all():
    chain = policy(["gone"], ["nobody"], ["gone"], repeat=9)
    said = plan(chain, RunView(1, 1), EVERYBODY, NOW)
    assert (said.loop, said.step, said.due_at, said.reason) == (10, 4, NOW, "nobody_left")
    end = plan(chain, RunView(said.loop, said.step), EVERYBODY, NOW)
    assert (end.state, paged(end)) == ("nobody_notified", [("mara", "email", "catch_all")])


def test_an_empty_last_step_leads_straight_to_the_catch_all_and_does_not_call_it_twice():
    said = plan(policy(["ana"], ["gone"]), RunView(1, 2, reached=True), EVERYBODY, NOW)
    assert (paged(said), said.step, said.due_at, said.reason) == ([], 3, NOW, "nobody_left")
    assert plan(policy(["ana"], ["gone"]), RunView(1, 2), EVERYBODY, NOW).loop == 1


def test_an_empty_step_does_not_call_those_whom_the_next_step_calls_at_once():
    known = who(ana=(mail("ana"),), mara=(mail("mara"),), rings=[("admins", ["ana", "mara"])])
    assert paged(plan(policy(["gone"], ["ana"]), RunView(1, 1), known, NOW)) == [("mara", "email", "catch_all")]


def test_part_of_a_step_missing_is_said_and_the_rest_is_paged():
    said = plan(policy(["gone", "ana"]), RunView(1, 1), EVERYBODY, NOW)
    assert said.execution.outcome == "partial"
    assert {person for person, _, _ in paged(said)} == {"ana"}
    assert said.due_at == NOW + timedelta(seconds=300)


def test_a_broken_contact_is_left_out_while_another_works():
    known = who(ana=(mail("ana"), phone("ana", healthy=False)))
    assert paged(plan(policy(["ana"]), RunView(1, 1), known, NOW)) == [("ana", "email", "all")]


def test_a_person_with_only_broken_contacts_is_tried_and_counted_as_not_reached():
    known = who(
        ana=(phone("ana", healthy=False),), ben=(phone("ben"),), mara=(mail("mara"),), rings=[("admins", ["mara"])]
    )
    said = plan(policy(["ana"], ["ben"]), RunView(1, 1), known, NOW)
    assert paged(said) == [("ana", "sms", "last_resort"), ("mara", "email", "catch_all")]
    assert (said.step, said.due_at) == (2, NOW)
    assert said.execution.recipients[0].absent == "no_working_contact"


def test_a_person_named_twice_is_paged_once():
    said = plan(policy(["ana", "ana"]), RunView(1, 1), EVERYBODY, NOW)
    assert len({page.contact for page in said.pages}) == len(said.pages) == 2


def test_when_a_ring_of_the_catch_all_fails_the_next_one_is_called():
    known = who(mara=(mail("mara"),), zoe=(mail("zoe"),), rings=[("configured", ["mara"]), ("admins", ["zoe"])])
    assert paged(plan(NO_POLICY, RunView(1, 2), known, NOW)) == [("zoe", "email", "catch_all")]


def test_when_every_ring_failed_the_run_pauses_and_begins_with_the_first_again():
    known = who(mara=(mail("mara"),), rings=[("admins", ["mara"])])
    pause = plan(NO_POLICY, RunView(1, 2), known, NOW)
    assert (pause.state, pause.loop, pause.step, pause.due_at) == ("nobody_notified", 2, 1, NOW + ASK_AGAIN)
    assert (pause.pages, pause.execution.outcome) == ((), "nobody")
    again = plan(NO_POLICY, RunView(pause.loop, pause.step), known, NOW + ASK_AGAIN)
    assert paged(again) == [("mara", "email", "catch_all")]


def test_with_nobody_to_page_at_all_it_asks_again_every_minute_and_records_it_once():
    first = plan(NO_POLICY, RunView(1, 1), who(), NOW)
    assert (first.state, first.execution.reason, first.due_at) == (
        "nobody_notified",
        "nobody_reachable",
        NOW + ASK_AGAIN,
    )
    later = plan(NO_POLICY, RunView(first.loop, first.step), who(), NOW)
    assert (later.execution, later.state, later.due_at) == (None, "nobody_notified", NOW + ASK_AGAIN)
    assert (later.loop, later.step) == (first.loop, first.step)


def test_after_the_chain_reached_somebody_an_empty_catch_all_is_recorded_and_ends_it():
    said = plan(policy(["ana"]), RunView(1, 2, reached=True), who(ana=(mail("ana"),)), NOW)
    assert (said.state, said.due_at, said.execution.reason) == ("exhausted", None, "catch_all_empty")


def with_rules(known, **rules):
    """`known`, with the high urgency rules of some; None: not paged for high urgency."""
    given = {
        (person, "high"): PersonalRules("crl_x@v1", tuple(Rule(*pair) for pair in pairs or ()), silent=pairs is None)
        for person, pairs in rules.items()
    }
    return Who(known.contacts, known.rings, known.absent, given)


def test_a_step_pages_by_the_rules_of_each_person():
    known = with_rules(EVERYBODY, ana=[("cht_ana_mail", 0), ("cht_ana_phone", 60)])
    said = plan(policy(["ana", "ben"]), RunView(1, 1), known, NOW)
    assert [(page.contact, page.rule, page.delay_s) for page in said.pages] == [
        ("cht_ana_mail", "rule_1", 0),
        ("cht_ana_phone", "rule_2", 60),
        ("cht_ben_phone", "all", 0),
    ]
    assert said.due_at == NOW + timedelta(seconds=300), "the next step is due by the policy, whatever the rules say"


def test_the_rules_of_the_other_urgency_are_not_asked():
    known = with_rules(EVERYBODY, ana=[("cht_ana_phone", 60)])
    said = plan(policy(["ana"]), RunView(1, 1, urgency="low"), known, NOW)
    assert [page.rule for page in said.pages] == ["all", "all"]


def test_a_step_whose_people_all_opted_out_is_passed_without_alarming_the_catch_all():
    known = with_rules(EVERYBODY, ana=None)
    said = plan(policy(["ana"], ["ben"]), RunView(1, 1), known, NOW)
    assert (paged(said), said.step, said.due_at, said.reason) == ([], 2, NOW, "all_opted_out")
    assert said.execution.recipients[0].absent == "opted_out"


def test_one_who_opted_out_beside_one_who_is_gone_is_an_empty_step_and_calls_the_catch_all():
    said = plan(policy(["ana", "gone"], ["ben"]), RunView(1, 1), with_rules(EVERYBODY, ana=None), NOW)
    assert (paged(said), said.reason) == ([("mara", "email", "catch_all")], "empty_step")


def test_a_chain_of_people_who_opted_out_ends_at_the_catch_all_which_asks_for_no_rules():
    known = with_rules(EVERYBODY, ana=None, mara=None)
    said = plan(policy(["ana"]), RunView(1, 1), known, NOW)
    assert (said.reason, said.due_at) == ("nobody_left", NOW)
    assert paged(plan(policy(["ana"]), RunView(said.loop, said.step), known, NOW)) == [("mara", "email", "catch_all")]
