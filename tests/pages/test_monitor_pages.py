"""Monitors, services and systems on their pages: added, edited, paused, retired, and never with anything lost."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.clock import now as clock_now
from monitors.models import Monitor, MonitorState, Rule, Service, StateInterval, System
from monitors.probes.trace import Outcome, Trace
from monitors.services import change_monitor, create_monitor
from tests import builders as make
from tests.accounts.test_people_pages import text


def filled(answer):
    """The form of a page as a browser would send it back."""
    html = answer.content.decode()
    form = html[html.rindex('<form class="form') : html.rindex("</form>", 0, html.index('<footer class="foot"'))]
    data = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form))
    data |= {
        name: value.strip()
        for name, value in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\s*([^<]*)</textarea>', form)
    }
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        data[name] = chosen.group(1) if chosen else ""
    data.pop("csrfmiddlewaretoken", None)
    return data


NEW = {
    "name": "Basket", "url": "https://shop.example.com/basket", "service": "", "new_service": "Shop", "method": "GET",
    "accepted_status": "200-299", "keyword_present": "yes", "redirects": "5", "interval_s": "20 s", "timeout_s": "10 s",
    "confirmation_s": "1 min", "recovery_s": "1 min", "severity": "1", "urgency": "high",
}  # fmt: skip


def test_a_monitor_and_its_service_are_made_together(house, as_):
    answer = as_("manager").post("/monitors/add/save/", {**NEW, "headers": "X-Api-Key: sesame", "bearer": "t0ken"})
    assert answer.status_code == 302
    monitor = Monitor.objects.get(name="Basket")
    assert (monitor.service.name, monitor.service.team, monitor.interval_s) == ("Shop", house.team, 20)
    assert monitor.secrets == {"headers": {"X-Api-Key": "sesame"}, "bearer": "t0ken"}
    page = as_("viewer").get(f"/monitors/{monitor.public_id}/").content.decode()
    assert "X-Api-Key" in page
    assert "sesame" not in page
    assert "t0ken" not in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"url": "ftp://x"}, "The address must begin with http:// or https://. You wrote ftp://x."),
        ({"url": "https://user:pw@x.example/"}, "Leave name and password out of the address"),
        ({"url": "http://169.254.169.254/latest/"}, "is a cloud metadata address, which Watchbook never calls."),
        ({"interval_s": "0"}, "Between 1 s and 1 d. You wrote 0."),
        ({"interval_s": "soon"}, "Write a length of time such as 20 s, 5 min or 1 h. You wrote soon."),
        ({"timeout_s": "50 s"}, "Give up before the next check is due: it runs every 20 s and you wrote 50 s."),
        ({"accepted_status": "good"}, "Write status codes and ranges such as 200-299, 304. You wrote good."),
        ({"method": "HEAD", "keyword": "ok"}, "An answer to HEAD has no body to look in."),
        ({"headers": "no colon here"}, "Line 1 is not a header."),
        ({"basic_username": "ana"}, "Basic sign-in needs a name without a colon, and a password."),
        ({"bearer": "two words"}, "A token has no spaces or line breaks."),
        ({"body": "x"}, "A GET request carries no body."),
        ({"redirects": "99"}, "A number from 0 to 10."),
        ({"new_service": ""}, "Choose a service, or name a new one."),
        ({"new_service": "Checkout"}, "Another service is already called Checkout."),
        ({"name": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_watched_says_why_and_keeps_the_form(house, as_, fields, sentence):
    services = Service.objects.count()
    answer = as_("manager").post("/monitors/add/save/", {**NEW, **fields})
    assert answer.status_code == 422
    assert sentence in text(answer).replace("&#x27;", "'")
    kept = answer.content.decode()
    assert 'value="10 s"' in kept or fields.get("timeout_s") == "50 s"
    assert "Basket" in kept or not fields.get("name", "x")
    assert Service.objects.count() == services
    assert not Monitor.objects.filter(name="Basket").exists()


def test_a_name_twice_in_one_service_is_refused(house, as_):
    answer = as_("manager").post(
        "/monitors/add/save/", {**NEW, "name": "Checkout API", "service": house.service.public_id}
    )
    assert "Another monitor of Checkout is already called Checkout API." in text(answer)


def test_a_manager_cannot_put_a_monitor_into_the_service_of_another_team(house, as_):
    answer = as_("manager").post("/monitors/add/save/", {**NEW, "service": house.other_service.public_id})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "Paste an address, for instance"),
        ("not an address", "You wrote https://not an address."),
        ("http://169.254.169.254/", "is a cloud metadata address, which Watchbook never calls."),
        ("http://metadata.google.internal/", "is a cloud metadata service, which Watchbook never calls."),
        ("http://10.99.1.2/", "10.99.1.2 is not on the public internet, and no allowed network covers it."),
    ],
)
def test_an_address_that_cannot_be_checked_says_why(house, as_, url, sentence):
    answer = as_("manager").post("/monitors/add/check/", {"url": url})
    assert answer.status_code == 422
    assert sentence in text(answer)


def test_only_an_admin_is_offered_to_allow_a_private_network(house, as_):
    shown = text(as_("manager").post("/monitors/add/check/", {"url": "http://10.99.1.2/"}))
    assert "Ask an admin to allow 10.99.1.2/32" in shown
    offered = as_("admin").post("/monitors/add/check/", {"url": "http://10.99.1.2/"}).content.decode()
    assert 'value="10.99.1.2/32"' in offered
    assert "Allow it and check again" in offered


def test_an_unknown_host_is_shown_as_what_it_is(house, as_):
    answer = as_("manager").post("/monitors/add/check/", {"url": "https://nobody.invalid/health"})
    assert answer.status_code == 200
    assert "No answer" in text(answer)
    assert "Start watching" in text(answer)


def test_editing_keeps_secrets_that_were_not_written_and_removes_those_that_were_told_to_go(house, as_, now):
    monitor = create_monitor(
        service=house.service, name="Guarded", target={"url": "https://guarded.example/"}, now=now,
        secrets={"headers": {"X-Api-Key": "sesame"}, "bearer": "t0ken"},
    )  # fmt: skip
    page = f"/monitors/{monitor.public_id}/edit/"
    shown = as_("manager").get(page)
    assert "sesame" not in shown.content.decode()
    data = {**filled(shown), "name": "Guarded door", "reason": "clearer"}
    assert as_("manager").post(page, data).status_code == 302
    monitor.refresh_from_db()
    assert (monitor.name, monitor.secrets) == ("Guarded door", {"headers": {"X-Api-Key": "sesame"}, "bearer": "t0ken"})
    data = {
        **filled(as_("manager").get(page)),
        "drop_headers": "on",
        "drop_bearer": "on",
        "reason": "no longer guarded",
    }
    as_("manager").post(page, data)
    monitor.refresh_from_db()
    assert monitor.secrets is None
    history = text(as_("viewer").get(f"/monitors/{monitor.public_id}/"))
    assert "name Guarded Guarded door" in history
    assert "no longer guarded" in history


def test_a_stale_edit_loses_nothing_and_says_who_changed_what_even_in_the_rule(house, as_, now):
    page = f"/monitors/{house.monitor.public_id}/edit/"
    data = {**filled(as_("manager").get(page)), "name": "My name", "reason": "mine"}
    change_monitor(house.monitor, {"severity": 1, "interval_s": 30}, now=now + timedelta(hours=1), reason="page louder")
    answer = as_("manager").post(page, data)
    assert answer.status_code == 409
    said = text(answer)
    assert "interval 60 30" in said
    assert "severity 2 1" in said
    assert "page louder" in said
    assert 'value="My name"' in answer.content.decode()
    house.monitor.refresh_from_db()
    assert house.monitor.name == "Checkout API"
    assert as_("manager").post(page, {**filled(answer), "reason": "mine"}).status_code == 302
    house.monitor.refresh_from_db()
    assert (house.monitor.name, Rule.objects.get(monitor=house.monitor, condition="down").severity) == ("My name", 2)


def test_pause_resume_and_retire_ask_for_a_reason_and_say_what_happened(house, as_):
    client, monitor = as_("manager"), house.monitor
    page = f"/monitors/{monitor.public_id}/"
    refused = client.post(f"{page}pause/", {"reason": "", "version": monitor.version})
    assert (refused.status_code, "Say why in a few words." in text(refused)) == (422, True)
    client.post(f"{page}pause/", {"reason": "moving house", "version": monitor.version})
    assert "Paused since" in text(client.get(page))
    twice = client.post(f"{page}pause/", {"reason": "again", "version": monitor.version + 1})
    assert "Checkout API is paused already." in text(twice).replace("&#x27;", "'")
    client.post(f"{page}resume/", {"reason": "moved", "version": monitor.version + 1})
    client.post(f"{page}retire/", {"reason": "gone", "version": monitor.version + 2})
    monitor.refresh_from_db()
    assert monitor.retired_at is not None
    assert "It is not checked any more." in text(as_("viewer").get(page))
    assert client.get(f"{page}edit/").status_code == 404
    assert monitor.name not in text(client.get("/monitors/?q=Checkout API"))


def test_the_list_asks_the_same_number_of_questions_for_few_and_many_monitors(house, as_):
    client = as_("viewer")
    client.get("/monitors/")
    counts = []
    for batch in range(2):
        for n in range(10):
            make.monitor(f"M{batch}{n}", service=house.service, now=house.now)
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/monitors/").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_list_is_narrowed_by_text_service_and_state_and_paged(house, as_):
    for n in range(45):
        make.monitor(f"Many {n:02}", service=house.service, now=house.now)
    client = as_("viewer")
    assert "1 to 40 of 48" in text(client.get("/monitors/"))
    assert "41 to 48 of 48" in text(client.get("/monitors/?page=2"))
    assert "1 to 1 of 1" in text(client.get(f"/monitors/?service={house.other_service.public_id}"))
    assert "1 to 10 of 10" in text(client.get("/monitors/?q=many 1"))
    assert "No monitor matches" in text(client.get("/monitors/?state=down"))
    assert client.get("/monitors/?page=x&state=bogus").status_code == 200


def test_a_service_says_its_systems_owner_and_whom_a_fault_pages(house, as_):
    client = as_("manager")
    page = f"/services/{house.service.public_id}/"
    data = {
        "name": "Checkout", "team": house.team.public_id, "owner": house.colleague.public_id, "description": "Where money comes in",
        "systems": [house.system.public_id], "reason": "inventory", "version": house.service.version,
    }  # fmt: skip
    assert client.post(f"{page}edit/", data).status_code == 302
    shown = text(client.get(page))
    assert "db-01" in shown
    assert "Where money comes in" in shown
    assert "Owner Bob Colleague" in shown
    assert "Checkout" in text(client.get(f"/systems/{house.system.public_id}/"))
    assert "goes to Checkout critical" in text(client.get(f"{page}goes-to/2/"))
    refused = client.post(f"{page}retire/", {"reason": "x", "version": house.service.version + 1})
    assert "2 monitors still watch Checkout." in text(refused)
    taken = client.post("/services/new/", {"name": "billing", "team": "", "owner": "", "description": ""})
    assert "Another service is already called billing." in text(taken)


def test_a_system_is_put_into_the_inventory_with_its_scope(house, as_):
    client = as_("manager")
    data = {
        "name": "lb-01",
        "system_class": "production",
        "environment": "production",
        "team": "",
        "owner": "",
        "description": "",
    }
    wrong = client.post("/systems/new/", {**data, "scope_from": "2026-05-01", "scope_until": "2026-04-01"})
    assert "A system leaves scope after it entered it." in text(wrong)
    assert client.post("/systems/new/", {**data, "scope_from": "2026-05-01", "scope_until": ""}).status_code == 302
    system = System.objects.get(name="lb-01")
    assert "1 May 2026 to now" in text(client.get(f"/systems/{system.public_id}/"))
    edited = {**data, "environment": "staging", "reason": "moved", "version": 1, "scope_from": "", "scope_until": ""}
    assert client.post(f"/systems/{system.public_id}/edit/", edited).status_code == 302
    assert "environment production staging" in text(client.get(f"/systems/{system.public_id}/"))


def test_a_fragment_is_polled_without_the_page_around_it(house, as_):
    answer = as_("viewer").get(f"/monitors/{house.monitor.public_id}/state/")
    assert "<html" not in answer.content.decode()
    assert "Checkout API" in answer.content.decode()


def test_an_open_interval_nobody_covers_is_unknown_on_every_page(house, as_):
    at = clock_now()
    heard = at - timedelta(hours=1)
    row = MonitorState.objects.get(monitor=house.monitor)
    row.state, row.since, row.covered_until, row.silent_at = "up", at - timedelta(hours=2), heard, heard
    row.save()
    StateInterval.objects.filter(pk=row.interval_id).update(state="up", covered_until=heard)
    assert "Unknown Checkout API" in text(as_("viewer").get("/monitors/?state=unknown"))
    page = text(as_("viewer").get(f"/monitors/{house.monitor.public_id}/"))
    assert "Unknown since" in page
    assert "nothing was heard since" in page


def test_another_type_of_check_is_chosen_and_has_its_own_form(house, as_):
    client = as_("manager")
    assert "Asks an application how it and its dependencies are" in text(client.get("/monitors/add/"))
    shown = client.get("/monitors/add/?kind=health")
    assert "Dependencies it must speak of" in text(shown)
    data = {**filled(shown), "name": "Basket health", "url": "shop.example.com/health", "required": "db\ncache"}
    assert client.post("/monitors/add/save/", data | {"service": house.service.public_id}).status_code == 302
    monitor = Monitor.objects.get(name="Basket health")
    assert (monitor.kind, monitor.address) == ("health", "https://shop.example.com/health")
    assert monitor.target["required"] == ["db", "cache"]
    page = text(client.get(f"/monitors/{monitor.public_id}/"))
    assert "Dependencies it must speak of db, cache" in page
    edited = filled(client.get(f"/monitors/{monitor.public_id}/edit/"))
    assert edited["required"] == "db\ncache"
    client.post(f"/monitors/{monitor.public_id}/edit/", {**edited, "required": "db", "reason": "no cache any more"})
    monitor.refresh_from_db()
    assert monitor.target["required"] == ["db"]


def test_a_check_is_made_once_as_the_form_says_and_nothing_is_stored(house, as_, monkeypatch):
    asked = []

    def run(check, rules, *, now):
        asked.append(check)
        return Trace(outcome=Outcome.FAILED, code="json", sentence="$.status is “down”.", status=200)

    monkeypatch.setattr("monitors.services.checks.run_once", run)
    sent = {**NEW, "name": "", "new_service": "", "json_path": "$.status", "bearer": "t0ken"}
    answer = as_("manager").post("/monitors/add/once/", sent)
    assert answer.status_code == 200
    shown = text(answer)
    assert "$.status is “down”." in shown
    assert "write them once more before you save" in shown
    kept = filled(answer)
    assert (kept["name"], kept["new_service"]) == ("shop.example.com/basket", "shop.example.com")
    assert kept["json_path"] == "$.status"
    assert "t0ken" not in answer.content.decode()
    assert asked[0].json.subject == "$.status"
    assert not Monitor.objects.filter(target__url=NEW["url"]).exists()
    refused = as_("manager").post("/monitors/add/once/", {**sent, "url": "http://169.254.169.254/"})
    assert (refused.status_code, "which Watchbook never calls" in text(refused)) == (422, True)
    assert len(asked) == 1


def test_certificate_and_name_are_proposed_beside_an_address_and_made_with_it(house, as_, monkeypatch):
    monkeypatch.setattr("monitors.services.checks.run_once", lambda *a, **k: Trace(status=200))
    client = as_("manager")
    proposed = client.post("/monitors/add/check/", {"url": "shop.example.com/basket"})
    assert "Certificate of shop.example.com: its certificate" in text(proposed)
    assert proposed.content.decode().count('name="beside"') == 2
    answer = client.post("/monitors/add/save/", {**NEW, "beside": ["tls", "dns"]})
    assert answer.status_code == 302
    made = {one.kind: one for one in Monitor.objects.filter(service__name="Shop")}
    assert set(made) == {"http", "tls", "dns"}
    assert made["tls"].target["host"] == made["dns"].target["domain"] == "shop.example.com"
    again = client.post("/monitors/add/check/", {"url": "https://shop.example.com/other"})
    assert 'name="beside"' not in again.content.decode()


def test_nothing_is_made_if_one_of_them_cannot_be(house, as_):
    make.monitor("Certificate of shop.example.com", service=house.service, now=house.now)
    sent = {**NEW, "service": house.service.public_id, "new_service": "", "beside": ["tls", "dns"]}
    answer = as_("manager").post("/monitors/add/save/", sent)
    assert answer.status_code == 422
    assert "already called Certificate of shop.example.com" in text(answer)
    assert not Monitor.objects.filter(name="Basket").exists()
