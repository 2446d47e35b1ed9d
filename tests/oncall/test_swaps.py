"""A shift changes hands: both agree, the plan says so with the reason, and both are told. Nobody gives what is not theirs."""

from datetime import timedelta

import pytest

from accounts.second_person import SamePerson
from ledger.models import Entry
from oncall.models import Notice, Override
from oncall.rota.problems import ScheduleError
from oncall.rota.resolve import on_call
from oncall.rota.swaps import ENDS, MAY, MOVES, OPEN, IllegalMove, Part, State, move, parts, possible
from oncall.rota.words import reason
from oncall.schedules import planned
from oncall.services.overrides import make_override
from oncall.services.schedules import change_schedule
from oncall.services.swaps import (
    accept_swap,
    approve_swap,
    close_swap,
    expire_due,
    offer_swap,
    reopen_swap,
    request_swap,
)
from tests import builders
from tests.builders import NIGHT, REASON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Ana has the week of the 16th, Ben that of the 23rd, Cid that of the 30th, from Monday 09:00 in Berlin
ANAS, BENS = NIGHT + 2 * DAY, NIGHT + 8 * DAY


@pytest.fixture
def people(db):
    team = builders.team()
    return {name: builders.person(name, team=team) for name in ("Ana", "Ben", "Cid")} | {"team": team}


@pytest.fixture
def schedule(people):
    return builders.schedule(people["Ana"], people["Ben"], people["Cid"], team=people["team"])


@pytest.fixture
def ask(people, schedule):
    def made(giver="Ana", start=ANAS, hours=8, asked=None, **more):
        given = {"by": people[giver], "now": NIGHT, **more}
        return request_swap(
            schedule, giver=people[giver], start_at=start, end_at=start + hours * HOUR, asked=people.get(asked), **given
        )

    return made


def who(schedule, at):
    return [person.name for person in on_call(planned(schedule, NIGHT), at).people]


def test_what_both_agree_on_is_an_override_that_names_the_swap(people, schedule, ask):
    swap = ask()
    assert (swap.state, who(schedule, ANAS)) == ("requested", ["Ana"])
    swap = offer_swap(swap, taker=people["Ben"], by=people["Ben"], now=NIGHT)
    assert (swap.state, who(schedule, ANAS)) == ("offered", ["Ana"])
    swap = accept_swap(swap, by=people["Ana"], now=NIGHT)
    assert swap.state == "done"
    assert [who(schedule, at) for at in (ANAS - HOUR, ANAS, ANAS + 8 * HOUR)] == [["Ana"], ["Ben"], ["Ana"]]
    override = Override.objects.get()
    assert (override.swap, override.made_by, override.kind) == (swap.public_id, people["Ana"], "replace")
    assert f"by Ana for swap {swap.public_id} replaces Ana in layer 1" in reason(planned(schedule, NIGHT), ANAS)
    kinds = Entry.objects.filter(subjects__object_id=swap.public_id).order_by("pk").values_list("kind", flat=True)
    steps = [kind for kind in kinds if kind.startswith("oncall.swap")]
    assert steps == [f"oncall.swap_{step}" for step in ("requested", "offered", "accepted", "done")]


def test_a_shift_in_return_changes_hands_in_the_same_moment(people, schedule, ask):
    swap = offer_swap(
        ask(), taker=people["Ben"], by=people["Ben"], now=NIGHT, back_start_at=BENS, back_end_at=BENS + 4 * HOUR
    )
    accept_swap(swap, by=people["Ana"], now=NIGHT)
    assert (who(schedule, ANAS), who(schedule, BENS), who(schedule, BENS + 4 * HOUR)) == (["Ben"], ["Ana"], ["Ben"])
    assert Override.objects.count() == 2


def test_who_was_asked_by_name_takes_it_with_one_step(people, schedule, ask):
    swap = offer_swap(ask(asked="Ben"), taker=people["Ben"], by=people["Ben"], now=NIGHT)
    assert (swap.state, swap.accepted_by, who(schedule, ANAS)) == ("done", people["Ana"], ["Ben"])
    with pytest.raises(ScheduleError):
        offer_swap(ask(start=ANAS + DAY, asked="Ben"), taker=people["Cid"], by=people["Cid"], now=NIGHT)


