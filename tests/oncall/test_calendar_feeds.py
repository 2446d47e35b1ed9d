"""Calendar addresses: a secret opens one calendar and nothing else does; it says what is on record and what is planned."""

from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from django.test import Client
from icalendar import Calendar

from accounts.services.people import deactivate
from ledger.models import Entry
from oncall.calendars import feed_text
from oncall.models import CalendarFeed, OnCallInterval
from oncall.services.calendars import MOST, FeedRevoked, TooManyFeeds, make_feed, revoke_feed, rotate_feed
from oncall.services.corrections import approve_correction, request_correction
from oncall.services.overrides import make_override
from oncall.ticks import duty
from oncall.views.calendar import opened
from tests import builders
from tests.builders import NIGHT, REASON

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def now():
    """The clock of the views stands a week after the schedule was made."""
    opened.clear()
    with time_machine.travel(NIGHT + 7 * DAY, tick=False):
        yield NIGHT + 7 * DAY


@pytest.fixture
def shop(db):
    team = builders.team()
    people = [builders.person(name, team=team) for name in ("Ana", "Ben")]
    return people, builders.schedule(*people, team=team)


def ask(secret, **headers):
    return Client().get(f"/calendar/{secret}.ics", **headers)


def events(answer):
    content = getattr(answer, "content", answer)
    return sorted(
        (event.decoded("dtstart"), event.decoded("dtend"), str(event["summary"]), str(event["uid"]))
        for event in Calendar.from_ical(content).walk("VEVENT")
    )


