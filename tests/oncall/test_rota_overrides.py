"""Overrides and reasons: what each kind does, who wins where two meet, and the sentence that explains it."""

from datetime import time

from oncall.rota.calendar import window
from oncall.rota.resolve import next_on_call, on_call, shift_of, shifts, standing
from oncall.rota.schedule import SECONDARY, Hours, Members
from oncall.rota.words import cause_of, reason
from tests.oncall.rota_cast import (
    ANA,
    BEN,
    CID,
    DAN,
    during,
    layer,
    names,
    override,
    schedule,
    utc,
    who,
)

FROM, TO = utc(2026, 1, 7), utc(2026, 1, 8)  # in Ana's first week
WHEN = (2026, 1, 7, 12)
AT = utc(*WHEN)


def weekly(*overrides, more=()):
    return schedule(layer(ANA, BEN, CID), *more, overrides=overrides)


def test_replacing_somebody_holds_in_the_window_and_nowhere_else():
    assert during(
        weekly(override(41, "replace", FROM, TO, who=DAN, whom=ANA)), utc(2026, 1, 5, 8), utc(2026, 1, 12)
    ) == [
        ("01-05 08:00", "01-07 00:00", "Ana"),
        ("01-07 00:00", "01-08 00:00", "Dan"),
        ("01-08 00:00", "01-12 00:00", "Ana"),
    ]


def test_replacing_somebody_who_is_not_on_call_changes_nothing():
    assert who(weekly(override(1, "replace", FROM, TO, who=DAN, whom=BEN)), *WHEN) == "Ana"


def test_replacing_whoever_is_on_call_fills_gaps_too():
    early = override(1, "replace", utc(2026, 1, 5), utc(2026, 1, 6), who=DAN)
    assert during(weekly(early), utc(2026, 1, 5), utc(2026, 1, 6)) == [
        ("01-05 00:00", "01-05 08:00", "Dan"),
        ("01-05 08:00", "01-06 00:00", "Dan"),
    ]


def test_somebody_added_is_on_call_beside_the_others():
    assert who(weekly(override(1, "add", FROM, TO, who=DAN)), *WHEN) == "Ana+Dan"


def test_nobody_is_on_call_twice():
    assert who(weekly(override(1, "add", FROM, TO, who=ANA)), *WHEN) == "Ana"
    both = weekly(override(1, "add", FROM, TO, who=DAN), override(2, "replace", FROM, TO, who=DAN, whom=ANA))
    assert who(both, *WHEN) == "Dan"


def test_removing_the_only_one_asks_the_layers_below():
    backup = layer(ANA, name="All", order=2), layer(DAN, name="Backup", order=3)
    gone = override(1, "remove", FROM, TO, whom=ANA)
    assert who(weekly(gone), *WHEN) == "-"
    assert who(weekly(gone, more=backup), *WHEN) == "Dan"  # Ana does not come back through layer 2


def test_a_later_override_changes_what_an_earlier_one_left():
    first = override(41, "replace", FROM, TO, who=BEN, whom=ANA)
    assert who(weekly(first, override(42, "replace", FROM, TO, who=CID, whom=BEN)), *WHEN) == "Cid"
    assert who(weekly(override(42, "remove", FROM, TO, whom=BEN), first), *WHEN) == "-"
    assert who(weekly(override(40, "remove", FROM, TO, whom=BEN), first), *WHEN) == "Ben"


def test_roles_answer_each_for_themselves():
    two = schedule(
        layer(ANA, BEN),
        layer(CID, role=SECONDARY),
        overrides=[override(1, "remove", FROM, TO, whom=CID, role=SECONDARY)],
    )
    assert two.roles() == ["primary", "secondary"]
    assert (who(two, *WHEN), who(two, *WHEN, role=SECONDARY)) == ("Ana", "-")
    assert who(two, 2026, 1, 9, role=SECONDARY) == "Cid"


def test_an_override_never_moves_the_bounds_of_a_turn():
    planned = weekly(override(1, "replace", FROM, TO, who=DAN, whom=ANA))
    turns = {shift.on_call[0].turn for shift in shifts(planned, window(utc(2026, 1, 6), utc(2026, 1, 9)))}
    assert [(one.number, one.start, one.end) for one in turns] == [(1, utc(2026, 1, 5, 8), utc(2026, 1, 12, 8))]


