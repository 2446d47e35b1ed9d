"""Pages by cursor: every row once, while rows are added, and a query count that does not grow with them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api import cast
from tests.api.growing import GROW, grow
from tests.api.house import build, calls
from tests.once import built

pytestmark = pytest.mark.django_db
LISTS = sorted({call.route for call in calls() if call.operation.many})
# histories are one view over different models; teams stand for them
TRIED = [route for route in LISTS if not route.endswith("/history/") or route in GROW]


_house, house = built(build)


@pytest.fixture(autouse=True)
def no_rate_is_met(settings):
    settings.API_RATES = dict.fromkeys(settings.API_RATES, (10_000, 60))


@pytest.fixture
def caller(house):
    made = cast.client(house.people["admin"])
    made.get("/api/v1/me/")
    return made


def walk(caller, url):
    """Every item, page by page."""
    cursor, items = "", []
    while cursor is not None:
        page = caller.get(url, {"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        items += page["items"]
        cursor = page["next_cursor"]
    return items


def test_every_list_can_grow_in_these_tests():
    assert set(TRIED) == set(GROW)


@pytest.mark.parametrize("route", TRIED)
def test_twenty_rows_cost_as_many_queries_as_ten(house, caller, route):
    counted = []
    for _ in range(2):
        grow(house, route, 10)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(caller.get(house.url(route), {"limit": 200}).json()["items"]) >= 10
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 8, queries.captured_queries


@pytest.mark.parametrize("route", TRIED)
def test_every_row_comes_once_and_in_a_stable_order(house, caller, route):
    grow(house, route, 8)
    whole = caller.get(house.url(route), {"limit": 200}).json()
    assert whole["next_cursor"] is None
    assert walk(caller, house.url(route)) == whole["items"]


@pytest.mark.parametrize("route", ["people/", "incidents/", "signals/"])
def test_rows_added_between_two_pages_shift_nothing(house, caller, route):
    grow(house, route, 8)
    before = [str(item) for item in walk(caller, house.url(route))]
    first = caller.get(house.url(route), {"limit": 4}).json()
    grow(house, route, 3)
    seen = first["items"]
    cursor = first["next_cursor"]
    while cursor:
        page = caller.get(house.url(route), {"limit": 4, "cursor": cursor}).json()
        seen, cursor = seen + page["items"], page["next_cursor"]
    assert [str(item) for item in seen][: len(before)] == before
    assert len({str(item) for item in seen}) == len(seen)
