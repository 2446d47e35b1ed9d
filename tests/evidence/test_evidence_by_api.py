"""Seals, anchors and packs by API: what an integrator reads can be verified, and addresses never come out."""

import base64

import pytest

from ledger import seal_keys
from tests.api import cast
from tests.api.house import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    return build()


@pytest.fixture
def admin(house):
    return cast.client(house.people["admin"], "admin")


def test_a_seal_and_its_key_are_enough_to_verify_it(admin):
    (seal,) = admin.get("/api/v1/seals/").json()["items"]
    (key,) = admin.get("/api/v1/seal-keys/").json()["items"]
    assert key["fingerprint"] == seal["key_fingerprint"]
    assert seal_keys.holds(key["pem"], base64.b64decode(seal["signature"]), seal["text"].encode())


def test_an_anchor_is_named_changed_and_retired_and_its_address_stays_masked(admin):
    asked = {"name": "Lee Moss", "address": "Lee@Quill.example", "reason": "Second auditor"}
    made = admin.post("/api/v1/anchors/", asked)
    assert (made.status_code, made.json()["address"], made.json()["last_letter"]["state"]) == (
        201, "l…@quill.example", "waiting",
    )  # fmt: skip
    one = f"/api/v1/anchors/{made.json()['id']}/"
    changed = admin.patch(one, {"address": "moss@quill.example", "reason": "Moved", "version": 1})
    assert (changed.json()["address"], changed.json()["version"]) == ("m…@quill.example", 2)
    assert admin.patch(one, {"name": "Lee", "reason": "Late", "version": 1}).status_code == 409
    assert "moss@" not in admin.get(one).content.decode() + admin.get(f"{one}history/").content.decode()
    assert admin.post(f"{one}retire/", {"reason": "Done"}).status_code == 204
    assert admin.get(one).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"name": "Lee", "address": "lee at quill", "reason": "x"}, 400, "address"),
        ({"name": "Again", "address": "dana@hollis.example", "reason": "x"}, 409, "address"),
        ({"name": "Lee", "address": "lee@quill.example"}, 400, "reason"),
        ({"name": "L\u0000e", "address": "lee@quill.example", "reason": "x"}, 400, "name"),
    ],
)
def test_a_refusal_names_the_field_and_changes_nothing(admin, body, status, field):
    answer = admin.post("/api/v1/anchors/", body)
    assert (answer.status_code, cast.problems(answer)) == (status, [field])
    assert len(admin.get("/api/v1/anchors/").json()["items"]) == 1


def test_packs_are_found_by_their_incident(admin, house):
    assert len(admin.get("/api/v1/packs/", {"subject": house.incident.number}).json()["items"]) == 1
    assert admin.get("/api/v1/packs/", {"subject": "INC-2019-0001"}).json()["items"] == []