def test_who_was_asked_by_name_and_wants_something_in_return_waits_for_the_giver(people, ask):
    swap = offer_swap(
        ask(asked="Ben"), taker=people["Ben"], by=people["Ben"], now=NIGHT, back_start_at=BENS, back_end_at=BENS + HOUR
    )
    assert (swap.state, swap.expires_at) == ("offered", ANAS)


def test_an_offer_that_is_turned_down_or_taken_back_leaves_it_open_to_others(people, ask):
    swap = ask()
    for verb in ("turn_down", "take_back"):
        offer_swap(swap, taker=people["Ben"], by=people["Ben"], now=NIGHT)
        swap = reopen_swap(swap, verb, by=people["Ana"], now=NIGHT)
        assert (swap.state, swap.taker, swap.offered_at) == ("requested", None, None)
    assert offer_swap(swap, taker=people["Cid"], by=people["Cid"], now=NIGHT).taker == people["Cid"]


def test_a_schedule_may_ask_for_a_second_person(people, schedule, ask):
    mona = builders.person("Mona", "manager", team=people["team"])
    change_schedule(
        schedule, name="Shop", team=people["team"], zone="Europe/Berlin", swaps_need_approval=True, now=NIGHT, reason=REASON
    )  # fmt: skip
    swap = offer_swap(ask(asked="Ben"), taker=people["Ben"], by=people["Ben"], now=NIGHT)
    assert (swap.state, who(schedule, ANAS)) == ("accepted", ["Ana"])
    swap = approve_swap(swap, by=mona, now=NIGHT)
    assert (swap.state, swap.approved_alone, who(schedule, ANAS)) == ("done", False, ["Ben"])


def test_a_party_approves_alone_only_where_nobody_else_may_and_on_record(people, schedule):
    ada = builders.person("Ada", "admin")
    layered = builders.schedule(ada, people["Ben"], name="Night", team=people["team"])
    change_schedule(
        layered, name="Night", team=people["team"], zone="UTC", swaps_need_approval=True, now=NIGHT, reason=REASON
    )

    def agreed(hours):
        start = ANAS + hours * HOUR
        asked = request_swap(
            layered, giver=ada, start_at=start, end_at=start + HOUR, asked=people["Ben"], by=ada, now=NIGHT
        )
        return offer_swap(asked, taker=people["Ben"], by=people["Ben"], now=NIGHT)

    assert approve_swap(agreed(0), by=ada, now=NIGHT).approved_alone is True
    builders.person("Mona", "manager", team=people["team"])
    with pytest.raises(SamePerson):
        approve_swap(agreed(2), by=ada, now=NIGHT)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": NIGHT - HOUR}, "start_at"),
        ({"start": BENS}, "start_at"),
        ({"hours": 24 * 7}, "start_at"),
        ({"hours": 0}, "end_at"),
        ({"asked": "Ana"}, "asked"),
        ({"note": "x" * 501}, "note"),
        ({"role": "tertiary"}, "role"),
    ],
)
def test_what_is_not_held_cannot_be_given(ask, change, field):
    with pytest.raises(ScheduleError) as refused:
        ask(**change)
    assert set(refused.value.problems) == {field}


def test_one_stretch_is_asked_for_once_at_a_time(people, ask):
    swap = ask()
    with pytest.raises(ScheduleError):
        ask(start=ANAS + HOUR)
    close_swap(swap, "withdraw", by=people["Ana"], now=NIGHT)
    ask(start=ANAS + HOUR)


def test_the_plan_is_looked_at_again_when_it_is_done(people, schedule, ask):
    swap = offer_swap(ask(), taker=people["Ben"], by=people["Ben"], now=NIGHT)
    make_override(
        schedule, kind="replace", start_at=ANAS, end_at=ANAS + HOUR, who=people["Cid"], by=people["Cid"], now=NIGHT, reason=REASON
    )  # fmt: skip
    with pytest.raises(ScheduleError, match="Ana is not on call in all of that time"):
        accept_swap(swap, by=people["Ana"], now=NIGHT)
    swap.refresh_from_db()
    assert (swap.state, Override.objects.count()) == ("offered", 1)


def test_what_is_not_done_when_the_shift_begins_is_over(people, schedule, ask):
    swap = offer_swap(ask(), taker=people["Ben"], by=people["Ben"], now=NIGHT)
    assert expire_due(ANAS - HOUR) == 0
    with pytest.raises(ScheduleError):
        accept_swap(swap, by=people["Ana"], now=ANAS)
    assert (expire_due(ANAS), expire_due(ANAS)) == (1, 0)
    swap.refresh_from_db()
    assert (swap.state, swap.ended_by, swap.ended_at) == ("expired", None, ANAS)
    with pytest.raises(IllegalMove, match="expired"):
        accept_swap(swap, by=people["Ana"], now=ANAS)


