"""Log lines are JSON with the context of the request, and without secrets."""

import json
import logging
import subprocess
import sys

import pytest

from config.logs import HIDDEN, redact, redact_value

SECRETS = [
    "postgres://watch:s3cret-word@db/watch",
    "Authorization: Bearer wbk_abcdefgh_0123456789",
    "GET /a/Zm9vYmFyYmF6cXV4MTIzNDU2/ 200",
    "GET /badge/Zm9vYmFyYmF6cXV4MTIzNDU2.svg 200",
    "GET /calendar/Zm9vYmFyYmF6cXV4MTIzNDU2.ics 200",
    "GET /setup/Zm9vYmFyYmF6cXV4MTIzNDU2/ 200",
    "/?token=Zm9vYmFyYmF6cXV4",
    "to +4915112345678 failed",
]


@pytest.mark.parametrize("text", SECRETS)
def test_what_gives_itself_away_in_a_text_is_hidden(text):
    shown = redact_value(text)
    assert HIDDEN in shown
    for word in ("s3cret-word", "wbk_abcdefgh_0123456789", "Zm9vYmFyYmF6cXV4", "4915112345678"):
        assert word not in shown


def test_values_under_secret_names_are_hidden_at_any_depth():
    event = {
        "event": "x",
        "password": "p",
        "headers": {"Authorization": "abc", "Accept": "json"},
        "list": [{"token": 1}],
    }
    assert redact(None, "info", event) == {
        "event": "x",
        "password": HIDDEN,
        "headers": {"Authorization": HIDDEN, "Accept": "json"},
        "list": [{"token": HIDDEN}],
    }


def test_ordinary_words_stay():
    for text in ("https://example.com/a/path", "code 200", "12 of 13", "+1 more"):
        assert redact_value(text) == text


def test_structlog_and_logging_both_come_out_as_json():
    script = (
        "from config.logs import configure; configure(level='info', form='json')\n"
        "import logging, structlog\n"
        "structlog.contextvars.bind_contextvars(request_id='abc')\n"
        "structlog.get_logger('ours').info('page_sent', token='t', n=1)\n"
        "logging.getLogger('theirs').warning('hello %s', 'world')\n"
        "try: 1/0\n"
        "except ZeroDivisionError: logging.getLogger('theirs').exception('broken')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    ours, theirs, broken = [json.loads(line) for line in done.stderr.splitlines()]
    assert (ours["event"], ours["token"], ours["n"], ours["request_id"]) == ("page_sent", HIDDEN, 1, "abc")
    assert (theirs["event"], theirs["level"], theirs["request_id"]) == ("hello world", "warning", "abc")
    assert "ZeroDivisionError" in broken["exception"]


def test_the_root_logger_has_one_handler():
    assert logging.getLogger("celery").level == logging.WARNING
