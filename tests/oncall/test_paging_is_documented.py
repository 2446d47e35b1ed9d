"""docs/paging.md names every state, reason, code and word the code knows."""

import re
from pathlib import Path

import pytest

from oncall.escalation import states as runs
from oncall.notify import replies, retry, states, statuses
from oncall.notify.channels import CHANNELS, slack
from oncall.notify.text import ORIGINS

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = {
    "sms": "SMS",
    "voice": "Calls",
    "email": "E-mail",
    "webhook": "Webhook",
    "pagerduty": "PagerDuty",
    "slack": "Slack",
}
TEXT = (ROOT / "docs" / "paging.md").read_text()


@pytest.mark.parametrize("state", [*runs.STATES, *runs.STOP_REASONS, *states.STATES, *ORIGINS])
def test_every_state_reason_and_origin_is_explained(state):
    assert f"`{state}`" in TEXT


@pytest.mark.parametrize("state, rank", states.RANK.items())
def test_the_documented_ranks_are_those_of_the_code(state, rank):
    assert re.search(rf"^\| `{state}` \| {rank} \|", TEXT, re.MULTILINE)


@pytest.mark.parametrize("code", sorted(retry.TEMPORARY_CODES | retry.CONTACT_CODES))
def test_every_code_of_the_retry_table_is_listed(code):
    assert str(code) in TEXT


@pytest.mark.parametrize("word", sorted(slack.TEMPORARY | slack.AMBIGUOUS | slack.OF_THE_ADDRESS))
def test_every_word_of_slack_is_listed(word):
    assert f"`{word}`" in TEXT


@pytest.mark.parametrize("word", sorted({*replies._WHOLE, "ack", "acknowledge", "resolve", "close"}))
def test_every_word_of_the_sms_grammar_is_listed(word):
    assert f"`{word}`" in TEXT


def test_every_reason_the_code_gives_a_page_is_listed():
    code = "".join(
        (ROOT / "oncall" / "notify" / f"{name}.py").read_text() for name in ("sender", "transitions", "retry")
    )
    given = set(re.findall(r'(?:cancel|fail)\(page(?:, run)?, "(\w+)"', code))
    given |= set(re.findall(r'(?:return|reason\s*=) "(\w+)"', code)) | set(
        re.findall(r'Verdict\((?:None|at), "(\w+)"', code)
    )
    given |= set(re.findall(r'move\(page\.state, "\w+"\), "(\w+)"', code))
    assert given >= {"internal_error", "outdated", "retries_exhausted", "unresolved", "sent_again", "no_receipt"}
    assert {reason for reason in given if f"`{reason}`" not in TEXT} == set()


@pytest.mark.parametrize("kind", CHANNELS)
def test_every_channel_has_a_section(kind):
    assert re.search(rf"^## {SECTIONS[kind]}$", TEXT, re.MULTILINE)


@pytest.mark.parametrize(
    "word", [*statuses._CALL_TRUTHS, *statuses._CALL_ENDS, *statuses._LETTER_NEWS, *states.UNHEARD]
)
def test_every_word_about_calls_and_letters_is_explained(word):
    assert f"`{word}`" in TEXT


@pytest.mark.parametrize("code", sorted(retry.SIP_CONTACT | retry.SIP_TEMPORARY))
def test_every_number_of_a_failed_call_is_listed(code):
    assert re.search(rf"SIP [^;|]*\b{code}\b", TEXT)