def test_who_is_next_is_the_first_who_is_not_on_call_now():
    planned = weekly(override(1, "add", FROM, TO, who=ANA))
    following = next_on_call(planned, AT)
    assert (names(following), following.start, following.end) == ("Ben", utc(2026, 1, 12, 8), utc(2026, 1, 19, 8))
    assert next_on_call(schedule(layer(ANA)), AT) is None


def test_the_next_shift_of_a_person_is_found_a_year_ahead_and_not_beyond():
    assert shift_of(weekly(), CID, AT).start == utc(2026, 1, 19, 8)
    far = weekly(override(1, "add", utc(2026, 12, 20), utc(2026, 12, 21), who=DAN))
    assert shift_of(far, DAN, AT).start == utc(2026, 12, 20)
    assert shift_of(weekly(), DAN, AT) is None


def test_a_standing_answer_lasts_to_the_next_change():
    assert standing(weekly(), AT).end == utc(2026, 1, 12, 8)
    assert standing(weekly(override(1, "add", FROM, TO, who=DAN)), AT).end == TO
    empty = standing(schedule(), AT)
    assert (names(empty), (empty.end - empty.start).days) == ("-", 400)
    assert on_call(weekly(), AT).people == (ANA,)


def test_reasons_of_turns():
    bounds = "Mon 5 Jan 2026 09:00 to Mon 12 Jan 2026 09:00"
    assert reason(weekly(), AT) == f"Ana because it is turn 1 of layer 1 (Weekly), {bounds}"
    office = schedule(layer(BEN, name="Office", restrictions=(Hours(time(9), time(10)),)), layer(ANA, CID, order=2))
    assert reason(office, AT) == (
        f"Ana because it is turn 1 of layer 2 (Weekly), {bounds}; layer 1 (Office) is outside its hours"
    )
    left = schedule(layer(members=(Members((BEN, ANA)), Members((ANA, CID), FROM, at_once=True))))
    assert reason(left, AT) == f"Ana because it is turn 1 of layer 1 (Weekly), {bounds}, taken over when Ben left"


def test_reasons_of_overrides():
    def because(*overrides, more=()):
        return reason(weekly(*overrides, more=more), AT)

    assert because(override(41, "replace", FROM, TO, who=DAN)) == (
        "Dan because override #41 by Ben replaces layer 1 (Weekly), where it is the turn of Ana"
    )
    assert because(override(42, "replace", FROM, TO, who=DAN, whom=ANA, by=CID)) == (
        "Dan because override #42 by Cid replaces Ana in layer 1 (Weekly)"
    )
    assert because(override(43, "add", FROM, TO, who=DAN)).endswith("; Dan because override #43 by Ben adds them")
    removed = override(44, "remove", FROM, TO, whom=ANA)
    assert because(removed) == "Nobody: layer 1 (Weekly) has nobody because override #44 by Ben removes Ana"
    assert because(removed, more=(layer(DAN, name="Backup", order=2),)).endswith(
        "layer 1 (Weekly) has nobody because override #44 by Ben removes Ana"
    )
    assert because(removed, override(45, "replace", FROM, TO, who=DAN)) == "Dan because override #45 by Ben fills a gap"
    swapped = override(46, "replace", FROM, TO, who=DAN), override(47, "remove", FROM, TO, whom=DAN)
    assert because(*swapped).startswith("Nobody: layer 1 (Weekly) has nobody because override #46 by Ben replaces Ana")


def test_reasons_of_gaps_and_their_codes():
    assert reason(schedule(), AT) == "Nobody: there is no layer for primary"
    assert cause_of(schedule(), on_call(schedule(), AT)) == "no_layer"
    for planned, said, code in (
        (layer(ANA, since=TO), "has not begun", "not_begun"),
        (layer(ANA, until=FROM), "is over", "over"),
        (layer(), "has no members", "no_members"),
        (layer(ANA, restrictions=(Hours(time(1), time(2)),)), "is outside its hours", "outside_hours"),
    ):
        assert reason(schedule(planned), AT) == f"Nobody: layer 1 (Weekly) {said}"
        assert cause_of(schedule(planned), on_call(schedule(planned), AT)) == code
    removed = weekly(override(1, "remove", FROM, TO, whom=ANA))
    assert cause_of(removed, on_call(removed, AT)) == "overridden"
