"""A second account takes over when the first refuses for its own reasons, or does not answer again and again."""

import pytest

from oncall.models import Attempt, Page
from oncall.notify import callbacks, twilio_signature
from oncall.notify.failover import Tried, another, choose
from tests.fakes.twilio import FakeTwilio, signature

ANA = "+447700900001"
BOTH = ("twilio", "twilio_2")


def tried(outcome, code="", provider="twilio", **more):
    return Tried(provider, outcome, code, **more)


REFUSED = tried("failed_permanent", "20003")
LOST = tried("unknown")


@pytest.mark.parametrize(
    ("page", "lately", "chosen"),
    [
        ([], [], "twilio"),
        ([REFUSED], [REFUSED], "twilio_2"),
        ([tried("failed_temporary", "20003", http_status=401)], [], "twilio_2"),
        ([tried("failed_permanent", "21211", blames_contact=True)], [], "twilio"),  # another would hear the same
        ([tried("failed_permanent", "30003")], [], "twilio"),
        ([tried("failed_temporary", "20429")], [], "twilio"),  # busy: it is waited for
        ([LOST], [LOST], "twilio"),  # once may be an accident
        ([LOST, LOST], [LOST, LOST], "twilio_2"),
        ([], [LOST, LOST, LOST], "twilio_2"),  # of three pages: nobody waits for a fourth
        ([], [LOST, tried("accepted"), LOST, LOST], "twilio"),
        ([REFUSED, tried("failed_permanent", "20003", provider="twilio_2")], [], "twilio"),  # both refused: the first
    ],
)
def test_who_takes_the_next_attempt(page, lately, chosen):
    assert choose(BOTH, page, lately) == chosen


def test_a_page_goes_elsewhere_only_where_somebody_has_not_refused_it():
    assert another(BOTH, [REFUSED])
    assert not another(("twilio",), [REFUSED])
    assert not another(BOTH, [REFUSED, tried("failed_permanent", "20003", provider="twilio_2")])
    assert not another(BOTH, [tried("accepted")])


@pytest.fixture
def second(settings):
    """Another account, at another provider that speaks the same."""
    with FakeTwilio(account="AC" + "2" * 32, auth_token="another token", number="+15005550007") as fake:
        settings.TWILIO_SECOND_ACCOUNT_SID, settings.TWILIO_SECOND_AUTH_TOKEN = fake.account, fake.auth_token
        settings.TWILIO_SECOND_FROM, settings.TWILIO_SECOND_BASE_URL = fake.number, fake.url
        yield fake
        fake.verify_nothing_else()


@pytest.fixture
def chain(world):
    return world.policy(world.person("Ana Duarte", phone=ANA, mail=False), delay_s=3600)


def test_what_the_first_refuses_for_good_leaves_by_the_second_at_once(world, chain, second):
    world.twilio.fail_next(http=403, code=20003)
    world.start(chain)
    text = second.expect(ANA, "SEV1")
    first, again = Attempt.objects.order_by("n")
    assert (first.provider, first.outcome) == ("twilio", "failed_temporary")
    assert (again.provider, again.outcome, again.from_label) == ("twilio_2", "accepted", second.number)
    assert (again.begun_at - first.begun_at).total_seconds() < 5

    text.status = "delivered"
    params = second.status_params(text, "delivered", "")
    here = world.settings.PUBLIC_URL + "/in/twilio/status"
    assert not twilio_signature.verify("/in/twilio/status", params, signature(world.twilio.auth_token, here, params))
    assert twilio_signature.verify("/in/twilio/status", params, signature(second.auth_token, here, params))
    callbacks.store(params, now=world.now)
    world.settle()
    assert Page.objects.get().state == "delivered"


def test_without_a_second_account_it_is_refused_as_ever(world, chain):
    world.twilio.fail_next(http=400, code=21606)
    world.start(chain)
    assert Page.objects.get(origin="step", rule="all").state == "failed_permanent"
    world.twilio.texts.clear()  # the catch-all tries once more


def test_an_address_that_is_wrong_is_wrong_everywhere(world, chain, second):
    world.twilio.fail_next(http=400, code=21211)
    world.start(chain)
    assert {attempt.provider for attempt in Attempt.objects.all()} == {"twilio"}
    world.twilio.texts.clear()
