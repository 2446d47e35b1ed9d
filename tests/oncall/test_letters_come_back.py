"""A letter its server had taken comes back: believed by its address alone, recorded, and felt by the run."""

import io
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from ledger.models import Entry
from oncall.management.commands import bounce
from oncall.models import Callback, Page
from oncall.notify.bounces import MAX_REPORT
from oncall.notify.services import answered

REPORT = """Return-Path: <>
Date: Tue, 17 Mar 2026 03:00:09 +0000
From: Mail Delivery System <MAILER-DAEMON@mx.larkspur.example>
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.larkspur.example
Arrival-Date: Tue, 17 Mar 2026 03:00:05 +0000

Final-Recipient: rfc822; ana@larkspur.example
Original-Recipient: rfc822;ana@larkspur.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user here

--part
Content-Type: text/rfc822-headers

From: watchbook@larkspur.example
To: ana@larkspur.example
Subject: SEV1 Checkout API is down [INC-2026-0001]

--part--
"""


@pytest.fixture
def paged(world, settings):
    """Ana has a letter; Ben is next in five minutes and has not been called."""
    settings.EMAIL_BOUNCE_ADDRESS = "bounce@larkspur.example"
    world.ana, world.ben = world.person("Ana Duarte"), world.person("Ben Okafor")
    world.run = world.start(world.policy(world.ana, world.ben, delay_s=300))
    world.letter = world.smtp.expect(world.ana.email, "Checkout API is down")
    return world


def report(world, action="failed", status="5.1.1", to=""):
    return REPORT.format(to=to or world.letter.sender, action=action, status=status)


