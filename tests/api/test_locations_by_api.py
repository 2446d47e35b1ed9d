"""Locations and quorum as a script keeps them."""

import pytest

from monitors.models import Location
from tests import builders
from tests.api import cast

pytestmark = pytest.mark.django_db
URL = "/api/v1/locations/"


@pytest.fixture
def caller():
    builders.organisation()
    return cast.client(cast.person("admin", "Ada"))


def test_a_place_is_made_renamed_and_retired(caller):
    made = caller.post(URL, {"name": "paris", "reason": "Second place"})
    assert made.status_code == 201, made.content
    place = made.json()
    assert (place["name"], place["public_key"], place["life"]["heard"]) == ("paris", "", "idle")
    changed = caller.patch(f"{URL}{place['id']}/", {"name": "paris-2", "reason": "Moved", "version": 1}).json()
    assert (changed["name"], changed["version"]) == ("paris-2", 2)
    assert cast.problems(caller.patch(f"{URL}{place['id']}/", {"name": "a b"})) == ["name"]
    assert cast.problems(caller.post(URL, {"name": "PARIS-2"})) == ["name"]
    assert caller.post(f"{URL}{place['id']}/retire/", {"reason": "Closed"}).status_code == 204
    assert caller.get(f"{URL}{place['id']}/").json()["retired_at"] is not None


@pytest.mark.parametrize("key", ["", " ", "wbk1_", "wbk1_zz", "x" * 121, 7, ["wbk1_"], "wbk1_" + "A" * 86])
def test_garbage_is_no_key_and_an_embedded_installation_takes_none(caller, settings, key):
    settings.REDIS_URL = ""
    answer = caller.post(URL, {"name": "paris", "public_key": key})
    expected = 201 if isinstance(key, str) and not key.strip() else 400
    assert answer.status_code == expected, answer.content


def test_where_a_monitor_is_checked_from_is_read_and_changed(caller):
    monitor = builders.monitor(service=builders.service("Shop"))
    url = f"/api/v1/monitors/{monitor.public_id}/locations/"
    alone = caller.get(url).json()
    assert (alone["configured"], alone["needed"], alone["effective"], alone["advise_after_s"]) == (1, 1, 0, None)
    ids = [caller.post(URL, {"name": name}).json()["id"] for name in ("paris", "rome")]
    local = Location.objects.get(name="local").public_id
    held = caller.put(url, {"locations": [local, *ids], "advise_after_s": 300, "reason": "Three"}).json()
    assert (held["configured"], held["needed"], held["advise_after_s"]) == (3, 2, 300)
    assert [one["location"]["name"] for one in held["locations"]] == ["local", "paris", "rome"]
    assert cast.problems(caller.put(url, {"locations": []})) == ["locations"]
    assert cast.problems(caller.put(url, {"locations": ["loc_aaaaaaaaaaaaaaaa"]})) == ["locations.0"]
    assert cast.problems(caller.put(url, {"locations": ids, "advise_after_s": 5})) == ["advise_after_s"]
    assert caller.post(f"{URL}{ids[0]}/retire/", {"reason": "x"}).status_code == 409


def test_a_monitor_is_made_to_be_checked_from_several_places_at_once(caller):
    ids = [caller.post(URL, {"name": name}).json()["id"] for name in ("paris", "rome", "oslo")]
    service = builders.service("Shop").public_id
    body = {"name": "Home", "service": service, "http": {"url": "https://shop.example/"}}
    made = caller.post("/api/v1/monitors/", {**body, "locations": ids})
    assert made.status_code == 201, made.content
    held = caller.get(f"/api/v1/monitors/{made.json()['id']}/locations/").json()
    assert [one["location"]["name"] for one in held["locations"]] == ["oslo", "paris", "rome"]
    wrong = caller.post("/api/v1/monitors/", {**body, "name": "Other", "locations": ["loc_aaaaaaaaaaaaaaaa"]})
    assert cast.problems(wrong) == ["locations.0"]
