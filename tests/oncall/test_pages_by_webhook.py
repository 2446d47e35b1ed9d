"""Stories of a person whose own tool is paged: taken is not read, and each refusal leads on to somebody."""

from datetime import timedelta

import pytest

from accounts.models import ContactMethod
from accounts.services.contacts import confirm_contact, rotate_contact_secret
from oncall.escalation import services as escalation
from oncall.models import Page
from oncall.notify.services import send_verification
from tests import builders
from tests.fakes.sink import is_signed, says

BEN = "+447700900002"


@pytest.fixture
def tool(world, sink):
    """Ana's tool is paged first, Ben's phone after five minutes."""
    ana = world.person("Ana Duarte", mail=False)
    ben = world.person("Ben Okafor", phone=BEN, mail=False)
    world.tool = builders.contact(ana, "webhook", sink.url, now=world.now)
    world.chain = world.policy(ana, ben, delay_s=300)
    return world


def the_page():
    return Page.objects.get(kind="webhook", origin="step")


def test_taken_is_the_end_of_the_page_and_never_a_confirmation(tool, sink):
    sink.answers.append(says(200, b'{"status": "acknowledged", "confirmed": true}'))
    tool.start(tool.chain)
    page = the_page()
    assert sink.hooks[0].id == page.public_id
    assert is_signed(tool.tool.secret, sink.hooks[0].headers, sink.hooks[0].body)
    assert (page.state, page.ended_at is not None) == ("accepted", True)
    assert (page.delivered_at, page.answered_at, page.confirmed_at) == (None, None, None)
    tool.advance(seconds=301)
    tool.twilio.expect(BEN, "SEV1")


def test_a_page_tried_again_keeps_its_id_and_is_signed_anew(tool, sink):
    sink.answers.append(503)
    tool.start(tool.chain)
    tool.advance(seconds=16)
    first, second = sink.hooks
    assert first.id == second.id == the_page().public_id
    assert (first.json["attempt"], second.json["attempt"]) == (1, 2)
    assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    assert is_signed(tool.tool.secret, second.headers, second.body)


def test_a_receiver_that_asks_for_a_minute_gets_a_minute(tool, sink):
    sink.answers.append(says(429, b"", retry_after="60"))
    tool.start(tool.chain)
    page, attempt = the_page(), the_page().attempts.get()
    assert (page.state, page.reason, page.error_code) == ("planned", "retry", "429")
    assert page.due_at - attempt.completed_at == timedelta(seconds=60)


def test_a_wait_past_the_next_step_is_left_to_the_next_person(tool, sink):
    sink.answers.append(says(503, b"", retry_after="3600"))
    tool.start(tool.chain)
    assert (the_page().state, the_page().reason) == ("failed_permanent", "next_step_due")
    tool.twilio.expect(BEN, "SEV1")


def test_a_tool_that_is_gone_is_marked_and_the_next_person_is_called_now(tool, sink):
    sink.answers.append(410)
    tool.start(tool.chain)
    tool.twilio.expect(BEN, "SEV1")
    assert (the_page().state, the_page().reason, the_page().error_code) == ("failed_permanent", "contact", "410")
    assert ContactMethod.objects.get(kind="webhook").unhealthy_reason == "refused by the provider: 410"


def test_an_address_in_a_network_that_is_not_allowed_blames_nobody_and_calls_the_next_person(tool, sink):
    held = tool.tool
    held.address = "http://10.1.2.3/hook"
    held.save(now=tool.now, reason="Test")
    tool.start(tool.chain)
    tool.twilio.expect(BEN, "SEV1")
    assert (the_page().state, the_page().error_code) == ("failed_permanent", "refused")
    assert ContactMethod.objects.get(kind="webhook").unhealthy_since is None


def test_a_code_reaches_the_tool_and_proves_it(world, sink):
    ana = world.person("Ana Duarte", mail=False)
    held = builders.contact(ana, "webhook", sink.url, verified=False, now=world.now)
    send_verification(held, now=world.now)
    world.settle()
    said = sink.hooks[0].json
    assert (said["kind"], said["incident"], said["answer_url"]) == ("page.verification", None, None)
    confirm_contact(held, said["code"], now=world.now)
    assert ContactMethod.objects.get(kind="webhook").verified_at == world.now


def test_after_a_rotation_both_secrets_sign_for_a_day(tool, sink):
    old = tool.tool.secret
    held = rotate_contact_secret(ContactMethod.objects.get(kind="webhook"), now=tool.now, reason="Test")
    tool.start(tool.chain)
    hook = sink.hooks[-1]
    assert is_signed(old, hook.headers, hook.body) and is_signed(held.secret, hook.headers, hook.body)
    tool.stop("resolved")
    tool.sleep(hours=25)
    tool.start(tool.chain, number="INC-2026-0002")
    hook = sink.hooks[-1]
    assert not is_signed(old, hook.headers, hook.body) and is_signed(held.secret, hook.headers, hook.body)


def test_who_is_told_that_it_is_over_is_told_by_the_tool_too(tool, sink):
    tool.start(tool.chain)
    tool.stop("resolved")
    escalation.stand_down(tool.subject(), None, "Ben resolved it after 4 min.", now=tool.now)
    tool.settle()
    assert sink.hooks[-1].json["kind"] == "page.stand_down"
    assert sink.hooks[-1].json["text"] == "Stand down: Ben resolved it after 4 min."
    assert sink.hooks[-1].json["answer_url"] is None


def test_the_evidence_has_the_host_and_not_the_key(tool, sink):
    tool.start(tool.chain)
    host = sink.url.split("/hooks")[0]
    assert the_page().to_mask == f"{host}/…"
    assert "9f2b" not in str(Page.objects.values()) + str(ContactMethod.history.values())
    assert tool.tool.secret not in str(ContactMethod.history.values())