def test_of_a_shift_that_runs_the_rest_can_be_given_up_to_its_end(people, schedule, ask):
    swap = ask(start=NIGHT, hours=8)
    later = NIGHT + 3 * HOUR
    assert expire_due(later) == 0
    swap = offer_swap(swap, taker=people["Ben"], by=people["Ben"], now=later)
    accept_swap(swap, by=people["Ana"], now=later)
    override = Override.objects.get()
    assert (override.start_at, override.end_at) == (later, NIGHT + 8 * HOUR)
    rest = ask(start=NIGHT + 9 * HOUR, now=NIGHT + 9 * HOUR)
    assert (expire_due(NIGHT + 16 * HOUR), expire_due(NIGHT + 17 * HOUR)) == (0, 1), rest


def test_both_are_told_by_letter_once_and_in_their_own_zone_too(world):
    ana, ben = world.person("Ana"), world.person("Ben")
    ben.timezone = "Asia/Tokyo"
    ben.save(now=world.now, reason=REASON)
    schedule = builders.schedule(ana, ben, team=world.team)
    swap = request_swap(
        schedule, giver=ana, start_at=ANAS, end_at=ANAS + HOUR, asked=ben, note="Dentist", by=ana, now=world.now
    )
    world.settle()
    letter = world.smtp.expect(ben.email, "Ana asks you to take a shift: Shop", "Dentist", f"/swaps/{swap.public_id}/")
    assert "Thu 19 Mar 2026 04:00 to Thu 19 Mar 2026 05:00 (Europe/Berlin)" in letter.body
    assert "for you: Thu 19 Mar 2026 12:00 to Thu 19 Mar 2026 13:00 (Asia/Tokyo)" in letter.body
    offer_swap(swap, taker=ben, by=ben, now=world.now)
    world.settle()
    for person in (ana, ben):
        world.smtp.expect(person.email, "Swapped: Ben is on call for Ana")
    world.advance(hours=1)
    world.smtp.verify_nothing_else()


def test_who_has_no_confirmed_address_is_told_nothing_and_that_is_known(people, schedule, ask):
    dan = builders.person("Dan", mail=False, team=people["team"])
    people["Dan"] = dan
    ask(asked="Dan")
    assert Notice.objects.get().pages == 0


# the table of states, pure


def test_every_open_state_has_ways_out_and_no_end_has_any():
    assert {state for state, _ in MOVES} == set(OPEN)
    assert set(MOVES.values()) == set(State)
    assert all(move(state, "expire") is State.EXPIRED for state in OPEN)
    for end in ENDS:
        assert possible(end, frozenset(Part)) == []
        with pytest.raises(IllegalMove):
            move(end, "accept")
    assert set(MAY) == {verb for _, verb in MOVES} - {"expire"}


@pytest.mark.parametrize(
    ("person", "asked", "taker", "manages", "state", "verbs"),
    [
        ("ana", "", "", False, "requested", ["withdraw"]),
        ("ben", "", "", False, "requested", ["offer"]),
        ("ben", "ben", "", False, "requested", ["offer", "decline"]),
        ("cid", "ben", "", False, "requested", []),
        ("ana", "", "ben", False, "offered", ["accept", "turn_down", "withdraw"]),
        ("ben", "", "ben", False, "offered", ["take_back"]),
        ("cid", "", "ben", False, "offered", []),
        ("ben", "", "ben", False, "accepted", []),
        ("ana", "", "ben", False, "accepted", ["withdraw"]),
        ("mona", "", "ben", True, "accepted", ["approve", "refuse", "withdraw"]),
        ("mona", "ben", "", True, "requested", ["offer", "withdraw"]),
    ],
)
def test_each_can_do_what_is_theirs_to_do(person, asked, taker, manages, state, verbs):
    held = parts(person, giver="ana", asker="ana", asked=asked, taker=taker, manages=manages, answers=True)
    assert possible(state, held) == verbs


def test_who_answers_no_pages_offers_nothing():
    assert (
        possible("requested", parts("vic", giver="ana", asker="ana", asked="", taker="", manages=False, answers=False))
        == []
    )
