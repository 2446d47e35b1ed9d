"""Policies, the catch-all and routes on their pages."""

import re

import pytest

from incidents.models import Route
from oncall.models import CatchAll, Policy
from tests import builders as make
from tests.accounts.test_people_pages import text


@pytest.fixture
def steps(house):
    def of(*rows):
        return {
            key: value
            for i, (people, delay) in enumerate(rows)
            for key, value in ((f"step-{i}-people", [p.public_id for p in people]), (f"step-{i}-delay", delay))
        }

    return of


def data(house, **more):
    return {"name": "Night", "team": house.team.public_id, "repeat": "1", **more}


def test_a_policy_is_made_and_its_ladder_said_in_words(house, as_, steps):
    people = house.people
    rows = steps(([people["responder"], people["manager"]], "5 min"), ([people["admin"]], "600"))
    answer = as_("manager").post("/policies/new/", data(house, **rows))
    assert answer.status_code == 302
    shown = text(as_("viewer").get(answer.headers["Location"]))
    assert "at once Responder Larkspur" in shown
    assert "after 5 min Admin Larkspur" in shown
    assert "after 15 min Responder Larkspur" in shown
    assert "after 30 min The catch-all" in shown


@pytest.mark.parametrize(
    ("people", "delay", "sentence"),
    [
        ([], "5 min", "Step 1 pages nobody. Name at least one person."),
        (["responder"], "soon", "Write a length of time such as 5 min. You wrote soon."),
        (["responder"], "2 d", "Step 1 waits a whole number of seconds, 1 to 86400"),
    ],
)
def test_a_step_that_cannot_be_kept_says_why_and_nothing_is_lost(house, as_, steps, people, delay, sentence):
    rows = steps(([house.people[role] for role in people], delay), ([house.people["admin"]], "7 min"))
    answer = as_("manager").post("/policies/new/", data(house, **rows))
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert 'value="Night"' in answer.content.decode()
    assert 'value="7 min"' in answer.content.decode()
    assert not Policy.objects.filter(name="Night").exists()


def test_steps_are_added_moved_and_removed_by_plain_buttons_and_only_saving_saves(house, as_, steps):
    client, page = as_("manager"), f"/policies/{house.policy.public_id}/edit/"
    rows = steps(([house.people["responder"]], "5 min"), ([house.people["admin"]], "7 min"))
    sent = data(house, reason="half a reason", version=house.policy.version, **rows)

    def delays(answer):
        return re.findall(r'name="step-\d-delay" value="([^"]*)"', answer.content.decode())

    assert delays(client.post(page, {**sent, "edit": "add"})) == ["5 min", "7 min", "5 min"]
    assert delays(client.post(page, {**sent, "edit": "down-0"})) == ["7 min", "5 min"]
    assert delays(client.post(page, {**sent, "edit": "up-1"})) == ["7 min", "5 min"]
    assert delays(client.post(page, {**sent, "edit": "remove-0"})) == ["7 min"]
    answer = client.post(page, {**sent, "edit": "add"})
    assert "half a reason" in answer.content.decode()
    assert answer.status_code == 200
    house.policy.refresh_from_db()
    assert house.policy.version == 1


def test_a_stale_policy_form_names_people_in_the_difference(house, as_, steps, now):
    page = f"/policies/{house.policy.public_id}/edit/"
    rows = steps(([house.people["admin"]], "5 min"))
    policy = house.policy
    policy.repeat = 3
    policy.save(now=now, reason="more patience")
    answer = as_("manager").post(page, data(house, reason="mine", version=1, **rows))
    assert answer.status_code == 409
    assert "repeat 0 3" in text(answer)
    saved = as_("manager").post(page, data(house, reason="mine", version=2, **rows))
    assert saved.status_code == 302
    shown = text(as_("viewer").get(f"/policies/{policy.public_id}/"))
    assert "Bob Colleague, 5 min; Responder Larkspur, 5 min" in shown
    assert "Admin Larkspur, 5 min" in shown


def test_a_name_twice_is_refused(house, as_, steps):
    rows = steps(([house.people["admin"]], "5 min"))
    answer = as_("manager").post("/policies/new/", {**data(house, **rows), "name": "checkout critical"})
    assert "There is a policy checkout critical already." in text(answer)


def test_a_policy_that_a_route_leads_to_is_not_retired(house, as_):
    page = f"/policies/{house.policy.public_id}/"
    sent = {"reason": "tidy", "version": house.policy.version}
    answer = as_("manager").post(f"{page}retire/", sent)
    assert "Checkout critical is still used by the route of Checkout, every severity." in text(answer)
    as_("manager").post(f"/routes/{house.route.public_id}/retire/", {"reason": "tidy", "version": 1})
    assert as_("manager").post(f"{page}retire/", sent).status_code == 302
    assert "Retired" in text(as_("viewer").get(page))


