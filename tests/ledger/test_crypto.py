"""Values at rest: encrypted, bound to their column, readable with old keys and with no other."""

import pytest
from django.core.exceptions import FieldError
from django.db import connection

from accounts.models import ContactMethod, User
from ledger.crypto import DecryptionError, decrypt, encrypt, fingerprint, sign, signature_matches
from ledger.ids import ALPHABET, new_public_id, snowflake

NEW, OLD = ("k2", b"n" * 32), ("k1", b"o" * 32)


def test_a_value_comes_back(settings):
    stored = encrypt("+447700900080", column="contact.address")
    assert "447700900080" not in stored
    assert decrypt(stored, column="contact.address") == "+447700900080"


def test_the_same_value_never_looks_the_same():
    assert encrypt("secret", column="a.b") != encrypt("secret", column="a.b")


def test_a_value_copied_to_another_column_does_not_open():
    with pytest.raises(DecryptionError, match="another column"):
        decrypt(encrypt("secret", column="a.b"), column="a.c")


def test_after_a_rotation_old_values_open_and_new_ones_use_the_new_key(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    old = encrypt("secret", column="a.b")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert decrypt(old, column="a.b") == "secret"
    assert encrypt("secret", column="a.b").startswith("v1:k2:")


def test_a_key_that_is_gone_is_named_and_the_value_is_not(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    old = encrypt("secret", column="a.b")
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(DecryptionError, match="no key with id 'k1'"):
        decrypt(old, column="a.b")


@pytest.mark.parametrize("stored", ["", "v1", "v1:k1", "v1:k1:!!", "v1:k1:AAAA", "v2:k1:AAAA"])
def test_damage_is_one_readable_error(settings, stored):
    settings.ENCRYPTION_KEYS = [OLD]
    with pytest.raises(DecryptionError, match=r"a\.b"):
        decrypt(stored, column="a.b")


@pytest.mark.django_db
def test_an_encrypted_column_holds_no_plain_text_and_cannot_be_searched(at):
    user = User.objects.create_user("ben@example.com", name="Ben", now=at(1))
    ContactMethod(user=user, kind="phone", address="+447700900080").save(now=at(1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM accounts_contactmethod")
        assert "7700900080" not in cursor.fetchone()[0]
    assert ContactMethod.objects.get().address == "+447700900080"
    with pytest.raises(FieldError, match="cannot be searched"):
        ContactMethod.objects.filter(address="+447700900080").exists()


def test_a_fingerprint_needs_the_key_and_the_purpose(settings):
    mine = fingerprint("+447700900080", "contact.phone")
    assert mine == fingerprint("+447700900080", "contact.phone")
    assert mine != fingerprint("+447700900080", "contact.email")
    settings.FINGERPRINT_KEY = b"x" * 32
    assert mine != fingerprint("+447700900080", "contact.phone")


def test_a_signature_holds_for_its_message_and_purpose_only():
    mine = sign("usr_ben INC-2026-0001", "page link")
    assert signature_matches("usr_ben INC-2026-0001", mine, "page link")
    assert not signature_matches("usr_ben INC-2026-0002", mine, "page link")
    assert not signature_matches("usr_ben INC-2026-0001", mine, "invitation")
    assert not signature_matches("usr_ben INC-2026-0001", "\ud83d", "page link")


def test_public_ids_are_random_and_carry_their_prefix():
    ids = {new_public_id("mon") for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(i.startswith("mon_") and set(i[4:]) <= set(ALPHABET) and len(i) == 20 for i in ids)


def test_ids_of_hot_tables_grow_and_fit_63_bits():
    ids = [snowflake() for _ in range(1_000)]
    assert len(set(ids)) == 1_000
    assert all(0 < i < 2**63 for i in ids)
