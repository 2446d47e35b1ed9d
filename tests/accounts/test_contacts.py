"""Contact methods: added, proved by a code, removed."""

from datetime import timedelta

import pytest

from accounts.models import ContactMethod, Verification
from accounts.services.contacts import (
    CodeRefused,
    ContactExists,
    LastContact,
    add_contact,
    confirm_contact,
    remove_contact,
    start_verification,
    verification_code,
)
from ledger.clock import now as clock_now
from oncall.models import Page
from tests import builders as make


@pytest.fixture
def alice(db, now):
    return make.person("Alice Adams", now=now)


@pytest.fixture
def phone(alice, now):
    return add_contact(user=alice, kind="phone", address="+447700900123", label="work", now=now)


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_code_has_six_digits_is_derived_and_kept_nowhere(phone, now):
    verification = start_verification(phone, now=now)
    code = verification_code(verification)
    assert len(code) == 6
    assert code == verification_code(Verification.objects.get())
    assert code not in str(Verification.objects.values().get())


def test_the_right_code_confirms_and_works_once(phone, now):
    code = verification_code(start_verification(phone, now=now))
    confirm_contact(phone, f" {code[:3]} {code[3:]} ", now=now)
    phone.refresh_from_db()
    assert phone.verified_at == now
    with pytest.raises(CodeRefused, match="No code is waiting"):
        confirm_contact(phone, code, now=now)


def test_five_wrong_codes_make_the_right_one_void(phone, now):
    code = verification_code(start_verification(phone, now=now))
    sentences = []
    for _ in range(5):
        with pytest.raises(CodeRefused) as refused:
            confirm_contact(phone, wrong(code), now=now)
        sentences.append(str(refused.value))
    assert "4 tries left." in sentences[0]
    assert "1 try left." in sentences[3]
    assert "That was the last try" in sentences[4]
    with pytest.raises(CodeRefused, match="this one is void"):
        confirm_contact(phone, code, now=now)
    phone.refresh_from_db()
    assert phone.verified_at is None


def test_a_code_holds_for_ten_minutes(phone, now):
    code = verification_code(start_verification(phone, now=now))
    with pytest.raises(CodeRefused, match="older than 10 minutes"):
        confirm_contact(phone, code, now=now + timedelta(minutes=10))
    confirm_contact(phone, code, now=now + timedelta(minutes=9, seconds=59))


def test_a_new_code_ends_the_old_one_and_the_fifth_in_an_hour_is_refused(phone, now):
    old = verification_code(start_verification(phone, now=now))
    new = verification_code(start_verification(phone, now=now + timedelta(seconds=1)))
    with pytest.raises(CodeRefused):
        confirm_contact(phone, old, now=now + timedelta(seconds=2))
    for seconds in (3, 4):
        start_verification(phone, now=now + timedelta(seconds=seconds))
    with pytest.raises(CodeRefused, match="4 codes were sent in the last hour"):
        start_verification(phone, now=now + timedelta(seconds=5))
    start_verification(phone, now=now + timedelta(hours=1, seconds=1))
    assert new != old


def test_the_same_address_twice_is_refused_and_a_removed_one_may_come_back(alice, phone, now):
    with pytest.raises(ContactExists):
        add_contact(user=alice, kind="phone", address="+447700900123", label="", now=now)
    remove_contact(phone, now=now, reason="x")
    add_contact(user=alice, kind="phone", address="+447700900123", label="", now=now)


def test_the_only_contact_of_somebody_a_policy_counts_on_stays(alice, now):
    make.policy(alice, team=make.team(now=now), now=now)
    with pytest.raises(LastContact, match="policy Checkout critical counts on"):
        remove_contact(alice.contact_methods.get(), now=now, reason="x")


@pytest.mark.parametrize(
    ("kind", "address", "sentence"),
    [
        (
            "phone",
            "07700 900123",
            "Write the number with its country code, as in +44 7700 900123. You wrote 07700 900123.",
        ),
        ("phone", "+44 7700 900123 4567", "No number of that country has this length. You wrote +44 7700 900123 4567."),
        ("phone", "ana@example.com", "Write the number with its country code"),
        ("email", "ana", "Write an address such as ana@example.com. You wrote ana."),
    ],
)
def test_an_address_that_is_none_is_quoted_and_kept_in_the_form(alice, client, kind, address, sentence):
    client.force_login(alice)
    answer = client.post("/me/contacts/add/", {"kind": kind, "address": address, "label": "mine"})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert f'value="{address}"' in answer.content.decode()
    assert ContactMethod.objects.filter(user=alice).count() == 1


