"""Now, incidents and one incident, as people of each role get them."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import resolve
from django.views.defaults import server_error

from config.page import DIGEST_HEADER, SECTIONS, SEEN_HEADER
from incidents.models import Incident, TimelineEntry
from incidents.services.work import declare
from ledger import clock
from ledger.liveness import beat
from tests.face.scene import HOUR, actor, watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(scene, client):
    client.force_login(scene.people["ben"])
    return client


def as_(person):
    caller = Client()
    caller.force_login(person)
    return caller


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def test_now_answers_in_one_sentence_what_is_wrong_and_who_has_it(ben):
    said = text_of(ben.get("/"))
    assert "Place order is down since" in said
    assert "Ben Okafor has it." in said


def test_a_watcher_that_is_late_is_in_the_first_lines(ben):
    # the scene's monitors were due hours ago and nothing has claimed them
    assert "The watcher itself is not well: checks" in text_of(ben.get("/"))


def test_now_nags_while_no_page_can_leave_the_machine(ben, settings):
    settings.EMAIL_URL, settings.TWILIO_ACCOUNT_SID = "", ""
    assert "Nobody can be paged." in text_of(ben.get("/"))
    settings.EMAIL_URL = "smtp://mail.example"
    assert "Nobody can be paged." not in text_of(ben.get("/"))


def test_who_may_only_read_gets_no_buttons_and_no_way_around_them(scene):
    vera = as_(scene.people["vera"])
    page = vera.get(f"/incidents/{scene.incident.number}/")
    assert b"formaction" not in page.content
    assert "Declare" not in text_of(vera.get("/incidents/"))
    for what in ("acknowledge", "resolve", "escalate", "people", "notes"):
        assert vera.post(f"/incidents/{scene.incident.number}/{what}/").status_code == 403
    assert vera.get("/incidents/declare/").status_code == 403
    scene.incident.refresh_from_db()
    assert scene.incident.state == "acknowledged"


def test_a_stranger_is_sent_to_sign_in(scene, client):
    for path in ("/", "/incidents/", f"/incidents/{scene.incident.number}/", "/incidents/declare/"):
        assert client.get(path).status_code == 302


def test_a_get_changes_nothing(ben, scene):
    for what in ("acknowledge", "resolve", "escalate", "people", "notes"):
        assert ben.get(f"/incidents/{scene.incident.number}/{what}/").status_code == 405


def test_resolving_ends_it_and_takes_the_buttons_away(ben, scene):
    answer = ben.post(f"/incidents/{scene.incident.number}/resolve/", follow=True)
    assert "Resolved. Whoever was paged is told to stand down." in text_of(answer)
    assert b"formaction" not in answer.content
    assert b"data-live" not in answer.content


def test_a_move_that_is_not_possible_is_said_in_words(ben, scene):
    ben.post(f"/incidents/{scene.incident.number}/resolve/")
    answer = ben.post(f"/incidents/{scene.incident.number}/escalate/", follow=True)
    assert answer.status_code == 200
    assert "cannot take" in text_of(answer)


def test_adding_somebody_pages_them_and_adding_nobody_says_so(ben, scene):
    path = f"/incidents/{scene.incident.number}/people/"
    assert "Mara Lindqvist is paged now." in text_of(
        ben.post(path, {"person": scene.people["mara"].public_id}, follow=True)
    )
    assert "Nobody was called." in text_of(ben.post(path, {"person": "usr_nobody"}, follow=True))


def test_a_note_that_begins_with_a_time_is_dated_back_and_both_clocks_are_shown(ben, scene):
    local = (clock.now() - timedelta(minutes=9)).astimezone(scene.people["ben"].zone)
    answer = ben.post(f"/incidents/{scene.incident.number}/notes/", {"text": f"{local:%H:%M} rolled back"}, follow=True)
    entry = TimelineEntry.objects.filter(kind="note").latest("id")
    assert entry.occurred_at.astimezone(local.tzinfo).strftime("%H:%M") == f"{local:%H:%M}"
    assert "rolled back" in text_of(answer)
    assert re.search(r"typed <time", answer.content.decode())


def test_what_somebody_writes_is_shown_as_text(ben, scene):
    answer = ben.post(f"/incidents/{scene.incident.number}/notes/", {"text": "<script>alert(1)</script>"}, follow=True)
    assert b"<script>alert" not in answer.content
    assert b"&lt;script&gt;alert" in answer.content


def test_declaring_makes_a_numbered_incident_and_an_empty_title_says_what_would_do(ben):
    refused = ben.post("/incidents/declare/", {"title": " ", "severity": "1", "urgency": "high"})
    assert refused.status_code == 422
    assert "Say in a few words what is wrong." in text_of(refused)
    made = ben.post(
        "/incidents/declare/", {"title": "Orders cannot be placed", "severity": "1", "urgency": "high"}, follow=True
    )
    assert Incident.objects.latest("id").title == "Orders cannot be placed"
    assert "Orders cannot be placed" in text_of(made)


def test_the_timeline_tells_the_steps_that_were_taken(ben, scene):
    said = text_of(ben.get(f"/incidents/{scene.incident.number}/"))
    assert "Step 1: Ana Duarte paged." in said
    assert "Step 2: Ben Okafor paged." in said
    assert "policy Checkout critical" in said


def test_the_four_facts_of_a_page_stand_in_four_columns(ben, scene):
    page = ben.get(f"/incidents/{scene.incident.number}/").content.decode()
    heads = re.findall(r'<th scope="col">(\w+)</th>', page)
    assert heads[heads.index("Accepted") :][:4] == ["Accepted", "Delivered", "Answered", "Confirmed"]
    assert "cannot know" in page


def test_filters_narrow_the_list_and_an_empty_answer_has_a_way_out(ben):
    assert "Label printer" not in text_of(ben.get("/incidents/?state=open")).split("All", 1)[1]
    said = text_of(ben.get("/incidents/?severity=2"))
    assert "No incident matches" in said
    assert "Clear the filters" in said


@pytest.mark.parametrize("path", ["/", "/incidents/", "INC"])
def test_a_fragment_that_has_not_changed_is_204_and_one_that_has_is_sent(ben, scene, path):
    number = scene.incident.number
    path = f"/incidents/{number}/" if path == "INC" else path
    first = ben.get(path, headers={"HX-Request": "true", SEEN_HEADER: "none"})
    assert first.status_code == 200
    assert b"<html" not in first.content
    assert b"csrfmiddlewaretoken" not in first.content, "a token would make every answer a new one"
    seen = {"HX-Request": "true", SEEN_HEADER: first[DIGEST_HEADER]}
    beat("engine", now=clock.now())
    assert ben.get(path, headers=seen).status_code == 204
    as_(scene.people["ana"]).post(f"/incidents/{number}/resolve/")
    changed = ben.get(path, headers=seen)
    assert changed.status_code == 200
    assert changed[DIGEST_HEADER] != first[DIGEST_HEADER]


def queries_of(django_assert_max_num_queries, caller, path):
    with django_assert_max_num_queries(200) as counted:
        assert caller.get(path).status_code == 200
    return len(counted)


def more_incidents(scene, count):
    who = scene.people["ben"]
    for i in range(count):
        declare(
            title=f"Other trouble {i}",
            severity=3,
            service=None,
            urgency="low",
            actor=actor(who),
            person=who,
            how="screen",
            now=clock.now(),
        )


@pytest.mark.parametrize("path", ["/", "/incidents/"])
def test_lists_ask_the_database_as_often_for_many_incidents_as_for_few(django_assert_max_num_queries, scene, ben, path):
    more_incidents(scene, 2)
    few = queries_of(django_assert_max_num_queries, ben, path)
    more_incidents(scene, 10)
    assert queries_of(django_assert_max_num_queries, ben, path) == few


def test_now_asks_as_often_for_many_monitors_as_for_few(django_assert_max_num_queries, scene, ben):
    few = queries_of(django_assert_max_num_queries, ben, "/")
    for i in range(4):
        watch(scene, f"Service {i}", f"Monitor {i}", [(scene.now - HOUR, None, "up")])
    assert queries_of(django_assert_max_num_queries, ben, "/") == few


def test_an_incident_asks_as_often_after_twenty_notes_as_before(django_assert_max_num_queries, scene, ben):
    path = f"/incidents/{scene.incident.number}/"
    few = queries_of(django_assert_max_num_queries, ben, path)
    for i in range(20):
        ben.post(f"{path}notes/", {"text": f"note {i}"})
    ben.get(path)
    assert queries_of(django_assert_max_num_queries, ben, path) == few


@pytest.mark.parametrize(
    ("address", "words"),
    [("/agreements/", "Services"), ("/systems/", "Services"), ("/maintenance/", "Monitors"), ("/routes/", "On call")],
)
def test_a_page_with_an_address_of_its_own_marks_the_section_it_lies_in(ben, address, words):
    html = ben.get(address).content.decode()
    assert re.findall(r'aria-current="page">([^<]+)</a>', html)[0] == words


def test_every_word_of_the_navigation_leads_somewhere(ben):
    for href, words in SECTIONS:
        resolve(href)
        page = ben.get(href)
        assert page.status_code == 200, href
        assert re.search(rf'href="{href}" aria-current="page">{words}</a>', page.content.decode()), href


def test_the_worst_incident_stands_on_pages_that_are_not_about_it(ben, scene):
    assert b"watchline" in ben.get("/people/").content
    assert b'class="watchline' not in ben.get(f"/incidents/{scene.incident.number}/").content


def test_pages_carry_the_policy_that_forbids_inline_code(ben):
    policy = ben.get("/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_theme_of_the_person_is_drawn_by_the_server(ben, scene, theme):
    ben.post("/theme/", {"theme": theme})
    html = ben.get("/").content.decode().partition(">")[2]
    assert ('data-theme="' in html[:200]) == (theme != "auto")
    assert (f'data-theme="{theme}"' in html[:200]) == (theme != "auto")


def test_times_are_in_the_zone_of_the_reader_which_the_foot_names(ben, scene):
    page = ben.get("/")
    assert "Times in Europe/Berlin" in text_of(page)


def test_an_unknown_address_and_a_refusal_look_like_pages_of_ours(ben, scene):
    missing = ben.get("/incidents/INC-2026-9999/")
    assert missing.status_code == 404
    assert "There is nothing at this address." in text_of(missing)
    refused = as_(scene.people["vera"]).get("/incidents/declare/")
    assert "Your role does not allow this." in text_of(refused)


def test_a_failed_page_says_what_goes_on_without_asking_the_database(rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = server_error(rf.get("/"))
    assert answer.status_code == 500
    assert "Watching and paging go on." in text_of(answer)


def test_a_form_too_old_to_be_sent_says_so(scene):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(scene.people["ben"])
    answer = strict.post(f"/incidents/{scene.incident.number}/resolve/")
    assert answer.status_code == 403
    assert "This form is too old to be sent." in text_of(answer)


def test_the_style_guide_is_there_only_while_debugging(client, settings):
    assert client.get("/styleguide/").status_code == 404
    settings.DEBUG = True
    assert client.get("/styleguide/").status_code == 200
