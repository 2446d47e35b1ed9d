"""Contact rules over the API: whose one may write, and what is refused in which words."""

import pytest

from accounts.models import Membership
from ledger import clock
from tests import builders
from tests.api import cast
from tests.api.house import build
from tests.once import built

pytestmark = pytest.mark.django_db
URL = "/api/v1/contact-rules/"


_house, house = built(build)


@pytest.fixture
def ana(house):
    """A responder of the manager's team, reached by mail and phone."""
    return builders.person("Ana Duarte", team=house.team, phone="+447700900001")


def contacts(person):
    verified = person.contact_methods.filter(verified_at__isnull=False)
    return [one.public_id for one in verified.order_by("kind")]


def given(whose, **more):
    mail, phone = contacts(whose)
    return {"urgency": "high", "rules": [{"contact": phone, "delay_s": 60}, {"contact": mail, "delay_s": 0}], **more}


def test_one_writes_reads_changes_and_takes_away_ones_own(ana):
    caller = cast.client(ana, "people")
    made = caller.post(URL, given(ana))
    assert made.status_code == 201, made.content
    mail, phone = contacts(ana)
    body = made.json()
    assert [(one["contact"], one["delay_s"]) for one in body["rules"]] == [(mail, 0), (phone, 60)]
    one = f"{URL}{body['id']}/"
    out = [{"contact": mail, "reason": "Nobody reads it at night"}]
    changed = caller.put(one, {"rules": [{"contact": phone, "delay_s": 0}], "opt_outs": out, "version": 1})
    assert (changed.status_code, changed.json()["opt_outs"]) == (200, out)
    assert caller.put(one, {"rules": [{"contact": phone, "delay_s": 5}], "version": 1}).status_code == 409
    assert [v["version"] for v in caller.get(f"{one}history/").json()["items"]] == [2, 1]
    assert caller.post(f"{one}retire/", {"reason": "Everything at once"}).status_code == 204
    assert caller.get(one).status_code == 404


def test_everybody_reads_them_and_finds_no_address_there(house, ana):
    builders.contact_rules(ana, (ana.contact_methods.get(kind="phone"), 0))
    listed = cast.client(house.people["viewer"], "read").get(f"{URL}?person={ana.public_id}")
    assert [row["person"]["id"] for row in listed.json()["items"]] == [ana.public_id]
    assert "7700" not in listed.content.decode() and "larkspur" not in listed.content.decode()


@pytest.mark.parametrize(("role", "status"), [("manager", 201), ("admin", 201), ("responder", 403), ("viewer", 403)])
def test_a_manager_writes_for_their_team_an_admin_for_all_and_nobody_else(house, ana, role, status):
    caller = cast.client(house.people[role], "admin")
    assert caller.post(URL, given(ana, person=ana.public_id)).status_code == status


def test_a_manager_of_another_team_does_not(house, ana):
    Membership.objects.get(user=ana).retire(now=builders.NIGHT, reason="Moved")
    caller = cast.client(house.people["manager"], "admin")
    assert caller.post(URL, given(ana, person=ana.public_id)).status_code == 403


def test_a_person_has_one_set_an_urgency(ana):
    caller = cast.client(ana, "people")
    assert caller.post(URL, given(ana)).status_code == 201
    again = caller.post(URL, given(ana))
    assert (again.status_code, again.json()["error"]["code"]) == (409, "rules_exist")
    assert caller.post(URL, given(ana, urgency="low")).status_code == 201


def test_what_cannot_be_kept_is_refused_on_its_own_field(house, ana):
    caller = cast.client(ana, "people")
    mail, _ = contacts(ana)
    new = builders.contact(ana, "phone", "+447700900099", verified=False).public_id
    for rules, out, field in (
        ([], [], "rules"),
        ([{"contact": new, "delay_s": 0}], [], "rules.0.contact"),
        ([{"contact": mail, "delay_s": 0}] * 2, [], "rules.1"),
        ([{"contact": mail, "delay_s": 0}], [{"contact": "", "reason": "Tired"}], "opt_outs.0.contact"),
    ):
        refused = caller.post(URL, {"urgency": "high", "rules": rules, "opt_outs": out})
        assert refused.status_code == 400
        assert [one["field"] for one in refused.json()["error"]["fields"]] == [field], refused.content
    other = caller.post(URL, given(ana, person="usr_0000000000000000"))
    assert (other.status_code, other.json()["error"]["code"]) == (400, "unknown_reference")


def test_how_a_person_is_reached_is_read_by_everybody_with_masks(house, ana, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:25"
    for held in ana.contact_methods.all():
        held.verified_at = clock.now()
        held.save(now=clock.now(), reason="Test")
    mail = ana.contact_methods.get(kind="email")
    builders.contact_rules(ana, (mail, 120))
    answer = cast.client(house.people["viewer"], "read").get(f"/api/v1/people/{ana.public_id}/readiness/")
    high, low = answer.json()["urgencies"]
    assert (high["urgency"], high["state"], high["first_s"], high["how"]) == ("high", "ready", 120, "rules")
    assert (low["how"], low["first_s"]) == ("no_rules", 0)
    by_channel = {one["channel"]: one for one in high["channels"]}
    assert [call["contact"] for call in by_channel["email"]["calls"]] == [mail.public_id]
    assert [(one["channel"], one["proved_how"]) for one in answer.json()["contacts"]] == [
        ("email", "code"),
        ("sms", "code"),
    ]
    assert by_channel["sms"]["why"][-1] == {"reason": "not_in_rules", "name": "+44 … 01"}
    assert ana.email not in answer.content.decode() and "7700900001" not in answer.content.decode()


@pytest.mark.parametrize(("role", "status"), [("manager", 201), ("admin", 201), ("responder", 403)])
def test_contacts_are_tested_by_the_person_their_manager_or_an_admin(house, ana, role, status):
    caller = cast.client(house.people[role], "people") if role == "admin" else cast.client(house.people[role], "admin")
    made = caller.post("/api/v1/contact-tests/", {"person": ana.public_id})
    assert made.status_code == status, made.content
    if status == 201:
        assert [page["origin"] for page in made.json()["pages"]] == ["test", "test"]
        assert made.json()["asked_by"]["id"] == house.people[role].public_id
        assert caller.get(f"/api/v1/contact-tests/{made.json()['id']}/").json()["pages"][0]["state"] == "planned"


def test_what_cannot_be_tested_is_refused_in_words(house, ana):
    caller = cast.client(ana, "people")
    for _ in range(6):
        assert caller.post("/api/v1/contact-tests/", {}).status_code == 201
    again = caller.post("/api/v1/contact-tests/", {})
    assert (again.status_code, again.json()["error"]["code"]) == (429, "too_many_requests")
    for held in ana.contact_methods.all():
        held.retire(now=clock.now(), reason="Test")
    empty = caller.post("/api/v1/contact-tests/", {})
    assert (empty.status_code, empty.json()["error"]["code"]) in ((409, "nothing_to_test"), (429, "rate_limited"))
