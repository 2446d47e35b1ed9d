"""Every occasion has words on every channel; an SMS is one GSM-7 segment; free text cannot forge lines or headers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncall.notify.channels import CHANNELS
from oncall.notify.gsm import SEGMENT, cut, septets, to_gsm7
from oncall.notify.rows import _PRIORITY
from oncall.notify.states import FOLLOWING, LETTERS
from oncall.notify.text import ORIGINS, TEXTS, Facts, compose, one_line

LINK = "https://watchbook.example.com/a/abcdefgh23456789ABCDEFGHIJKLMNOPQRSTUV/"
FACTS = Facts(
    "step", 1, "high", "Checkout API is down", "INC-2026-0042", "https://watchbook.example.com/incidents/INC-2026-0042/",
    LINK, 12, "step 1 of Checkout critical", digits="123456",
)  # fmt: skip


# Where an occasion comes up, if not on every channel: what has limits is bundled, what does not change by itself is told.
ONLY = {
    "update": FOLLOWING, "bundle": ("email", "sms", "voice"), "taken": ("email", "sms", "webhook"),
    **dict.fromkeys(LETTERS, ("email",)),
}  # fmt: skip
PAIRS = [(o, c) for o in sorted(_PRIORITY) for c in sorted(CHANNELS) if c in ONLY.get(o, CHANNELS)]


@pytest.mark.parametrize("origin, channel", PAIRS)
def test_every_occasion_has_a_body_on_every_channel_where_it_comes_up(origin, channel):
    words = compose(replace(FACTS, origin=origin, note="Ana has it.", count=3), channel)
    assert words.body.strip()
    assert bool(words.subject) == (channel == "email")
    assert set(ORIGINS) == set(_PRIORITY)
    assert set(TEXTS) == set(PAIRS)


def test_the_sms_says_how_bad_what_and_what_to_press():
    assert compose(FACTS, "sms").body == f"SEV1 Checkout API is down. Reply 4=ack 6=resolve [12] {LINK}"


def test_the_call_says_how_bad_and_what():
    assert compose(FACTS, "voice").body == "This is Watchbook. Severity 1. Checkout API is down."


def test_a_code_is_read_digit_by_digit_and_twice():
    assert (
        "Your code is: 1. 2. 3. 4. 5. 6. Once more: 1. 2. 3. 4. 5. 6."
        in compose(replace(FACTS, origin="verification"), "voice").body
    )


@given(st.text(max_size=300), st.sampled_from(["step", "responder", "stand_down"]))
def test_a_call_is_one_run_of_plain_words_of_bounded_length(title, origin):
    said = compose(replace(FACTS, origin=origin, title=title, note=title), "voice").body
    assert len(said) <= 500
    assert said.startswith("This is Watchbook.")
    assert not set(said) & set("<>[]{}\n\r\x00")


def test_the_mail_in_full():
    words = compose(FACTS, "email")
    assert words.subject == "SEV1 Checkout API is down [INC-2026-0042]"
    assert words.body == (
        "SEV1 Checkout API is down\n"
        "INC-2026-0042, high urgency\n"
        "\n"
        "Acknowledge without signing in; to resolve, you are asked to. The link is yours alone and holds for 24 hours:\n"
        f"{LINK}\n"
        "\n"
        "Everything about it, after signing in:\n"
        "https://watchbook.example.com/incidents/INC-2026-0042/\n"
        "\n"
        "You are paged because of step 1 of Checkout critical.\n"
    )


def test_a_long_title_is_cut_and_the_grammar_and_the_link_stay():
    body = compose(replace(FACTS, title="Checkout " * 40), "sms").body
    assert septets(body) <= SEGMENT
    assert body.endswith(f".. Reply 4=ack 6=resolve [12] {LINK}")


def test_a_link_too_long_for_a_text_goes_and_the_grammar_stays():
    body = compose(
        replace(FACTS, title="Checkout API is down in every region", link="https://" + "x" * 120), "sms"
    ).body
    assert body == "SEV1 Checkout API is down in every region. Reply 4=ack 6=resolve [12]"


@given(
    st.text(max_size=300),
    st.sampled_from(["step", "responder", "stand_down"]),
    st.sampled_from([LINK, "", "https://" + "x" * 150]),
)
def test_every_sms_is_one_segment_on_one_line(title, origin, link):
    body = compose(replace(FACTS, origin=origin, title=title, note=title, link=link), "sms").body
    assert septets(body) <= SEGMENT
    assert "\n" not in body and "\r" not in body
    if origin != "stand_down":
        assert "Reply 4=ack 6=resolve [12]" in body


@given(st.text(max_size=300))
def test_free_text_cannot_forge_a_header_or_a_line(title):
    words = compose(replace(FACTS, title=title, note=title), "email")
    assert "\n" not in words.subject and "\r" not in words.subject
    assert len(words.body.splitlines()) <= 13


@pytest.mark.parametrize(
    "text, plain",
    [
        ("It’s “down” – again…", 'It\'s "down" - again...'),
        ("naïve café Łódź", "naive café Lodz"),
        ("Ärger über Größe", "Ärger über Größe"),
        ("日本", "??"),
        ("a\r\nb\tc", "a b c"),
        ("ok\u200b✓", "ok?"),
        ("€5", "€5"),
    ],
)
def test_text_is_put_into_gsm7(text, plain):
    assert to_gsm7(text) == plain


def test_characters_behind_an_escape_cost_two():
    assert septets("[12]") == 6
    assert septets("€") == 2
    with pytest.raises(ValueError, match="GSM-7"):
        septets("–")


@given(st.text(max_size=200), st.integers(0, 200))
def test_a_cut_text_fits(text, room):
    assert septets(cut(to_gsm7(text), room)) <= room or room < 3


def test_one_line_keeps_the_words():
    assert one_line("a\r\nBcc: x\u2028b\x00") == "a Bcc: x b"
