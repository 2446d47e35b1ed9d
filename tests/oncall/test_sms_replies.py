import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncall.notify.replies import Reply, parse_sms


@pytest.mark.parametrize(
    "body",
    ["4", "4 ", " 4\n", "4.", "4!", "ack", "ACK", "Ack ", "acknowledge", "a", "４", "(4)", "4\nSent from my phone"],
)
def test_it_reads_an_acknowledge(body):
    assert parse_sms(body) == Reply("ack")


@pytest.mark.parametrize("body", ["6", "6 ", "resolve", "Resolved.", "r", "c", "close"])
def test_it_reads_a_resolve(body):
    assert parse_sms(body) == Reply("resolve")


@pytest.mark.parametrize(
    "body, verb, code",
    [
        ("12a", "ack", 12),
        ("12 ack", "ack", 12),
        ("ack 12", "ack", 12),
        ("ack12", "ack", 12),
        ("4 12", "ack", 12),
        ("12 4", "ack", 12),
        ("[12] 4", "ack", 12),
        ("4 [12]", "ack", 12),
        ("#12 ack", "ack", 12),
        ("12c", "resolve", 12),
        ("6 12", "resolve", 12),
        ("resolve 3", "resolve", 3),
        ("4 4", "ack", 4),
        ("6a", "ack", 6),
        ("4r", "resolve", 4),
    ],
)
def test_it_reads_a_verb_with_a_code_in_either_order(body, verb, code):
    assert parse_sms(body) == Reply(verb, code)


@pytest.mark.parametrize("body", ["4 6", "6 4"])
def test_two_verbs_that_could_each_be_the_code_mean_nothing(body):
    assert parse_sms(body) is None


@pytest.mark.parametrize(
    "body",
    [
        "",
        "   ",
        "412",
        "12",
        "ok",
        "thanks",
        "on it",
        "4 5 6",
        "0a",
        "ack ack",
        "acknot",
        "I will ack this",
        "4=ack 12",
        "-",
        "👍",
        "12ax",
        "999999 ack",
    ],
)
def test_what_is_not_clear_means_nothing(body):
    assert parse_sms(body) is None


@pytest.mark.parametrize("body", ["stop", "STOPALL", "unsubscribe", "cancel", "end", "Quit"])
def test_the_carriers_words_for_stop_are_never_commands_of_ours(body):
    assert parse_sms(body) == Reply("stop")


@pytest.mark.parametrize("body", ["start", "yes", "UNSTOP"])
def test_yes_is_never_an_acknowledge(body):
    assert parse_sms(body) == Reply("start")


@given(st.text(max_size=400))
def test_it_never_raises_and_never_invents_a_code(body):
    reply = parse_sms(body)
    assert reply is None or reply.verb in ("ack", "resolve", "stop", "start", "help")
    assert reply is None or reply.code is None or 1 <= reply.code <= 99999


@given(st.integers(1, 99999), st.sampled_from(["ack", "a", "acknowledge"]), st.booleans(), st.booleans())
def test_any_code_comes_back(code, verb, code_first, glued):
    gap = "" if glued else " "
    body = f"{code}{gap}{verb}" if code_first else f"{verb}{gap}{code}"
    assert parse_sms(body) == Reply("ack", code)
