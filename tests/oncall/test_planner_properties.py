"""The planner under random policies, people and faults: nobody twice, never quiet, time never runs back."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from accounts.contact_rules import PersonalRules, Rule
from oncall.escalation.plan import Ring, RunView, Who, plan
from oncall.escalation.policy import FrozenPolicy, Step
from oncall.escalation.reach import Contact, reach
from oncall.escalation.states import EXHAUSTED, NOBODY_NOTIFIED, RUNNING

NOW = datetime(2026, 3, 17, 3, tzinfo=UTC)
PEOPLE = ["ana", "ben", "mara", "zoe", "gone"]

people = st.lists(st.sampled_from(PEOPLE), max_size=4)
policies = st.builds(
    lambda steps, repeat: FrozenPolicy("pol_x", 1, "x", repeat, tuple(steps)),
    st.lists(st.builds(Step, st.integers(1, 86400), people.map(tuple)), max_size=5),
    st.integers(0, 4),
)


@st.composite
def personal_rules(draw, person):
    """Rules over contacts the person has, had or never had; now and then nothing but an opt-out."""
    ids = st.sampled_from([f"cht_{person}_{kind}" for kind in ("email", "sms", "voice")])
    if draw(st.integers(0, 5)) == 0:
        return PersonalRules("crl_x@v1", (), silent=True)
    wanted = draw(st.lists(st.builds(Rule, ids, st.integers(0, 3600)), min_size=1, max_size=5, unique=True))
    left_out = draw(st.frozensets(ids)) - {rule.contact for rule in wanted}
    return PersonalRules("crl_x@v1", tuple(sorted(wanted, key=lambda rule: rule.delay_s)), left_out)


@st.composite
def directories(draw):
    contacts, rules = {}, {}
    for person in PEOPLE[:-1]:
        if draw(st.booleans()):
            rules[person, "high"] = draw(personal_rules(person))
        kinds = draw(st.sets(st.sampled_from(["email", "sms", "voice"])))
        if kinds:
            contacts[person] = tuple(
                Contact(f"cht_{person}_{kind}", kind, draw(st.booleans())) for kind in sorted(kinds)
            )
    rings = []
    left = draw(st.permutations(sorted(contacts)))
    while left and draw(st.booleans()):
        count = draw(st.integers(1, len(left)))
        rings.append(Ring(f"ring{len(rings)}", tuple(left[:count])))
        left = left[count:]
    return Who(contacts, tuple(rings), rules=rules)


def reachable(person, who):
    """Whether a step would try something that works for the person."""
    return not reach(who.contacts.get(person, ()), who.rules.get((person, "high"))).absent


def climb(policy, who, *, reached, limit=200):
    """Play a run that nobody answers until nothing is due any more; yields (now, view, plan)."""
    view, now, catch_all = RunView(1, 1), NOW, False
    anybody = False
    for _ in range(limit):
        said = plan(policy, view, who, now)
        yield now, view, said
        anybody = anybody or (reached and bool(said.pages))
        catch_all = catch_all or any(page.rule == "catch_all" for page in said.pages)
        if said.due_at is None or said.reason == "still_nobody":
            return
        now, view = said.due_at, RunView(said.loop, said.step, anybody, catch_all)
    raise AssertionError("the run never came to an end")


@given(policies, directories())
def test_nobody_is_paged_twice_by_one_rule_and_no_step_is_taken_twice(policy, who):
    taken = set()
    for _, _, said in climb(policy, who, reached=True):
        # a person's rules may call one phone twice, but every page has a key of its own
        keys = [(page.person, page.contact, page.rule) for page in said.pages]
        assert len(keys) == len(set(keys))
        if said.execution:
            place = (said.execution.loop, said.execution.step)
            assert place not in taken
            taken.add(place)


@given(policies, directories())
def test_every_run_nobody_answers_ends_with_people_paged_or_says_that_nobody_was(policy, who):
    plans = [said for _, _, said in climb(policy, who, reached=True)]
    last = plans[-1]
    assert last.state in (EXHAUSTED, NOBODY_NOTIFIED)
    if any(said.pages for said in plans):
        known = {contact.id for contacts in who.contacts.values() for contact in contacts}
        assert {page.contact for said in plans for page in said.pages} <= known
    else:
        assert last.state == NOBODY_NOTIFIED
        assert last.due_at is not None
    if who.rings:
        assert (
            any(page.rule == "catch_all" for said in plans for page in said.pages) or last.reason == "catch_all_empty"
        )


@given(policies, directories())
def test_a_run_that_reaches_nobody_keeps_trying(policy, who):
    for _, _, said in climb_unreached(policy, who):
        assert said.state != EXHAUSTED
    # nothing due would be silence for ever
    assert said.due_at is not None or said.pages


def climb_unreached(policy, who):
    """Every page fails at once: the run is hurried on, as the sender does."""
    view, now = RunView(1, 1), NOW
    for _ in range(60):
        said = plan(policy, view, who, now)
        yield now, view, said
        now = now + timedelta(seconds=1) if said.due_at is None else said.due_at
        view = RunView(
            said.loop, said.step, False, view.catch_all_paged or any(p.rule == "catch_all" for p in said.pages)
        )


@given(policies, directories())
def test_due_times_never_run_back_and_steps_come_in_order(policy, who):
    before = None
    for now, view, said in climb(policy, who, reached=True):
        assert said.due_at is None or said.due_at >= now
        place = (view.loop, view.step)
        assert before is None or place > before
        before = place


@given(policies, directories())
def test_the_chain_is_walked_repeat_plus_one_times_when_everybody_is_reachable(policy, who):
    everybody = all(any(reachable(person, who) for person in step.targets) for step in policy.steps)
    walked = [
        (said.execution.loop, said.execution.step)
        for _, _, said in climb(policy, who, reached=True)
        if said.execution and said.state == RUNNING
    ]
    if everybody and policy.steps:
        steps = range(1, len(policy.steps) + 1)
        assert walked == [(loop, step) for loop in range(1, policy.repeat + 2) for step in steps]
    else:
        assert len(walked) <= (policy.repeat + 1) * len(policy.steps)


@given(policies, directories())
def test_only_people_named_by_the_policy_or_the_catch_all_are_paged(policy, who):
    named = {person for step in policy.steps for person in step.targets}
    caught = {person for ring in who.rings for person in ring.people}
    for _, _, said in climb(policy, who, reached=True):
        for page in said.pages:
            assert page.person in (caught if page.rule == "catch_all" else named)


@given(policies, directories())
def test_rules_decide_over_what_and_when_and_opt_outs_hold_but_for_the_catch_all(policy, who):
    for _, _, said in climb(policy, who, reached=True):
        for page in said.pages:
            rules = who.rules.get((page.person, "high"))
            if page.rule == "catch_all":
                assert page.delay_s == 0
            elif page.rule.startswith("rule_"):
                wanted = rules.rules[int(page.rule.removeprefix("rule_")) - 1]
                assert page.contact == wanted.contact
                # brought forward when the one before it does not work, never put off
                assert page.delay_s <= wanted.delay_s
            else:
                assert page.delay_s == 0
            if rules and page.rule != "catch_all":
                assert page.contact not in rules.opted_out and not rules.silent


@given(policies, directories())
def test_a_step_says_of_everybody_how_they_are_reached(policy, who):
    for _, _, said in climb(policy, who, reached=True):
        for recipient in said.execution.recipients if said.execution else ():
            found = recipient.reach
            assert found.how in ("rules", "no_rules", "rules_left_none", "opted_out", "catch_all")
            assert bool(found.lines) or found.absent
            assert (found.how == "rules") == any(line.rule.startswith("rule_") for line in found.lines)


@given(st.data())
def test_some_contact_that_works_and_is_not_left_out_is_always_tried_and_the_first_in_its_time(data):
    rules = data.draw(personal_rules("ana"))
    kinds = data.draw(st.sets(st.sampled_from(["email", "sms", "voice"])))
    contacts = [Contact(f"cht_ana_{kind}", kind, data.draw(st.booleans())) for kind in sorted(kinds)]
    found = reach(contacts, rules)
    usable = {one.id for one in contacts if one.healthy and one.id not in rules.opted_out}
    tried = {line.contact for line in found.lines if line.rule != "last_resort"}
    assert bool(tried) == bool(usable and not rules.silent)
    assert tried <= usable
    if found.how == "rules":
        # whatever is broken, the first call comes when the first rule wanted it
        assert min(line.delay_s for line in found.lines) == min(rule.delay_s for rule in rules.rules)