def test_a_secret_opens_the_calendar_and_nothing_else_does(shop, now):
    (ana, _), schedule = shop
    feed, secret = make_feed(ana, schedule=schedule, now=now)
    told = ask(secret)
    assert (told.status_code, told["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    never = ask("n" * 43)
    wrong = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    for guess in (wrong, feed.public_id, feed.secret_hash, feed.secret_hint, "1", "%00", "é" * 30, "x" * 4000):
        refused = ask(guess)
        assert (refused.status_code, refused.content) == (404, never.content)


@pytest.mark.parametrize("ended", ["revoked", "rotated", "owner gone"])
def test_what_was_ended_cannot_be_told_from_what_never_was(shop, now, ended):
    (_ana, _), schedule = shop
    victor = builders.person("Victor", "viewer")
    feed, secret = make_feed(victor, schedule=schedule, now=now)
    if ended == "revoked":
        revoke_feed(feed, now=now, reason=REASON)
    elif ended == "rotated":
        _, newer = rotate_feed(feed, now=now, reason=REASON)
        assert ask(newer).status_code == 200
    else:
        deactivate(victor, now=now, reason=REASON, expected_version=victor.version)
    gone = ask(secret)
    assert (gone.status_code, gone.content) == (404, ask("n" * 43).content)


def test_a_person_reads_their_own_shifts_and_a_schedule_everybodys(shop, now):
    (ana, _ben), schedule = shop
    duty(now)
    mine = events(feed_text(make_feed(ana, schedule=None, now=now)[0], now=now))
    everybody = events(feed_text(make_feed(ana, schedule=schedule, now=now)[0], now=now))
    assert {summary for *_, summary, _ in mine} == {"On call: Shop"}
    assert {summary for *_, summary, _ in everybody} == {"Ana on call: Shop", "Ben on call: Shop"}
    assert {one[3] for one in mine} == {one[3] for one in everybody if one[2].startswith("Ana")}
    later = [one for one in everybody if one[0] > now]
    assert all(one[1] == two[0] for one, two in pairwise(later)), "weeks in turn, no hole"


def test_hand_offs_stay_at_nine_on_the_wall_when_clocks_change(shop, now):
    (ana, _), schedule = shop
    starts = [
        one[0] for one in events(feed_text(make_feed(ana, schedule=schedule, now=now)[0], now=now)) if one[0] > now
    ]
    assert {start.hour for start in starts if start.month in (4, 5, 6, 7, 8)} == {7}
    assert {start.strftime("%a") for start in starts} == {"Mon"}


def test_the_shift_that_runs_keeps_its_name_and_its_start_as_time_goes_on(shop, now):
    (ana, _), schedule = shop
    feed, _ = make_feed(ana, schedule=schedule, now=now)
    duty(now)
    (before,) = [one for one in events(feed_text(feed, now=now)) if one[0] <= now < one[1]]
    later = now + 2 * DAY
    duty(later)
    (after,) = [one for one in events(feed_text(feed, now=later)) if one[0] <= later < one[1]]
    assert before == after
    over = later + 7 * DAY
    duty(over)
    assert before in events(feed_text(feed, now=over)), "what was planned is what was recorded"


def test_an_override_cuts_the_shift_and_moves_no_other_entry(shop, now):
    (ana, ben), schedule = shop
    feed, _ = make_feed(ana, schedule=schedule, now=now)
    duty(now)
    schedule.refresh_from_db()
    before = set(events(feed_text(feed, now=now)))
    start, end = now + 8 * DAY, now + 9 * DAY
    whom = next(one for one in before if one[0] <= start < one[1])[2].split()[0]
    who = ben if whom == "Ana" else ana
    make_override(schedule, kind="replace", start_at=start, end_at=end, who=who, by=ana, now=now, reason=REASON)
    schedule.refresh_from_db()
    after = set(events(feed_text(feed, now=now)))
    gone, new = before - after, after - before
    assert len(gone) == 1 and len(new) == 3
    assert {(one[0], one[1], one[2].split()[0]) for one in new} >= {(start, end, who.name)}
    assert next(iter(gone))[3] in {one[3] for one in new}, "the first part of the cut shift keeps its name"


def test_the_past_is_as_it_was_recorded_and_corrected(shop, now):
    (ana, ben), schedule = shop
    later = now + 14 * DAY
    duty(later)
    schedule.refresh_from_db()
    row = OnCallInterval.objects.filter(ended_at__isnull=False).first()
    other = ben if row.person == ana else ana
    start = row.started_at + timedelta(hours=1)
    asked = request_correction(
        schedule, start_at=start, end_at=start + timedelta(hours=2), people=[other.public_id], by=ana, now=later, reason=REASON
    )  # fmt: skip
    approve_correction(asked, by=builders.person("Ada", "admin"), now=later)
    feed, _ = make_feed(ana, schedule=schedule, now=later)
    told = [(one[0], one[1], one[2].split()[0]) for one in events(feed_text(feed, now=later))]
    assert (start, start + timedelta(hours=2), other.name) in told
    assert (row.started_at, start, row.person.name) in told


def test_it_is_kept_for_a_while_and_asked_for_by_its_mark(shop, now):
    (ana, _), schedule = shop
    _, secret = make_feed(ana, schedule=schedule, now=now)
    first = ask(secret)
    assert first["Cache-Control"] == "private, max-age=900" and "Cookie" not in first.get("Vary", "")
    assert ask(secret, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
    assert Client().head(f"/calendar/{secret}.ics").content == b""
    with time_machine.travel(now + timedelta(hours=2), tick=False):
        assert ask(secret)["ETag"] == first["ETag"], "nothing changed"


def test_too_many_from_one_address_are_told_to_wait(shop, now, monkeypatch):
    (ana, _), _ = shop
    _, secret = make_feed(ana, schedule=None, now=now)
    monkeypatch.setattr(opened, "most", 2)
    answers = [ask(secret), ask("x" * 43), ask(secret)]
    opened.clear()
    assert [one.status_code for one in answers] == [200, 404, 429]
    assert int(answers[2]["Retry-After"]) > 0


def test_history_and_ledger_say_that_it_changed_and_never_what_it_is(shop, now):
    (ana, _), _ = shop
    feed, first = make_feed(ana, schedule=None, now=now)
    feed, second = rotate_feed(feed, now=now, reason="Leaked")
    revoke_feed(feed, now=now, reason="Done")
    with pytest.raises(FeedRevoked):
        rotate_feed(feed, now=now, reason="Again")
    rows = list(CalendarFeed.history.filter(public_id=feed.public_id).values())
    lines = [entry.line for entry in Entry.objects.filter(subjects__object_id=feed.public_id)]
    assert len(rows) == len(lines) == 3
    assert not [
        one for one in [*rows, *lines] if first in str(one) or second in str(one) or feed.secret_hash in str(one)
    ]


def test_a_person_has_so_many_and_no_more(shop, now):
    (ana, ben), _ = shop
    for _ in range(MOST):
        make_feed(ana, schedule=None, now=now)
    with pytest.raises(TooManyFeeds):
        make_feed(ana, schedule=None, now=now)
    make_feed(ben, schedule=None, now=now)


def test_when_it_was_read_is_noted_once_an_hour_and_makes_no_version(shop, now):
    (ana, _), _ = shop
    feed, secret = make_feed(ana, schedule=None, now=now)
    ask(secret)
    feed.refresh_from_db()
    first = feed.last_used_at
    ask(secret)
    feed.refresh_from_db()
    assert (feed.last_used_at, feed.version) == (first, 1) and first is not None


def test_on_the_page_an_address_is_shown_once_and_only_its_owner_can_have_another(shop, now, client):
    (ana, ben), _ = shop
    client.force_login(ana)
    page = f"/people/{ana.public_id}/calendars/"
    made = client.post(page, {"of": ""}).content.decode()
    secret = made.split("/calendar/")[1].split(".ics")[0]
    assert ask(secret).status_code == 200
    assert secret not in client.get(page).content.decode()
    feed = CalendarFeed.objects.get()
    again = client.post(f"/calendars/{feed.public_id}/rotate/").content.decode()
    assert "/calendar/" in again and ask(secret).status_code == 404
    client.force_login(builders.person("Ada", "admin"))
    assert client.post(f"/calendars/{feed.public_id}/rotate/").status_code == 404
    client.force_login(ben)
    assert client.get(page).status_code == 403
    assert client.post(f"/calendars/{feed.public_id}/revoke/").status_code == 404
    client.force_login(ana)
    assert client.post(f"/calendars/{feed.public_id}/revoke/").status_code == 302
    feed.refresh_from_db()
    assert feed.retired_at is not None
