"""Each day's seal is mailed to who was named; a mail server that is away is seen, and never holds a seal up."""

import smtplib
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from accounts.addresses import AddressRefused
from evidence.models import Anchor, SealLetter
from evidence.services.anchors import AnchorExists, add_anchor, change_anchor, retire_anchor
from evidence.services.letters import RETRY_MINUTES, send_seal_letters
from evidence.services.seals import ask_for_seals, facts_of, seal_due_days
from ledger import seal_keys, seal_text
from ledger.demo import SUBJECT
from ledger.hints import set_publisher
from ledger.link import link_entries
from ledger.models import Entry, Seal
from ledger.record import record
from tests import builders

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 11, 23, 0, 10, tzinfo=UTC)
AWAY = "the mail server cannot be reached: Connection refused"
SERVER = "tests.evidence.test_seals_leave_the_machine.Server"


class Server(BaseEmailBackend):
    """A mail server that refuses with `error` until that is None."""

    error = None

    def send_messages(self, messages):
        if Server.error is not None:
            raise Server.error
        mail.outbox.extend(messages)
        return len(messages)


@pytest.fixture
def house(now, settings):
    settings.EMAIL_BACKEND = SERVER
    Server.error = None
    builders.organisation(now=now)
    return now


@pytest.fixture
def dana(house):
    return add_anchor(name="Dana Reyes", address="Dana@Hollis.example", now=house, reason="Our auditor")


def sealed(instant=NIGHT):
    link_entries()
    return seal_due_days(instant)


def test_the_mail_holds_seal_signature_and_how_to_check(dana):
    assert sealed() == 1
    assert send_seal_letters(NIGHT) == 1
    (letter,) = mail.outbox
    seal = Seal.objects.get()
    assert letter.to == ["dana@hollis.example"]
    assert letter.subject == "Seal of 2026-11-22, Larkspur Logistics"
    assert seal.text.strip() in letter.body
    assert seal_keys.fingerprint() in letter.body.partition("Note its fingerprint")[2]
    assert "openssl dgst -sha256 -verify public_key.pem -signature 2026-11-22.sig 2026-11-22.seal" in letter.body
    held = {name: content for name, content, _ in letter.attachments}
    assert held == {
        "2026-11-22.seal": seal.text.encode(), "2026-11-22.sig": seal.signature_bytes, "public_key.pem": seal.key.pem.encode()
    }  # fmt: skip
    assert SealLetter.objects.get().state == "sent"
    assert Entry.objects.filter(kind="seal.mailed").count() == 1


def test_the_key_is_explained_once_and_again_when_it_is_changed(dana, settings):
    for day in range(2):
        sealed(NIGHT + timedelta(days=day))
        send_seal_letters(NIGHT + timedelta(days=day))
    settings.SEAL_KEY = b"n" * 32
    sealed(NIGHT + timedelta(days=2))
    send_seal_letters(NIGHT + timedelta(days=2))
    assert ["Note its fingerprint" in letter.body for letter in mail.outbox] == [True, False, True]


def test_nothing_is_sent_twice_by_two_engines(dana):
    sealed()
    assert (send_seal_letters(NIGHT), send_seal_letters(NIGHT)) == (1, 0)
    assert sealed() == 0


def test_a_server_that_is_away_is_tried_again_and_the_next_day_is_sealed_meanwhile(dana):
    Server.error = ConnectionRefusedError(111, "Connection refused")
    sealed()
    assert send_seal_letters(NIGHT) == 0
    letter = SealLetter.objects.get()
    assert (letter.state, letter.tries, letter.last_error) == (
        "waiting",
        1,
        AWAY,
    )
    assert letter.due_at == NIGHT + timedelta(minutes=1)
    assert sealed(NIGHT + timedelta(days=1)) == 1
    Server.error = None
    assert send_seal_letters(NIGHT + timedelta(days=1)) == 2
    assert [m.subject[:18] for m in mail.outbox] == ["Seal of 2026-11-22", "Seal of 2026-11-23"], "the older first"


