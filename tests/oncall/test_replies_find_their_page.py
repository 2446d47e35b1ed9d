"""Short codes, links, and which page an answer from a phone belongs to."""

from datetime import timedelta

import pytest
from django.db import connection

from oncall.models import InboundSms, Page, PhoneCode
from oncall.notify import links
from oncall.notify.codes import code_for
from oncall.notify.services import answered, confirmed, handle_sms, receive_sms
from oncall.queries import page_for_reply, pages_by_phone
from tests import builders

ANA, BEN = "+447700900001", "+447700900002"
NIGHT = builders.NIGHT


@pytest.fixture
def chain(world):
    world.ana = world.person("Ana Duarte", phone=ANA, mail=False)
    return world.policy(world.ana)


@pytest.mark.usefixtures("no_limits")
def test_each_incident_has_its_own_lowest_number_on_a_phone(world, chain):
    world.start(chain, number="INC-1")
    world.start(chain, number="INC-2")
    assert "[1]" in world.twilio.expect(ANA).body
    assert "[2]" in world.twilio.expect(ANA).body
    assert page_for_reply(ANA, 1, now=world.now).run.subject_id == "INC-1"
    assert page_for_reply(ANA, 2, now=world.now).run.subject_id == "INC-2"
    assert page_for_reply(ANA, 3, now=world.now) is None


@pytest.mark.usefixtures("no_limits")
def test_without_a_code_the_latest_page_is_meant(world, chain):
    world.start(chain, number="INC-1")
    world.start(chain, number="INC-2")
    world.twilio.expect(ANA), world.twilio.expect(ANA)
    assert page_for_reply(ANA, None, now=world.now).run.subject_id == "INC-2"


def test_the_same_incident_keeps_its_number_on_every_page(world):
    ana = world.person("Ana Duarte", phone=ANA, mail=False)
    world.start(world.policy(ana, repeat=1, delay_s=60))
    world.advance(seconds=70)
    assert {"[1]" in world.twilio.expect(ANA).body for _ in range(2)} == {True}
    world.stop("acknowledged")


def test_a_strangers_number_answers_nothing(world, chain):
    world.start(chain)
    world.twilio.expect(ANA)
    assert page_for_reply("+447700900999", None, now=world.now) is None
    assert not pages_by_phone(BEN, now=world.now).exists()


def test_a_day_later_a_reply_answers_nothing(world, chain):
    world.start(chain)
    world.twilio.expect(ANA)
    world.stop("acknowledged")
    assert page_for_reply(ANA, None, now=world.now + timedelta(hours=25)) is None


@pytest.mark.django_db
def test_a_number_is_reused_only_when_a_late_reply_can_no_longer_mean_the_old_incident():
    assert code_for("phone", "incident", "INC-1", now=NIGHT) == 1
    assert code_for("phone", "incident", "INC-2", now=NIGHT) == 2
    assert code_for("other", "incident", "INC-2", now=NIGHT) == 1
    assert code_for("phone", "incident", "INC-1", now=NIGHT + timedelta(hours=23)) == 1
    later = NIGHT + timedelta(hours=25)
    assert code_for("phone", "incident", "INC-3", now=later) == 2
    assert code_for("phone", "incident", "INC-4", now=later) == 3
    assert PhoneCode.objects.count() == 4


# links


def test_a_link_speaks_for_one_person_one_incident_and_one_day(world, chain):
    world.start(chain)
    text = world.twilio.expect(ANA)
    page = Page.objects.get()
    token = text.body.rsplit("/a/", 1)[1].rstrip("/")
    person, kind, number, found = links.read(token, world.now)
    assert (person, kind, number, found) == (world.ana, "incident", "INC-2026-0001", page)
    assert links.read(token, page.planned_at + timedelta(hours=23, minutes=59)).page == page
    with pytest.raises(links.ExpiredLink):
        links.read(token, page.planned_at + timedelta(hours=24))


def test_an_altered_or_moved_link_is_refused(world, chain):
    ben = world.person("Ben Okafor", phone=BEN, mail=False)
    world.start(chain, number="INC-1")
    world.start(world.policy(ben, name="Other"), number="INC-2")
    world.twilio.expect(ANA), world.twilio.expect(BEN)
    mine, other = (links.token_for(page) for page in Page.objects.order_by("pk"))
    for bad in (mine[:16] + other[16:], mine[:-1], mine + "A", mine[:16], "", "x" * 38, mine.upper(), "é" * 38):
        with pytest.raises(links.BadLink):
            links.read(bad, world.now)


def test_the_link_of_somebody_who_left_is_refused(world, chain):
    world.start(chain)
    world.twilio.expect(ANA)
    world.ana.is_active = False
    world.ana.save(now=world.now, reason="Left")
    with pytest.raises(links.BadLink):
        links.read(links.token_for(Page.objects.get()), world.now)


def test_opening_a_link_is_an_answer_and_acting_on_it_a_confirmation(world, chain):
    world.start(chain)
    world.twilio.expect(ANA)
    page = Page.objects.get()
    answered(page, now=world.now)
    answered(page, now=world.now + timedelta(minutes=1))
    page.refresh_from_db()
    assert (page.state, page.answered_at, page.confirmed_at) == ("answered", world.now, None)
    confirmed(page, "link", now=world.now + timedelta(minutes=2))
    page.refresh_from_db()
    assert (page.state, page.confirmed_how) == ("confirmed", "link")
    assert page.delivered_at is None, "no carrier said so"


# texts that come in


@pytest.mark.django_db
def test_the_same_text_twice_is_one_row_with_one_answer():
    first, new = receive_sms(sid="SM1", number=ANA, body="4", now=NIGHT)
    again, new_again = receive_sms(sid="SM1", number=ANA, body="4", now=NIGHT + timedelta(seconds=5))
    assert (new, new_again, first.pk) == (True, False, again.pk)
    assert handle_sms(first, "Acknowledged.", now=NIGHT)
    assert not handle_sms(again, "Acknowledged twice.", now=NIGHT)
    assert InboundSms.objects.get().answer == "Acknowledged."


@pytest.mark.django_db
def test_the_text_and_the_number_are_not_readable_in_the_table():
    receive_sms(sid="SM1", number=ANA, body="4 please", now=NIGHT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM oncall_inboundsms")
        assert "4 please" not in str(cursor.fetchall())
    assert InboundSms.objects.get().from_mask == "+44 … 01"
    assert InboundSms.objects.get().body == "4 please"


@pytest.mark.django_db
@pytest.mark.django_db
def test_the_verbs_are_never_codes_because_two_of_them_could_mean_two_things():
    codes = [code_for("phone", "incident", f"INC-{number}", now=NIGHT) for number in range(1, 7)]
    assert codes == [1, 2, 3, 5, 7, 8]
