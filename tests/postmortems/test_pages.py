"""Post-mortems and action items on their pages: written, refused without losing a word, approved by a second person."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postmortems.models import ActionItem, PostMortem, Publication
from postmortems.queries import text_of
from postmortems.services.review import publish
from tests.accounts.test_people_pages import text
from tests.postmortems.desk import Desk
from tests.postmortems.test_action_items import change

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_(world):
    def signed_in(name):
        client = Client()
        client.force_login(world.people[name])
        return client

    return signed_in


def page_of(postmortem):
    return f"/postmortems/{postmortem.number}/"


def hidden(answer, name):
    return re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())[1]


def test_from_the_incident_to_the_published_post_mortem_on_the_screen(as_, world, incident):
    alice, mona = as_("Alice"), as_("Mona")
    assert "post-mortem/" in alice.get(f"/incidents/{incident.number}/").content.decode()
    fragment = alice.get(f"/incidents/{incident.number}/post-mortem/", headers={"HX-Request": "true"})
    assert "Owed because it was SEV2" in text(fragment)
    assert "<html" not in fragment.content.decode()
    begun = alice.post(f"/incidents/{incident.number}/post-mortem/", follow=True)
    draft = PostMortem.objects.get()
    assert f"{draft} is yours to write." in text(begun)
    assert "Beginning to detected" in text(begun)
    assert 'class="cite"' in begun.content.decode()
    for section in ("impact", "root_cause", "contributing", "detection_gap"):
        answer = alice.post(f"{page_of(draft)}sections/{section}/", {"text": f"On {section}.", "version": 0})
        assert answer.status_code == 302
    refused = alice.post(f"{page_of(draft)}submit/")
    assert refused.status_code == 422
    assert "Choose the kind of root cause" in text(refused)
    draft.refresh_from_db()
    cause = {"root_cause_category": "change", "runbook_changed": "no", "version": draft.version}
    assert alice.post(f"{page_of(draft)}cause/", cause).status_code == 302
    due = (world.now + timedelta(days=7)).date()
    promise = {"text": "Alert on the pool", "kind": "detect", "owner": world.people["Bob"].public_id, "due_on": due}
    assert alice.post(f"{page_of(draft)}action-items/", promise).status_code == 302
    assert "Approval is asked for." in text(alice.post(f"{page_of(draft)}submit/", follow=True))
    shown = mona.get(page_of(draft))
    assert "Approve and publish" in text(shown)
    done = mona.post(f"{page_of(draft)}publish/", {"sha256": hidden(shown, "sha256")}, follow=True)
    assert "Published. It is read only now." in text(done)
    assert "Approved by Mona Meyer" in text(done)
    assert "On root_cause." in text(alice.get(f"{page_of(draft)}revisions/1/"))
    assert draft.number in text(alice.get(f"/incidents/{incident.number}/post-mortem/", follow=True))


def test_a_stale_save_keeps_what_was_typed_and_shows_theirs(as_, draft, bob):
    page = f"{page_of(draft)}sections/impact/"
    assert hidden(as_("Alice").get(page), "version") == "0"
    bob.writes(draft, "impact", "Bob's words.")
    answer = as_("Alice").post(page, {"text": "Alice's words.", "version": 0})
    assert answer.status_code == 409
    said = text(answer).replace("&#x27;", "'")
    assert "Bob Brandt saved this section meanwhile, as version 1." in said
    assert "Bob's words." in said
    assert "Alice&#x27;s words.</textarea>" in answer.content.decode()
    assert text_of(draft, "impact") == ("Bob's words.", 1)
    again = as_("Alice").post(page, {"text": "Both.", "version": hidden(answer, "version")})
    assert again.status_code == 302
    assert text_of(draft, "impact") == ("Both.", 2)


def test_a_citation_is_inserted_and_previewed_without_saving(as_, draft):
    alice, page = as_("Alice"), f"{page_of(draft)}sections/lessons/"
    fact = draft.incident.timeline.first()
    answer = alice.post(page, {"text": "See", "version": 0, "insert": fact.public_id})
    assert f"See [{fact.public_id}]</textarea>" in answer.content.decode()
    assert f'<a class="cite" href="#{fact.public_id}"' in answer.content.decode()
    drawn = alice.post(f"{page}preview/", {"text": f"**Bold** [{fact.public_id}] <script>"})
    assert "<strong>Bold</strong>" in drawn.content.decode()
    assert "&lt;script&gt;" in drawn.content.decode()
    assert "<html" not in drawn.content.decode()
    assert text_of(draft, "lessons") == ("", 0)


def test_what_cannot_be_saved_says_why_and_keeps_the_text(as_, draft):
    alice, page = as_("Alice"), f"{page_of(draft)}sections/lessons/"
    answer = alice.post(page, {"text": "Look [tle_aaaaaaaaaaaaaaaa]", "version": 0})
    assert answer.status_code == 422
    assert f"[tle_aaaaaaaaaaaaaaaa] is no fact of {draft.incident.number}." in text(answer)
    assert "Look [tle_aaaaaaaaaaaaaaaa]</textarea>" in answer.content.decode()
    long = alice.post(page, {"text": "x" * 66_000, "version": 0})
    assert "at most 64 kB; this one has 65 kB" in text(long)
    previewed = alice.post(f"{page}preview/", {"text": "[tle_aaaaaaaaaaaaaaaa]"})
    assert "It cannot be saved like this." in text(previewed)


def test_a_published_one_is_read_only_on_the_screen(as_, in_review, mona):
    mona.does(publish, in_review, how="screen")
    alice = as_("Alice")
    assert f"{page_of(in_review)}sections/" not in alice.get(page_of(in_review)).content.decode()
    answer = alice.post(f"{page_of(in_review)}sections/impact/", {"text": "Else", "version": 1}, follow=True)
    assert "It is published and read only." in text(answer)
    empty = alice.post(f"{page_of(in_review)}correct/", {"reason": ""})
    assert (empty.status_code, "Say why in a few words." in text(empty)) == (422, True)
    begun = alice.post(f"{page_of(in_review)}correct/", {"reason": "Numbers were wrong"}, follow=True)
    assert "A correction has begun." in text(begun)
    assert "Revision 1, as published" in text(begun)
    assert "Edit" in text(begun)


def test_who_wrote_it_is_asked_why_nobody_else_can_approve(as_, world, draft):
    mona = Desk(world, "Mona")
    mona.writes_all(draft)
    client = as_("Mona")
    client.post(f"{page_of(draft)}submit/")
    shown = client.get(page_of(draft))
    assert "Publish without a second person" in text(shown)
    sha = hidden(shown, "sha256")
    refused = client.post(f"{page_of(draft)}publish/", {"sha256": sha, "exception": ""})
    assert (refused.status_code, "You wrote part of it." in text(refused)) == (422, True)
    done = client.post(f"{page_of(draft)}publish/", {"sha256": sha, "exception": "Ada is away"}, follow=True)
    assert "none Ada is away" in text(done)
    assert Publication.objects.get().second_person is False


def test_an_auditor_and_a_viewer_read_everything_and_change_nothing(as_, in_review, alice):
    item = alice.promises(in_review, "Second pool")
    version = in_review.versions.first()
    for name in ("Audra", "Victor"):
        client = as_(name)
        for path in (
            "/postmortems/", "/postmortems/action-items/", page_of(in_review), f"/postmortems/action-items/{item}/",
            f"{page_of(in_review)}versions/{version.public_id}/", f"/incidents/{in_review.incident.number}/post-mortem/",
        ):  # fmt: skip
            shown = client.get(path)
            assert shown.status_code == 200, path
            assert 'method="post"' not in shown.content.decode().replace('action="/theme/" method="post"', ""), path
        for what in (
            "cause/", "submit/", "send-back/", "publish/", "correct/", "action-items/", "sections/impact/",
            "sections/impact/preview/",
        ):  # fmt: skip
            assert client.post(f"{page_of(in_review)}{what}").status_code == 403, what
        for what in ("", "done/", "verify/", "reopen/", "drop/"):
            assert client.post(f"/postmortems/action-items/{item}/{what}").status_code == 403, what
        assert client.get(f"{page_of(in_review)}sections/impact/").status_code == 403
        assert client.post(f"/incidents/{in_review.incident.number}/post-mortem/").status_code == 403


def test_a_responder_does_not_approve_and_does_not_drop(as_, in_review, bob, alice):
    item = alice.promises(in_review)
    assert as_("Bob").post(f"{page_of(in_review)}publish/", {"sha256": "x"}).status_code == 403
    assert as_("Bob").post(f"/postmortems/action-items/{item}/drop/", {"reason": "x", "version": 1}).status_code == 403
    assert "Approve and publish" not in text(as_("Bob").get(page_of(in_review)))


def test_an_action_item_is_done_and_verified_on_the_screen(as_, draft, alice):
    item = alice.promises(draft)
    page = f"/postmortems/action-items/{item}/"
    refused = as_("Alice").post(f"{page}done/", {"evidence": "", "version": 1})
    assert (refused.status_code, "how anybody can tell" in text(refused)) == (422, True)
    as_("Alice").post(f"{page}done/", {"evidence": "Drill of 20 March", "version": 1})
    assert "Verify" not in text(as_("Alice").get(page)).replace("To be verified", "")
    own = as_("Alice").post(f"{page}verify/", follow=True)
    assert "It was yours." in text(own)
    assert "is verified." in text(as_("Bob").post(f"{page}verify/", follow=True))
    assert "Verified by Bob Brandt" in text(as_("Victor").get(page))


def test_a_stale_change_of_an_item_says_in_words_what_they_changed(as_, draft, alice, world):
    item = alice.promises(draft)
    change(alice, item, text="Alert at 80 percent", owner=world.people["Bob"])
    data = {
        "text": "Alert at 90 percent", "kind": "detect", "owner": world.people["Alice"].public_id, "due_on": item.due_on,
        "reason": "mine", "version": 1,
    }  # fmt: skip
    answer = as_("Alice").post(f"/postmortems/action-items/{item}/", data)
    assert answer.status_code == 409
    said = text(answer)
    assert "Alert on the pool Alert at 80 percent" in said
    assert "owner Alice Adeyemi Bob Brandt" in said
    assert "Alert at 90 percent" in said


def test_what_is_late_stands_first_and_taller(as_, draft, alice, world):
    soon, later = alice.promises(draft, "Soon", days=1), alice.promises(draft, "Later", days=20)
    world.now += timedelta(days=5)
    shown = as_("Victor").get("/postmortems/action-items/")
    said = text(shown)
    assert said.index(soon.number) < said.index(later.number)
    assert "4 days late" in said
    assert "k-degraded" in shown.content.decode()
    late = text(as_("Victor").get("/postmortems/action-items/?show=late"))
    assert soon.number in late
    assert later.number not in late
    assert later.number in text(as_("Alice").get("/postmortems/action-items/?show=mine"))
    assert "No action item here" in text(as_("Bob").get("/postmortems/action-items/?show=mine"))


def test_an_owed_post_mortem_is_asked_for_and_a_late_one_says_so(as_, world, incident):
    client = as_("Alice")
    shown = text(client.get("/postmortems/"))
    assert "1 incident of SEV1 or SEV2 has none yet." in shown
    assert "Write it" in shown
    assert "Write it" not in text(as_("Victor").get("/postmortems/"))
    world.now += timedelta(days=11)
    assert "past the day it was due" in text(client.get("/postmortems/"))
    client.post(f"/incidents/{incident.number}/post-mortem/")
    assert "It is late." in text(client.get(page_of(PostMortem.objects.get())))
    assert "Late, draft" in text(client.get("/postmortems/?state=late"))
    assert "No post-mortem matches" in text(client.get("/postmortems/?state=published"))


def test_pages_of_nothing_are_404(as_, draft):
    client = as_("Mona")
    for path in (
        "/postmortems/PM-2026-9999/", "/postmortems/action-items/ACT-2026-9999/", f"{page_of(draft)}sections/excuses/",
        f"{page_of(draft)}versions/pmv_nothing/", f"{page_of(draft)}revisions/1/", "/incidents/INC-2026-9999/post-mortem/",
    ):  # fmt: skip
        assert client.get(path).status_code == 404, path


def counted(client, path):
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


def test_pages_ask_the_same_number_of_questions_whatever_their_length(as_, draft, alice):
    client = as_("Victor")
    paths = (page_of(draft), "/postmortems/", "/postmortems/action-items/", f"{page_of(draft)}sections/impact/")
    writer = as_("Alice")
    item = alice.promises(draft)
    counts = []
    for batch in range(2):
        for n in range(6):
            alice.promises(draft, f"Item {batch} {n}")
            alice.writes(draft, "impact", f"Text {batch} {n} [{draft.incident.timeline.first().public_id}]")
        counts.append([counted(writer if "sections" in path else client, path) for path in paths])
    assert counts[0] == counts[1]
    assert ActionItem.objects.count() == 13
    assert counted(client, f"/postmortems/action-items/{item}/") < 30