def test_after_three_days_of_trying_the_letter_is_given_up_and_the_ledger_says_so(dana):
    Server.error = smtplib.SMTPRecipientsRefused({"dana@hollis.example": (550, b"no dana@hollis.example here")})
    sealed()
    at = NIGHT
    for _ in range(len(RETRY_MINUTES) + 1):
        send_seal_letters(at)
        at = SealLetter.objects.get().due_at
    letter = SealLetter.objects.get()
    assert (letter.state, letter.last_error) == ("failed", "the mail server refused the address (550)")
    assert at - NIGHT > timedelta(days=2)
    told = list(Entry.objects.filter(kind="seal.mail_failed").order_by("id").values_list("line", flat=True))
    assert ['"given_up":true' in line for line in told] == [False, True]
    assert not any("dana@" in line for line in told)


def test_an_anchor_named_later_gets_the_newest_seal_at_once(house):
    builders.team(now=house)
    sealed()
    add_anchor(name="Dana Reyes", address="dana@hollis.example", now=NIGHT, reason="Our auditor")
    assert send_seal_letters(NIGHT) == 1


def test_a_corrected_address_gets_the_newest_seal_and_a_corrected_name_does_not(dana):
    sealed()
    send_seal_letters(NIGHT)
    change_anchor(dana, name="Dana M. Reyes", address="", now=NIGHT, reason="Spelling")
    assert send_seal_letters(NIGHT) == 0
    change_anchor(dana, name="Dana M. Reyes", address="dana.reyes@hollis.example", now=NIGHT, reason="Moved")
    assert send_seal_letters(NIGHT) == 1
    assert mail.outbox[-1].to == ["dana.reyes@hollis.example"]


def test_who_is_retired_gets_nothing_more_not_even_what_waits(dana):
    sealed()
    retire_anchor(dana, now=NIGHT, reason="Changed auditors")
    assert send_seal_letters(NIGHT + timedelta(days=1)) == 0
    assert SealLetter.objects.get().state == "not_needed"
    sealed(NIGHT + timedelta(days=1))
    assert SealLetter.objects.count() == 1


def test_an_address_is_named_once_and_read_with_care(dana, house):
    with pytest.raises(AnchorExists):
        add_anchor(name="Again", address="dana@hollis.example", now=house, reason="Test")
    with pytest.raises(AddressRefused):
        add_anchor(name="Nobody", address="dana at hollis", now=house, reason="Test")
    assert Anchor.objects.count() == 1


def test_neither_name_nor_address_is_in_history_or_ledger(dana):
    sealed()
    send_seal_letters(NIGHT)
    change_anchor(dana, name="Dana Quillfeather", address="q@quillfeather.example", now=NIGHT, reason="Moved")
    kept = " ".join([*Entry.objects.values_list("line", flat=True), *Anchor.history.values_list("state", flat=True)])
    for word in ("Dana", "Reyes", "Quillfeather", "dana@", "q@quill"):
        assert word not in kept
    assert "d…@hollis.example" in kept


def test_the_tick_knocks_while_a_day_or_a_letter_waits_and_is_silent_otherwise(
    dana, django_capture_on_commit_callbacks
):
    knocks = []
    set_publisher(knocks.append)
    try:
        for expected in (True, False):
            with django_capture_on_commit_callbacks(execute=True):
                assert ask_for_seals(NIGHT) is expected
            sealed()
            send_seal_letters(NIGHT)
    finally:
        set_publisher(None)
    assert knocks.count("seal") >= 1


def test_made_up_data_is_marked_in_seal_and_mail(dana, now):
    record("demo.begun", [SUBJECT], {}, now=now)
    sealed()
    send_seal_letters(NIGHT)
    assert seal_text.read(Seal.objects.get().text)["demo"] == "yes"
    assert "made-up data" in mail.outbox[0].subject


def test_a_seal_says_how_much_of_the_day_was_watched(house):
    facts = facts_of(NIGHT.date() - timedelta(days=1), now=NIGHT)
    assert facts.organisation.endswith(" Larkspur Logistics")
    assert (facts.monitors, facts.checks_expected, facts.checks_executed, facts.longest_gap_s) == (0, 0, 0, None)


def test_the_sign_in_page_shows_the_fingerprint_to_everybody(client):
    assert seal_keys.fingerprint() in client.get("/sign-in/").content.decode()
