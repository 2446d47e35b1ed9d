"""Post-mortems and action items as an integrator's tool works with them: the same rules, the same refusals."""

import pytest

from ledger import clock
from postmortems.models import PostMortem
from postmortems.services.actions import today
from tests.api import cast
from tests.api.house import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    return build()


@pytest.fixture
def responder(house):
    return cast.client(house.people["responder"], "respond")


@pytest.fixture
def manager(house):
    return cast.client(house.people["manager"], "respond", "write")


def address(house, *more):
    return f"/api/v1/post-mortems/{house.postmortem.number}/" + "".join(f"{part}/" for part in more)


def test_from_an_incident_to_a_published_post_mortem(house, responder, manager):
    begun = responder.get(address(house)).json()
    assert (begun["state"], begun["required"], begun["required_because"]) == ("draft", True, "SEV2")
    assert begun["sections"][0]["citations"]
    assert set(begun["missing"]) >= {"impact", "root_cause", "root_cause_category", "runbook_changed"}
    assert begun["computed"]["beginning_to_resolved_s"] == 0
    refused = responder.post(address(house, "submit"), {})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    assert "root_cause" in cast.problems(refused)
    for section in ("impact", "root_cause", "contributing", "detection_gap"):
        assert responder.put(address(house, "sections", section), {"text": "x", "version": 0}).status_code == 200
    cause = {"root_cause_category": "capacity", "runbook_changed": True}
    assert responder.patch(address(house), cause).json()["missing"] == {}
    assert responder.post(address(house, "submit"), {}).json()["state"] == "in_review"
    sha = manager.get(address(house)).json()["sha256"]
    stale = manager.post(address(house, "publications"), {"sha256": "0" * 64})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "stale_version")
    made = manager.post(address(house, "publications"), {"sha256": sha})
    assert (made.status_code, made.json()["second_person"], made.json()["sha256"]) == (201, True, sha)
    closed = responder.put(address(house, "sections", "impact"), {"text": "y"})
    assert (closed.status_code, closed.json()["error"]["code"]) == (409, "illegal_move")
    corrected = responder.post(address(house, "correct"), {"reason": "Wrong number"}).json()
    assert (corrected["state"], corrected["revision"]) == ("draft", 2)
    history = responder.get(address(house, "history")).json()["items"]
    assert (history[0]["reason"], history[0]["values"]["revision"]) == ("Wrong number", 2)


def test_one_is_begun_once(house, responder):
    again = responder.post("/api/v1/post-mortems/", {"incident": house.postmortem.incident.number})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "taken")
    still = responder.post("/api/v1/post-mortems/", {"incident": house.incident.number})
    assert (still.status_code, cast.problems(still)) == (400, ["incident"])
    none = responder.post("/api/v1/post-mortems/", {"incident": "INC-2026-9999"})
    assert none.json()["error"]["code"] == "unknown_reference"


@pytest.mark.parametrize(
    ("section", "body", "status", "code", "fields"),
    [
        ("impact", {"text": "[tle_aaaaaaaaaaaaaaaa]"}, 400, "invalid", ["text"]),
        ("excuses", {"text": "x"}, 400, "invalid", ["section"]),
        ("impact", {"text": "ä" * 40_000}, 400, "invalid", ["text"]),
        ("summary", {"text": "x", "version": 0}, 409, "stale_version", ["version"]),
        ("impact", {"text": 7}, 400, "invalid", ["text"]),
        ("impact", {}, 400, "invalid", ["text"]),
    ],
)
def test_a_text_that_cannot_be_is_refused_in_its_fields_terms(house, responder, section, body, status, code, fields):
    answer = responder.put(address(house, "sections", section), body)
    assert (answer.status_code, answer.json()["error"]["code"], cast.problems(answer)) == (status, code, fields)


def test_saved_texts_name_their_author_and_their_facts(house, responder):
    fact = house.postmortem.incident.timeline.first().public_id
    responder.put(address(house, "sections", "lessons"), {"text": f"See [{fact}]."})
    [saved] = responder.get(address(house, "texts"), {"section": "lessons"}).json()["items"]
    assert (saved["author"]["name"], saved["citations"], saved["how"]) == ("Responder", [fact], "API")


def test_an_auditor_reads_and_does_nothing_else(house):
    auditor = cast.client(house.people["auditor"], "admin")
    assert auditor.get(address(house)).status_code == 200
    assert auditor.put(address(house, "sections", "impact"), {"text": "x"}).status_code == 403
    assert auditor.post("/api/v1/post-mortems/", {"incident": "INC-2026-0001"}).status_code == 403
    assert cast.client(house.people["responder"], "admin").post(address(house, "publications"), {}).status_code == 403


def test_the_life_of_an_action_item(house, responder, manager):
    body = {
        "postmortem": house.postmortem.number, "text": "Bigger pool", "kind": "prevent",
        "owner": house.people["responder"].public_id, "due_on": str(today(clock.now())),
    }  # fmt: skip
    made = responder.post("/api/v1/action-items/", body)
    assert made.status_code == 201
    item = f"/api/v1/action-items/{made.json()['number']}/"
    assert responder.patch(item, {"due_on": "2998-01-01", "reason": "waits"}).json()["extended_count"] == 1
    assert cast.problems(responder.post(f"{item}done/", {})) == ["evidence"]
    assert responder.post(f"{item}done/", {"evidence": "It is ten now"}).json()["state"] == "done"
    own = responder.post(f"{item}verify/", {})
    assert (own.status_code, cast.problems(own)) == (400, ["person"])
    assert manager.post(f"{item}verify/", {}).json()["verified_by"]["name"] == "Manager"
    over = manager.post(f"{item}drop/", {"reason": "x"})
    assert (over.status_code, over.json()["error"]["code"]) == (409, "illegal_move")
    assert [one["version"] for one in responder.get(f"{item}history/").json()["items"]] == [4, 3, 2, 1]


def test_items_and_post_mortems_are_filtered(house, responder):
    items = "/api/v1/action-items/"
    assert len(responder.get(items, {"state": "open", "late": "false"}).json()["items"]) == 1
    assert responder.get(items, {"late": "true"}).json()["items"] == []
    assert responder.get(items, {"postmortem": "PM-2026-9999"}).json()["items"] == []
    found = responder.get("/api/v1/post-mortems/", {"required": "true", "state": "draft"}).json()["items"]
    assert [one["number"] for one in found] == [PostMortem.objects.get().number]
    assert responder.get("/api/v1/post-mortems/", {"state": "lost"}).status_code == 400
