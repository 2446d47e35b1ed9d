"""The pages of locations: what is heard from where, and where a monitor is checked from."""

from datetime import timedelta

from django.utils.html import strip_tags

from ledger import clock
from monitors.engine import life
from monitors.models import Location, MonitorLocation
from monitors.services import create_location


def text(answer):
    return " ".join(strip_tags(answer.content.decode().replace("</t", " </t")).split())


def test_an_admin_adds_renames_and_retires_a_place(house, as_):
    admin = as_("admin")
    made = admin.post("/locations/new/", {"name": "paris", "public_key": ""})
    page = made.headers["Location"]
    assert "Its probe reaches the database itself." in text(admin.get(page))
    renamed = admin.post(f"{page}edit/", {"name": "paris-2", "public_key": "", "reason": "Moved", "version": "1"})
    assert renamed.status_code == 302
    assert "paris-2" in text(admin.get("/locations/"))
    assert "Moved" in text(admin.get(page))
    assert admin.post(f"{page}retire/", {"reason": "Closed", "version": "2"}).status_code == 302
    assert "paris-2 is retired." in text(admin.get("/locations/"))
    assert "paris-2" not in text(admin.get("/locations/"))


def test_a_name_that_names_no_queue_or_is_taken_is_refused_with_a_sentence(house, as_):
    admin = as_("admin")
    for name, said in (("a b", "it names a queue"), ("LOCAL", "already called")):
        answer = admin.post("/locations/new/", {"name": name})
        assert answer.status_code == 422
        assert said in text(answer)


def test_the_embedded_installation_refuses_a_remote_key_in_a_sentence(house, as_, settings):
    settings.REDIS_URL = ""
    answer = as_("admin").post("/locations/new/", {"name": "paris", "public_key": "wbk1_" + "A" * 86})
    assert answer.status_code == 422
    assert "Remote probes need PostgreSQL and Redis" in text(answer)


def test_a_manager_chooses_where_a_monitor_is_checked_from(house, as_):
    paris = create_location(name="paris", now=house.now, reason="Test")
    rome = create_location(name="rome", now=house.now, reason="Test")
    local = Location.objects.get(name="local")
    page = f"/monitors/{house.monitor.public_id}/locations/"
    manager = as_("manager")
    chosen = [one.public_id for one in (local, paris, rome)]
    sent = manager.post(page, {"locations": chosen, "advise_after_s": "5 min", "reason": "Seen from three"})
    assert sent.status_code == 302, text(sent)
    shown = text(manager.get(f"/monitors/{house.monitor.public_id}/"))
    assert "0 of 3 speak, 2 must agree. One that fails alone for 5 min is told." in shown
    none = manager.post(page, {"advise_after_s": "5 min", "reason": "None"})
    assert (none.status_code, MonitorLocation.objects.in_force().filter(monitor=house.monitor).count()) == (422, 3)


def test_a_silent_place_is_said_to_be_silent(house, as_):
    local = Location.objects.get(name="local")
    assert "Silent" in text(as_("viewer").get("/locations/"))
    life.write(local.pk, result_at=clock.now())
    assert "Heard" in text(as_("viewer").get("/locations/"))
    life.write(local.pk, result_at=clock.now() - timedelta(hours=1))
    assert "none yet" not in text(as_("viewer").get(f"/locations/{local.public_id}/"))
