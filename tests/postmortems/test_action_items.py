"""The life of an action item: promised, put off, done with evidence, verified by somebody else, or dropped with a reason."""

from datetime import date, timedelta

import pytest

from ledger.models import Entry
from ledger.texts import read
from ledger.tracked import StaleVersion
from postmortems.rules import ruler
from postmortems.services.actions import change_action, drop, finish, reopen, verify
from postmortems.services.refusals import BadInput
from postmortems.states import IllegalMove

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(draft, alice):
    return alice.promises(draft)


def lines():
    return list(Entry.objects.filter(kind__startswith="action.").order_by("pk").values_list("kind", flat=True))


def change(desk, item, **changes):
    return change_action(item, changes, actor=desk.actor, now=desk.world.now, reason="Because")


def test_items_are_numbered_without_a_hole(draft, alice, bob):
    numbers = [alice.promises(draft).number, bob.promises(draft, "Bigger pool").number]
    assert numbers == ["ACT-2026-0001", "ACT-2026-0002"]


def test_it_is_done_with_evidence_and_verified_by_somebody_else(item, alice, bob, world):
    with pytest.raises(BadInput, match="how anybody can tell"):
        alice.does(finish, item, evidence=" ")
    alice.does(finish, item, evidence="Alert fired in the drill of 20 March")
    for own in (alice,):
        with pytest.raises(BadInput, match="Somebody else looks"):
            own.does(verify, item)
    done = bob.does(verify, item)
    assert (done.status, done.verified_by, done.verified_at) == ("verified", bob.person, world.now)
    assert read(done.evidence_sha256) == "Alert fired in the drill of 20 March"
    assert lines() == ["action.promised", "action.done", "action.verified"]


def test_who_did_it_for_the_owner_does_not_verify_it_either(item, alice, bob, mona):
    bob.does(finish, item, evidence="https://wiki.example/alert")
    for own in (alice, bob):
        with pytest.raises(BadInput, match="It was yours"):
            own.does(verify, item)
    assert mona.does(verify, item).status == "verified"


def test_putting_it_off_is_counted_and_bringing_it_forward_is_not(item, alice):
    later = change(alice, item, due_on=item.due_on + timedelta(days=7))
    sooner = change(alice, later, due_on=item.due_on)
    again = change(alice, sooner, due_on=item.due_on + timedelta(days=1))
    assert (later.extended_count, sooner.extended_count, again.extended_count) == (1, 1, 2)
    assert lines().count("action.extended") == 2


def test_it_is_handed_over_and_every_version_stays(item, alice, bob):
    changed = change(alice, item, owner=bob.person, text="Alert at 80 percent", kind="prevent")
    assert (changed.owner, changed.kind, read(changed.text_sha256)) == (bob.person, "prevent", "Alert at 80 percent")
    assert [row.owner_id for row in changed.history.order_by("version")] == [alice.person.pk, bob.person.pk]
    assert changed.history.first().reason == "Because"


def test_a_stale_change_is_refused(item, alice, bob):
    change(alice, item, kind="respond")
    with pytest.raises(StaleVersion):
        bob.does(finish, item, evidence="x", expected_version=1)


def test_it_comes_back_when_the_evidence_does_not_hold(item, alice, bob):
    alice.does(finish, item, evidence="It works on my machine")
    back = bob.does(reopen, item, reason="It does not fire")
    assert (back.status, back.done_at, back.evidence_sha256) == ("open", None, "")


def test_it_is_dropped_with_a_reason_and_may_come_back(item, mona):
    with pytest.raises(BadInput, match="An auditor will ask"):
        mona.does(drop, item, reason="")
    dropped = mona.does(drop, item, reason="The pool is gone")
    assert (dropped.status, read(dropped.dropped_because_sha256)) == ("dropped", "The pool is gone")
    assert mona.does(reopen, item, reason="It came back").status == "open"


@pytest.mark.parametrize("service", [verify, reopen])
def test_what_the_state_does_not_allow_is_refused_by_name(item, bob, service):
    more = {"reason": "x"} if service is reopen else {}
    with pytest.raises(IllegalMove, match="An action item that is open cannot take"):
        bob.does(service, item, **more)


def test_nobody_promises_for_yesterday_or_for_who_has_left(draft, alice, bob):
    with pytest.raises(BadInput, match="lies in the past"):
        alice.promises(draft, days=-1)
    bob.person.is_active = False
    bob.person.save(now=bob.world.now)
    with pytest.raises(BadInput, match="no longer active"):
        alice.promises(draft, owner=bob.person)
    with pytest.raises(BadInput, match="One of prevent"):
        alice.promises(draft, kind="hope")


def test_it_is_late_when_its_day_is_over_in_the_organisations_zone(item):
    assert [item.days_late(item.due_on + timedelta(days=n)) for n in (-1, 0, 1, 40)] == [0, 0, 1, 40]


def test_the_ruler_stands_taller_the_later_it_is():
    day = date(2026, 3, 30)
    late = ruler(day - timedelta(days=60), day - timedelta(days=35), None, day)
    assert (late[0], late[-1], len(late)) == ("degraded", "down", 30)
    assert set(ruler(day - timedelta(days=3), day, None, day)) == {"none", "up"}
    assert ruler(day - timedelta(days=10), day, day - timedelta(days=5), day)[-1] == "none"