def test_on_the_page_a_number_is_added_a_code_sent_typed_wrong_and_typed_right(alice, client):
    client.force_login(alice)
    data = {"kind": "phone", "address": "+44 7700 900-123", "label": ""}
    page = client.post("/me/contacts/add/", data).headers["Location"]
    sent = Page.objects.get()
    assert (sent.origin, sent.state) == ("verification", "planned")
    code = verification_code(Verification.objects.get())
    refused = client.post(page, {"code": wrong(code)})
    assert (refused.status_code, "is not the code we sent to +44 … 23" in refused.content.decode()) == (422, True)
    assert client.post(page, {"code": code}).headers["Location"] == "/me/"
    assert ContactMethod.objects.get(kind="phone").address == "+447700900123"
    assert ContactMethod.objects.get(kind="phone").verified_at is not None


def test_another_code_and_a_test_can_be_asked_for(alice, client):
    client.force_login(alice)
    contact = alice.contact_methods.get()
    assert client.post(f"/me/contacts/{contact.public_id}/code/").status_code == 302
    assert client.post(f"/me/contacts/{contact.public_id}/test/").status_code == 302
    assert set(Page.objects.values_list("origin", flat=True)) == {"verification", "test"}


def test_nobody_confirms_the_address_of_another(alice, client):
    mallory = make.person("Mallory Moe", "admin")
    contact = alice.contact_methods.get()
    start_verification(contact, now=clock_now())
    client.force_login(mallory)
    assert client.post(f"/me/contacts/{contact.public_id}/", {"code": "000000"}).status_code == 404


def test_the_same_number_may_be_texted_and_called_and_each_is_proven_by_itself(alice, client):
    client.force_login(alice)
    for kind in ("phone", "voice"):
        client.post("/me/contacts/add/", {"kind": kind, "address": "+44 7700 900123", "label": ""})
    held = ContactMethod.objects.filter(user=alice, address_mask="+44 … 23").order_by("pk")
    assert [(row.kind, row.address, row.verified_at) for row in held] == [
        ("phone", "+447700900123", None),
        ("voice", "+447700900123", None),
    ]
    assert list(Page.objects.filter(contact__in=held).order_by("pk").values_list("kind", flat=True)) == ["sms", "voice"]
    page = client.get("/me/").content.decode()
    assert "Phone (SMS)" in page and "Phone (call)" in page


def test_the_page_says_what_is_missing_for_calls(alice, client, settings):
    client.force_login(alice)
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_FROM, settings.TWILIO_VOICE_FROM = "AC1", "MG1", ""
    assert "TWILIO_VOICE_FROM, without which nobody is called" in client.get("/me/contacts/add/").content.decode()


def test_a_webhook_shows_its_secret_once_and_its_address_never_again(alice, client):
    client.force_login(alice)
    address = "https://tools.larkspur.example/pages?key=9f2b"
    made = client.post("/me/contacts/add/", {"kind": "webhook", "address": address, "label": "Our bot"})
    held = ContactMethod.objects.get(kind="webhook")
    assert (made.status_code, held.secret in made.content.decode()) == (200, True)
    assert "no-store" in made.headers["Cache-Control"]
    assert Page.objects.get().origin == "verification"
    for path in ("/me/", f"/me/contacts/{held.public_id}/", f"/people/{alice.public_id}/"):
        page = client.get(path).content.decode()
        assert "https://tools.larkspur.example/…" in page, path
        assert "9f2b" not in page and "whsec_" not in page
    renewed = client.post(f"/me/contacts/{held.public_id}/secret/").content.decode()
    old, held = held.secret, ContactMethod.objects.get(kind="webhook")
    assert held.secret in renewed and old not in renewed and "and the old one until" in renewed


def test_a_new_secret_is_refused_where_nothing_is_signed(alice, client):
    client.force_login(alice)
    contact = alice.contact_methods.get()
    refused = client.post(f"/me/contacts/{contact.public_id}/secret/", follow=True).content.decode()
    assert "nothing that is sent there is signed" in refused


def test_an_address_that_cannot_be_called_is_quoted(alice, client):
    client.force_login(alice)
    refused = client.post("/me/contacts/add/", {"kind": "webhook", "address": "tools.larkspur.example", "label": ""})
    assert refused.status_code == 422
    assert "must begin with http:// or https://. You wrote tools.larkspur.example." in refused.content.decode()
