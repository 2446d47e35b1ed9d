"""The house of the people pages, and browsers of its people."""

import pytest
from django.test import Client

from tests.accounts.house import House
from tests.conftest import NOON
from tests.once import built

_house, house = built(lambda: House(NOON))


@pytest.fixture
def as_(house):
    """`as_("manager")` is a client in which that person is signed in; `as_("nobody")` is a stranger's."""

    def signed_in(role):
        client = Client()
        if role != "nobody":
            client.force_login(house.people[role])
        return client

    return signed_in
