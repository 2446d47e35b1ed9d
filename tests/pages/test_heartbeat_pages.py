"""Heartbeats on their pages: an address to copy, runs before and after they are saved, keys, and who sees what."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.clock import now as clock_now
from monitors.engine.beating import judge_heartbeats
from monitors.heartbeats.address import read_address
from monitors.models import Heartbeat, Monitor, PingKey
from monitors.services.ping_keys import plain_key
from monitors.services.pinging import Call, receive
from tests.accounts.test_people_pages import text

NEW = {
    "name": "Weekday export", "service": "", "new_service": "Exports", "schedule": "cron", "period_s": "",
    "expression": "30 2 * * 1-5", "zone": "America/New_York", "grace_s": "10 min", "run_limit_s": "30 min",
    "early_s": "1 min", "methods": "any", "slug": "", "severity": "2", "urgency": "high",
}  # fmt: skip
UUID = "6a7fe2c3-5d7a-4b2e-9d2f-0a1b2c3d4e5f"


def address_of(monitor):
    return plain_key(PingKey.objects.get(monitor=monitor, ends_at__isnull=True))


def pinged(monitor, act="", body=b"", ago=timedelta(minutes=1)):
    now = clock_now() - ago
    receive(read_address(address_of(monitor) + act), Call("POST", agent="curl/8", body=body), create=False, now=now)
    judge_heartbeats(clock_now() + timedelta(seconds=5))


def test_the_next_runs_are_shown_in_both_zones_before_anything_is_saved(house, as_):
    answer = as_("manager").post("/monitors/add/heartbeat/", {**NEW, "do": "preview"})
    assert answer.status_code == 200
    said = text(answer)
    assert said.count(", 02:30") >= 5, "in the zone of the job"
    assert "America/New_York" in said and "not saved yet" in said
    assert not Monitor.objects.filter(name="Weekday export").exists()


def test_a_heartbeat_is_made_and_its_page_has_the_address_to_copy(house, as_):
    browser = as_("manager")
    made = browser.post("/monitors/add/heartbeat/", {**NEW, "do": "save"}, follow=True)
    monitor = Monitor.objects.get(name="Weekday export")
    assert (monitor.kind, monitor.service.name, monitor.target["expression"]) == (
        "heartbeat",
        "Exports",
        "30 2 * * 1-5",
    )
    said = text(made)
    assert f"/ping/{address_of(monitor)}" in said
    for words in ("curl -fsS", "30 2 * * 1-5 /usr/local/bin/backup.sh", "Invoke-RestMethod", "urlopen"):
        assert words in said
    assert "Waiting for the first ping" in said


def test_a_schedule_that_cannot_be_read_keeps_what_was_typed(house, as_):
    answer = as_("manager").post("/monitors/add/heartbeat/", {**NEW, "expression": "at night"})
    assert answer.status_code == 422
    assert "Cron has five fields" in text(answer)
    assert "at night" in answer.content.decode()


def test_pings_runs_and_what_was_sent_are_shown(house, as_):
    pinged(house.heartbeat, "/start", ago=timedelta(minutes=9))
    pinged(house.heartbeat, "/3", b"no space left <b>on</b> device\xff", ago=timedelta(minutes=2))
    page = as_("viewer").get(f"/monitors/{house.heartbeat.public_id}/")
    said = text(page)
    assert "failed, exit status 3" in said
    assert "7 min" in said, "how long the run took"
    assert "no space left &lt;b&gt;on&lt;/b&gt; device\ufffd" in page.content.decode()
    assert "Down" in said


def test_who_may_not_edit_sees_the_address_masked(house, as_):
    for role in ("viewer", "auditor", "responder"):
        said = text(as_(role).get(f"/monitors/{house.heartbeat.public_id}/"))
        assert address_of(house.heartbeat) not in said
        assert f"/ping/…{address_of(house.heartbeat)[-4:]}" in said


def test_a_new_key_stands_beside_the_old_one_until_that_ends(house, as_):
    old, url = address_of(house.heartbeat), f"/monitors/{house.heartbeat.public_id}/new-key/"
    pinged(house.heartbeat)
    browser = as_("manager")
    data = {"overlap_s": "2 d", "key": "", "reason": "It was in a log", "version": "1"}
    said = text(browser.post(url, data, follow=True))
    assert address_of(house.heartbeat) in said
    assert f"The old key …{old[-4:]} still works until" in said
    assert "Last used" in said
    brought = text(browser.post(url, {**data, "key": UUID, "reason": "Moved"}, follow=True))
    assert "brought along" in brought and UUID not in brought
    refused = browser.post(url, {**data, "key": "no uuid"})
    assert refused.status_code == 422 and "Write the UUID" in text(refused)


def test_a_heartbeat_is_edited_with_a_reason_and_a_stale_form_loses_nothing(house, as_):
    url, browser = f"/monitors/{house.heartbeat.public_id}/edit/", as_("manager")
    data = {
        **NEW, "name": "Nightly export", "service": house.service.public_id, "reason": "Moved to cron", "version": "1",
        "rule_version": "1", "do": "save",
    }  # fmt: skip
    assert browser.post(url, data).status_code == 302
    assert Monitor.objects.get(pk=house.heartbeat.pk).target["schedule"] == "cron"
    again = browser.post(url, {**data, "grace_s": "20 min"})
    assert again.status_code == 409
    assert "20 min" in again.content.decode()


def test_a_paused_heartbeat_expects_nothing_and_says_so(house, as_):
    pinged(house.heartbeat)
    browser, url = as_("manager"), f"/monitors/{house.heartbeat.public_id}/"
    assert browser.post(url + "pause/", {"reason": "Moving", "version": "1"}).status_code == 302
    assert "Nothing while it is paused" in text(browser.get(url))
    assert Heartbeat.objects.get(pk=house.heartbeat.pk).expected_at is None
    assert "State" in text(browser.get(url + "state/"))


def test_a_project_key_is_made_rotated_and_retired_on_its_page(house, as_):
    browser = as_("manager")
    data = {"name": "Pipelines", "service": house.service.public_id, "key": ""}
    said = text(browser.post("/monitors/ping-keys/", data, follow=True))
    key = PingKey.objects.get(name="Pipelines")
    assert plain_key(key) in said
    url = f"/monitors/ping-keys/{key.public_id}/"
    changed = {"reason": "It leaked", "version": "1", "overlap_s": "1 d", "key": ""}
    assert "The new key is in force" in text(browser.post(url + "rotate/", changed, follow=True))
    assert "opens nothing any more" in text(
        browser.post(url + "retire/", {"reason": "Done", "version": "2"}, follow=True)
    )
    assert text(as_("viewer").get("/monitors/ping-keys/")).count("/ping/…") == 2


def test_a_page_asks_as_much_with_many_pings_as_with_few(house, as_):
    browser, url, asked = as_("viewer"), f"/monitors/{house.heartbeat.public_id}/", []
    for pings in (3, 30):
        for n in range(pings):
            receive(
                read_address(address_of(house.heartbeat)), Call("POST", body=b"x"), create=False,
                now=clock_now() - timedelta(minutes=n),
            )  # fmt: skip
        judge_heartbeats(clock_now() + timedelta(seconds=5))
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(url).status_code == 200
        asked.append(len(queries))
    assert asked[1] <= asked[0]