def test_somebody_who_cannot_be_reached_is_named_on_the_ladder(house, as_):
    mute = make.person("Mute Mia", mail=False, now=house.now)
    policy = make.policy(mute, name="Mute", team=house.team, now=house.now)
    assert "has no verified contact" in text(as_("viewer").get(f"/policies/{policy.public_id}/"))


def test_the_catch_all_is_changed_by_an_admin_with_a_reason(house, as_):
    chosen = [house.people["manager"].public_id, house.people["admin"].public_id]
    catch_all = CatchAll.current()
    sent = {"people": chosen, "reason": "two who answer", "version": catch_all.version}
    assert as_("admin").post("/catch-all/", sent).status_code == 302
    assert CatchAll.current().people == chosen
    empty = as_("admin").post("/catch-all/", {"reason": "x", "version": 2})
    assert "this is the last thing that can fail" in text(empty)


def test_a_route_is_added_changed_and_refused_twice(house, as_):
    client = as_("manager")
    sent = {"service": house.service.public_id, "severity": "1", "policy": house.policy.public_id, "runbook_url": ""}
    assert client.post("/routes/new/", sent).status_code == 302
    assert "There is a route for Checkout, SEV1 already." in text(client.post("/routes/new/", sent))
    bad = client.post("/routes/new/", {**sent, "severity": "2", "runbook_url": "wiki page"})
    assert "A runbook is an address that begins with http:// or https://." in text(bad)
    assert "wiki page" in bad.content.decode()
    route = Route.objects.get(severity=1)
    changed = {"policy": house.other_policy.public_id, "runbook_url": "", "reason": "billing knows", "version": 1}
    assert client.post(f"/routes/{route.public_id}/", changed).status_code == 302
    assert "policy Checkout critical Billing" in text(client.get(f"/routes/{route.public_id}/"))
    assert client.post(f"/routes/{route.public_id}/", changed).status_code == 409


def test_a_route_of_every_service_is_not_a_managers(house, as_):
    sent = {"service": "", "severity": "", "policy": house.policy.public_id, "runbook_url": ""}
    assert as_("manager").post("/routes/new/", sent).status_code == 422
    assert as_("manager").post("/routes/new/", {**sent, "service": house.other_service.public_id}).status_code == 422


def test_a_step_of_a_team_in_turn_at_certain_hours_is_kept_and_drawn_again(house, as_):
    client, team = as_("manager"), house.team
    sent = data(
        house,
        **{
            "step-0-people": [team.public_id], "step-0-delay": "5 min", "step-0-turn": "yes", "step-0-days": ["0", "4"],
            "step-0-starts": "22:00", "step-0-ends": "06:00", "step-0-zone": "Europe/Berlin",
        },
    )  # fmt: skip
    answer = client.post("/policies/new/", sent)
    assert answer.status_code == 302
    policy = Policy.objects.get(name="Night")
    kept = {"delay_s": 300, "people": [team.public_id], "round_robin": True}
    hours = {"zone": "Europe/Berlin", "days": [0, 4], "starts": "22:00", "ends": "06:00"}
    assert policy.steps == [{**kept, "hours": hours}]
    form = client.get(f"/policies/{policy.public_id}/edit/").content.decode()
    assert re.search(rf'value="{team.public_id}" checked', form)
    assert form.count(' name="step-0-days" value="4" checked') == 1
    assert "in turn (Mon, Fri, 22:00 to 06:00, Europe/Berlin)" in text(client.get(f"/policies/{policy.public_id}/"))


def test_hours_that_end_nowhere_are_refused_at_their_step(house, as_, steps):
    rows = {**steps(([house.people["responder"]], "5 min")), "step-0-days": ["1"], "step-0-zone": "Mars"}
    answer = as_("manager").post("/policies/new/", data(house, **rows))
    assert answer.status_code == 422
    assert "Hours are a time zone, weekdays" in text(answer)


def test_the_ladder_is_shown_for_any_instant_and_garbage_is_now(house, as_):
    client, page = as_("viewer"), f"/policies/{house.policy.public_id}/"
    shown = text(client.get(page, {"at": "2026-12-06T03:00"}))
    assert re.search(r"at once .{0,12}6 Dec.{0,8}03:00", shown), shown[:2000]
    for garbage in ("soon", "2026-13-01T00:00", "'", "9" * 300):
        assert client.get(page, {"at": garbage}).status_code == 200


def test_whoever_reads_may_ask_who_would_be_called_for_a_fault(house, as_):
    client = as_("auditor")
    shown = text(
        client.get("/routes/try/", {"service": house.service.public_id, "severity": "1", "at": "2026-12-06T03:00"})
    )
    assert f"{house.service.name}, SEV1" in shown
    assert "The catch-all" in shown
    assert client.get("/routes/try/", {"severity": "9"}).status_code == 422
    assert client.get("/routes/try/", {"service": "svc_x", "severity": "1"}).status_code == 422
