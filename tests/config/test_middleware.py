"""Every request knows its caller's address and network, and who acts."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory

from config.middleware import ActorMiddleware, client_address, network_of
from ledger.actors import SYSTEM, current_actor


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "192.0.2.1"),
        (0, "203.0.113.7", "192.0.2.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "1.2.3.4, 203.0.113.7", "203.0.113.7"),
        (2, "1.2.3.4, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (2, "203.0.113.7", "192.0.2.1"),
    ],
)
def test_only_entries_of_our_own_proxies_are_believed(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("nobody", ""),
        ("", ""),
    ],
)
def test_a_network_is_enough_for_the_record(address, network):
    assert network_of(address) == network


def test_a_stranger_is_the_system_with_a_network_and_nothing_leaks():
    seen = []
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7")
    request.user = AnonymousUser()
    ActorMiddleware(lambda request: seen.append(current_actor()) or HttpResponse())(request)
    assert (seen[0].kind, seen[0].network) == ("system", "203.0.113.0/24")
    assert current_actor() is SYSTEM
