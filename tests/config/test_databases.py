"""DATABASE_URL and EMAIL_URL become Django's settings, or one sentence."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from config.databases import database, mail
from config.env import SettingError


def test_no_url_is_a_durable_sqlite_file(tmp_path):
    found = database("", tmp_path, pool_size=5)
    assert found["NAME"] == str(tmp_path / "watchbook.sqlite3")
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.django_db
def test_the_running_sqlite_has_what_was_asked_for():
    if connection.vendor != "sqlite":
        pytest.skip("this run is on PostgreSQL")
    with connection.cursor() as cursor:
        pragmas = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "journal_size_limit")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "journal_size_limit": 67108864}
    assert settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_a_postgres_url_keeps_what_is_quoted_in_it():
    found = database("postgres://me%40x:p%2Fw@db.example.com:5433/watch?sslmode=require", Path("/"), pool_size=9)
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("me@x", "p/w", "db.example.com", "5433")
    assert found["NAME"] == "watch"
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["OPTIONS"]["pool"]["max_size"] == 9
    assert found["CONN_MAX_AGE"] == 0


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://h/d", "must begin with postgres:// or sqlite://"),
        ("postgres://h/", "must end with the name of the database"),
        ("postgres://h:abc/d", "a port that is not a number"),
    ],
)
def test_a_wrong_database_url_is_one_sentence(url, sentence):
    with pytest.raises(SettingError, match=sentence):
        database(url, Path("/"), pool_size=5)


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://u:p@mail.example.com", 587, True, False),
        ("smtp://127.0.0.1:1025?tls=no", 1025, False, False),
        ("smtps://u:p@mail.example.com", 465, False, True),
    ],
)
def test_an_email_url_says_how_the_line_is_protected(url, port, tls, ssl):
    found = mail(url, debug=False)
    assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (port, tls, ssl)
    assert found["EMAIL_TIMEOUT"] == 10


def test_without_a_mail_server_sending_fails_aloud():
    assert mail("", debug=False)["EMAIL_BACKEND"] == "config.mail.NoMailServer"


def test_a_wrong_email_url_is_one_sentence():
    with pytest.raises(SettingError, match="EMAIL_URL must be smtp://"):
        mail("mail.example.com", debug=False)
