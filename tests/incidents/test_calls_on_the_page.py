"""How a call stands in the table of pages: four facts with four times, and one sentence on how it ended."""

import pytest

from incidents.services.answers import Answer
from incidents.views.paging import how_it_ended, rows_of, truth_of
from oncall.models import Page
from tests.builders import NIGHT


def call(state, reason="", *, ended=True, origin="step", **times):
    truths = {f"{name}_at": NIGHT for name in times}
    ended_at = NIGHT if ended else None
    return Page(
        kind="voice", state=state, reason=reason, origin=origin, ended_at=ended_at, to_mask="+44 … 80", step=1,
        person_name="Ben Okafor", person_id=1, **truths,
    )  # fmt: skip


PICKED_UP = {"accepted": 1, "sent": 1, "delivered": 1, "answered": 1}
RANG = {"accepted": 1, "sent": 1, "delivered": 1}


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (call("planned", ended=False), "Waits to be sent"),
        (call("accepted", ended=False, accepted=1), "Waits at the provider to be dialled"),
        (call("sent", ended=False, accepted=1, sent=1), "Being dialled"),
        (call("delivered", ended=False, **RANG), "It rings"),
        (call("answered", ended=False, **PICKED_UP), "Picked up, no key yet"),
        (call("answered", "no_key", **PICKED_UP), "Picked up, but no key was pressed: that may be a machine"),
        (call("delivered", "no_answer", **RANG), "Rang, and nobody picked up"),
        (call("planned", "busy", ended=False, accepted=1), "The line was busy. It is called once more"),
        (call("sent", "busy", accepted=1, sent=1), "The line was busy"),
        (call("delivered", "canceled", **RANG), "Cancelled at the provider"),
        (call("delivered", "acknowledged", **RANG), "Taken back: acknowledged first"),
        (call("answered", origin="stand_down", **PICKED_UP), "Said to whoever picked up"),
        (call("answered", "no_receipt", **PICKED_UP), "No word from the provider on how it ended"),
        (call("failed_permanent", "contact", accepted=1), "Failed: contact"),
        (call("cancelled", "acknowledged"), "Cancelled: acknowledged first"),
    ],
)
def test_one_sentence_says_how_a_call_stands(page, words):
    assert how_it_ended(page) == words


def test_a_key_is_named_as_what_confirmed_it():
    page = call("confirmed", **PICKED_UP, confirmed=1)
    page.confirmed_how = "voice"
    assert how_it_ended(page) == "Pressed a key in the call"
    assert Answer(page, "ack", "voice").how == "key press in call to +44 … 80"
    assert Answer(page, "ack", "link").how == "link in call to +44 … 80"


def test_the_row_keeps_the_four_facts_apart():
    [row] = rows_of([call("answered", "no_key", **PICKED_UP)])
    assert (row.channel, row.to, row.receipts, row.failed) == ("Call", "+44 … 80", True, False)
    assert (row.accepted_at, row.delivered_at, row.answered_at, row.confirmed_at) == (NIGHT, NIGHT, NIGHT, None)


def test_on_a_small_screen_a_call_is_said_in_its_own_words():
    assert truth_of(call("answered", "no_key", **PICKED_UP)).words == "picked up, no key"
    assert truth_of(call("delivered", "no_answer", **RANG)).words == "it rang"


def test_a_letter_that_came_back_is_said_to_have():
    page = Page(kind="email", state="failed_permanent", reason="bounced", error_code="5.1.1", ended_at=NIGHT)
    assert how_it_ended(page) == "Failed: the letter came back (5.1.1)"
