import json

import pytest

from oncall.escalation.policy import (
    FrozenPolicy,
    PolicyError,
    Step,
    digest,
    from_json,
    parse_repeat,
    parse_steps,
    steps_to_json,
    to_json,
)

GOOD = [{"delay_s": 300, "people": ["usr_a", "usr_b"]}, {"delay_s": 60, "people": ["usr_c"]}]


def test_it_reads_steps_and_writes_them_back():
    steps = parse_steps(GOOD)
    assert steps == (Step(300, ("usr_a", "usr_b")), Step(60, ("usr_c",)))
    assert steps_to_json(steps) == GOOD


@pytest.mark.parametrize(
    "raw, field",
    [
        ([], "steps"),
        (None, "steps"),
        ("usr_a", "steps"),
        ([{"delay_s": 5, "people": ["usr_a"]}] * 21, "steps"),
        ([{"people": ["usr_a"]}], "steps.0"),
        ([{"delay_s": 5, "people": ["usr_a"], "colour": "red"}], "steps.0"),
        ([{"delay_s": 0, "people": ["usr_a"]}], "steps.0.delay_s"),
        ([{"delay_s": True, "people": ["usr_a"]}], "steps.0.delay_s"),
        ([{"delay_s": 1.5, "people": ["usr_a"]}], "steps.0.delay_s"),
        ([{"delay_s": 86401, "people": ["usr_a"]}], "steps.0.delay_s"),
        ([{"delay_s": 5, "people": []}], "steps.0.people"),
        ([{"delay_s": 5, "people": "usr_a"}], "steps.0.people"),
        ([{"delay_s": 5, "people": [7]}], "steps.0.people"),
        ([{"delay_s": 5, "people": ["usr_a", "usr_a"]}], "steps.0.people"),
    ],
)
def test_it_refuses_steps_that_cannot_be_kept(raw, field):
    with pytest.raises(PolicyError) as caught:
        parse_steps(raw)
    assert list(caught.value.problems) == [field]
    assert str(caught.value).endswith(".")


def test_it_names_every_fault_at_once():
    with pytest.raises(PolicyError) as caught:
        parse_steps([{"delay_s": 0, "people": []}, {"delay_s": 5, "people": ["usr_a", "usr_a"]}])
    assert list(caught.value.problems) == ["steps.0.delay_s", "steps.0.people", "steps.1.people"]


@pytest.mark.parametrize("raw", [-1, 10, True, "2", None, 1.0])
def test_it_refuses_a_repeat_outside_0_to_9(raw):
    with pytest.raises(PolicyError):
        parse_repeat(raw)


def test_repeat_n_means_n_repeats():
    assert [FrozenPolicy("pol_x", 1, "x", repeat, ()).loops for repeat in (0, 1, 9)] == [1, 2, 10]


def test_the_digest_does_not_depend_on_the_order_of_keys():
    policy = FrozenPolicy("pol_x", 3, "Nächte", 1, parse_steps(GOOD))
    shuffled = json.loads(json.dumps(to_json(policy), sort_keys=True))
    assert from_json(shuffled) == policy
    assert digest(from_json(shuffled)) == digest(policy)
    assert len(digest(policy)) == 64


def test_the_digest_changes_with_anything_a_person_could_be_paged_by():
    base = FrozenPolicy("pol_x", 3, "x", 1, parse_steps(GOOD))
    others = [
        FrozenPolicy("pol_x", 4, "x", 1, base.steps),
        FrozenPolicy("pol_x", 3, "x", 2, base.steps),
        FrozenPolicy("pol_x", 3, "x", 1, base.steps[:1]),
        FrozenPolicy("pol_x", 3, "x", 1, (Step(301, base.steps[0].targets), base.steps[1])),
    ]
    assert len({digest(policy) for policy in [base, *others]}) == 5
