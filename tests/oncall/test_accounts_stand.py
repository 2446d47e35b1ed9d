"""Providers are asked how our account stands, so that a suspended one is noticed before anybody has to be paged."""

from datetime import timedelta

import pytest

from ledger.models import Entry
from oncall.models import ProviderAccount
from oncall.notify.accounts import ask_accounts, due
from oncall.selfcheck import accounts_stand
from tests.builders import NIGHT

pytestmark = pytest.mark.django_db
LATER = NIGHT + timedelta(minutes=1)


@pytest.fixture
def twilio(phones):
    phones.standing = "active"
    yield phones
    phones.standing = "active"


def kinds():
    return list(Entry.objects.filter(kind__startswith="provider.").order_by("pk").values_list("kind", flat=True))


def test_an_active_account_is_asked_every_five_minutes_and_costs_one_request(twilio):
    for second in range(0, 301, 30):
        ask_accounts(now=NIGHT + timedelta(seconds=second))
    assert [path for verb, path in twilio.requests] == [f"/2010-04-01/Accounts/{twilio.account}.json"] * 2
    held = ProviderAccount.objects.get()
    assert (held.provider, held.state, held.times) == ("twilio", "active", 2)
    assert accounts_stand(NIGHT) is None
    assert kinds() == ["provider.active"], "the record grows with changes only"


def test_the_engine_knocks_only_when_one_is_to_be_asked(twilio):
    assert due(now=NIGHT) == ["twilio"]
    ask_accounts(now=NIGHT)
    assert due(now=NIGHT + timedelta(seconds=299)) == []
    assert due(now=NIGHT + timedelta(seconds=300)) == ["twilio"]


def test_a_suspended_account_is_found_at_once_and_until_it_is_active_again(twilio):
    twilio.standing = "suspended"
    ask_accounts(now=NIGHT)
    assert accounts_stand(LATER).sentence == "Twilio says that our account is suspended, since 1 min."
    twilio.standing = "active"
    ask_accounts(now=LATER)
    assert accounts_stand(LATER) is None
    assert kinds() == ["provider.suspended", "provider.active"]


def test_a_token_that_is_refused_once_is_asked_again_and_believed_the_second_time(twilio, settings):
    settings.TWILIO_AUTH_TOKEN = "another one"
    ask_accounts(now=NIGHT)
    assert accounts_stand(NIGHT) is None
    ask_accounts(now=NIGHT + timedelta(seconds=31))
    assert accounts_stand(LATER).sentence == "Twilio lets us in no more (20003), since 1 min."
    assert "another one" not in str(ProviderAccount.objects.values())


def test_a_provider_that_is_away_is_no_suspended_account(twilio, settings):
    settings.TWILIO_BASE_URL = "http://127.0.0.1:1"
    ask_accounts(now=NIGHT)
    ask_accounts(now=LATER)
    assert ProviderAccount.objects.get().state == "unreachable"
    assert accounts_stand(LATER) is None


@pytest.mark.parametrize(
    ("suspended", "token", "says"),
    [
        (True, "", "our account is suspended (account_inactive)"),
        (False, "xoxb-old", "lets us in no more (invalid_auth)"),
    ],
)
def test_slack_is_asked_by_its_token(workspace, settings, suspended, token, says):
    workspace.suspended = suspended
    settings.SLACK_BOT_TOKEN = token or settings.SLACK_BOT_TOKEN
    for now in (NIGHT, LATER):
        ask_accounts(now=now)
    assert says in accounts_stand(LATER).sentence
    assert [asked.path for asked in workspace.requests] == ["/api/auth.test"] * 2


def test_what_is_not_set_up_is_neither_asked_nor_found(twilio, settings):
    twilio.standing = "suspended"
    ask_accounts(now=NIGHT)
    settings.TWILIO_ACCOUNT_SID = ""
    assert ask_accounts(now=LATER) == 0
    assert accounts_stand(LATER) is None