def comes_back(world, monkeypatch, message, *arguments):
    """The mail server's pipe: `manage.py bounce`; returns what it printed."""
    raw = message if isinstance(message, bytes) else message.encode()
    monkeypatch.setattr(bounce.sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
    monkeypatch.setattr(bounce, "now", lambda: world.now)
    out = io.StringIO()
    call_command("bounce", *arguments, stdout=out)
    return out.getvalue().strip()


def page(world):
    return Page.objects.get(person=world.ana, origin="step")


# the envelope


def test_each_attempt_has_an_envelope_of_its_own_and_the_letter_its_sender_as_always(paged):
    assert re.fullmatch(r"bounce\+[a-z0-9]{16}\.1\.[0-9a-f]{20}@larkspur\.example", paged.letter.sender)
    assert len(paged.letter.sender.partition("@")[0]) <= 64
    assert paged.letter.message["From"] == "watchbook@larkspur.example"


def test_without_the_setting_letters_come_back_to_their_sender(world):
    ana = world.person("Ana Duarte")
    world.start(world.policy(ana))
    assert world.smtp.expect(ana.email).sender == "watchbook@larkspur.example"


# what a report does


def test_a_letter_that_failed_for_good_calls_the_next_person_now(paged, monkeypatch):
    said = comes_back(paged, monkeypatch, report(paged), "--to", paged.letter.sender)
    assert said == f"{page(paged).public_id} to a…@larkspur.example: bounced 5.1.1"
    paged.settle()
    paged.smtp.expect(paged.ben.email, "Checkout API is down")
    found = page(paged)
    assert (found.state, found.reason, found.error_code) == ("failed_permanent", "bounced", "5.1.1")
    assert found.accepted_at is not None, "the server did take it"
    assert found.contact.unhealthy_reason == "refused by the provider: 5.1.1"
    paged.link()
    assert Entry.objects.filter(kind="page.bounced").count() == 1
    assert Entry.objects.filter(kind="contact.unhealthy").count() == 1


def test_the_address_is_found_in_the_headers_too(paged, monkeypatch):
    assert "bounced 5.1.1" in comes_back(paged, monkeypatch, report(paged))
    rewritten = report(paged, to="postmaster@larkspur.example")
    delivered = f"Delivered-To: {paged.letter.sender.upper()}\n{rewritten}"
    assert "bounced 5.1.1" in comes_back(paged, monkeypatch, delivered), "and in capitals"


def test_the_same_report_twice_does_it_once(paged, monkeypatch):
    for _ in range(2):
        comes_back(paged, monkeypatch, report(paged))
    paged.settle()
    paged.smtp.expect(paged.ben.email)
    outcomes = Callback.objects.filter(source="bounce").order_by("id").values_list("status", "outcome")
    assert list(outcomes) == [("bounced", "applied"), ("bounced", "older")]
    assert Entry.objects.filter(kind="page.bounced").count() == 1


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded"])
def test_a_letter_that_is_late_changes_nothing(paged, monkeypatch, action):
    comes_back(paged, monkeypatch, report(paged, action, "4.4.1"))
    paged.settle()
    assert (page(paged).state, page(paged).contact.unhealthy_since) == ("accepted", None)
    assert Callback.objects.get(source="bounce").outcome == "applied"


def test_a_letter_given_up_after_a_delay_does_not_blame_the_address(paged, monkeypatch):
    comes_back(paged, monkeypatch, report(paged, "delayed", "4.4.1"))
    comes_back(paged, monkeypatch, report(paged, "failed", "4.4.7"))
    paged.settle()
    paged.smtp.expect(paged.ben.email)
    assert (page(paged).reason, page(paged).contact.unhealthy_since) == ("bounced", None)


def test_prose_from_a_mail_server_is_a_bounce_without_a_code(paged, monkeypatch):
    prose = f"From: MAILER-DAEMON@old.example\nTo: {paged.letter.sender}\n\nHi. This is the qmail-send program."
    assert comes_back(paged, monkeypatch, prose).endswith(": bounced")
    paged.settle()
    paged.smtp.expect(paged.ben.email)
    assert page(paged).contact.unhealthy_since is None


def test_a_holiday_robot_is_no_bounce(paged, monkeypatch):
    robot = f"From: ana@larkspur.example\nTo: {paged.letter.sender}\nAuto-Submitted: auto-replied\n\nI am away until Monday."
    assert comes_back(paged, monkeypatch, robot).endswith(": replied")
    paged.settle()
    assert page(paged).state == "accepted"


def test_a_receipt_that_a_server_sends_unasked_is_believed(paged, monkeypatch):
    comes_back(paged, monkeypatch, report(paged, "delivered", "2.0.0"))
    paged.settle()
    assert (page(paged).state, page(paged).delivered_at is not None) == ("delivered", True)


def test_a_page_that_was_opened_did_arrive_whatever_comes_back(paged, monkeypatch):
    answered(page(paged), now=paged.now)
    comes_back(paged, monkeypatch, report(paged))
    paged.settle()
    assert (page(paged).state, page(paged).contact.unhealthy_since) == ("answered", None)
    assert Callback.objects.get(source="bounce").outcome == "older"


def test_after_the_run_was_stopped_it_is_recorded_and_nobody_is_called(paged, monkeypatch):
    paged.stop("acknowledged")
    comes_back(paged, monkeypatch, report(paged))
    paged.advance(minutes=10)
    assert (page(paged).reason, page(paged).contact.unhealthy_since is not None) == ("bounced", True)


def test_an_address_that_was_proven_since_is_not_blamed_by_an_old_letter(paged, monkeypatch):
    paged.stop("acknowledged")
    paged.now += timedelta(days=3)
    contact = page(paged).contact
    contact.verified_at = paged.now
    contact.save(now=paged.now, reason="Test")
    comes_back(paged, monkeypatch, report(paged))
    paged.settle()
    assert page(paged).contact.unhealthy_since is None


def test_another_page_of_the_step_keeps_the_run_waiting(world, settings, monkeypatch):
    settings.EMAIL_BOUNCE_ADDRESS = "bounce@larkspur.example"
    world.ana, world.ben = world.person("Ana Duarte", phone="+447700900001"), world.person("Ben Okafor")
    world.start(world.policy(world.ana, world.ben, delay_s=300))
    world.letter = world.smtp.expect(world.ana.email)
    world.twilio.expect("+447700900001")
    comes_back(world, monkeypatch, report(world))
    world.advance(minutes=2)
    assert not Page.objects.filter(person=world.ben).exists()


# what is not believed


@pytest.mark.parametrize(
    "change",
    [
        lambda address: address.replace(".1.", ".2."),
        lambda address: address.replace("bounce+", "bounce+0"),
        lambda address: re.sub(r"\.[0-9a-f]{20}@", "." + "0" * 20 + "@", address),
        lambda address: "bounce@larkspur.example",
        lambda address: "@",
        lambda address: "ana@larkspur.example",
    ],
)
def test_a_report_to_an_address_nobody_made_is_refused(paged, monkeypatch, change):
    with pytest.raises(CommandError, match="did not come to an address") as caught:
        comes_back(paged, monkeypatch, report(paged), "--to", change(paged.letter.sender))
    assert caught.value.returncode == 65
    paged.settle()
    assert page(paged).state == "accepted"
    assert not Callback.objects.filter(source="bounce").exists()


@pytest.mark.parametrize(
    "garbage", [b"", b"\x00\xff" * 5000, b"To: \xff\xfe\n\n", b"Content-Type: message/delivery-status\n\n"]
)
def test_garbage_is_refused_in_one_sentence(paged, monkeypatch, garbage):
    with pytest.raises(CommandError) as caught:
        comes_back(paged, monkeypatch, garbage)
    assert caught.value.returncode == 65
    assert str(caught.value).count(".") == 1


@pytest.mark.parametrize(
    "broken", ["Action: failed", "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n", "\n\n"]
)  # fmt: skip
def test_a_report_of_ours_that_makes_no_sense_is_kept_and_changes_nothing(paged, monkeypatch, broken):
    message = f"From: somebody@x.example\n{broken}"
    assert comes_back(paged, monkeypatch, message, "--to", paged.letter.sender).endswith(": replied")
    paged.settle()
    assert page(paged).state == "accepted"


def test_a_message_larger_than_a_megabyte_is_refused(paged, monkeypatch):
    with pytest.raises(CommandError, match="larger than 1024 kB"):
        comes_back(paged, monkeypatch, report(paged) + "x" * MAX_REPORT, "--to", paged.letter.sender)


def test_without_the_database_the_mail_server_is_asked_to_try_again(paged, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("the database is gone")

    monkeypatch.setattr(bounce, "receive", gone)
    with pytest.raises(CommandError, match="Nothing was stored") as caught:
        comes_back(paged, monkeypatch, report(paged))
    assert caught.value.returncode == 75
