"""The story: an incident is over, its post-mortem is drafted from the record, written, approved by somebody else, corrected."""

from datetime import timedelta

import pytest

from incidents.models import TimelineEntry
from incidents.services.transitions import resolve
from incidents.services.work import add_note, declare
from ledger.models import Entry
from ledger.texts import read
from postmortems.facts import facts_of
from postmortems.models import Publication, SectionVersion
from postmortems.queries import computed, current_versions, incidents_without, text_of
from postmortems.services.refusals import AlreadyStarted, BadInput, Incomplete, StaleSection, StaleText
from postmortems.services.review import correct, hash_of, publish, send_back, submit
from postmortems.states import IllegalMove

pytestmark = pytest.mark.django_db


def kinds(prefix):
    return list(Entry.objects.filter(kind__startswith=prefix).order_by("pk").values_list("kind", flat=True))


def test_a_post_mortem_begins_with_citations_of_the_record_and_is_owed_by_severity(world, incident, alice):
    draft = alice.starts()
    assert draft.number == incident.number.replace("INC", "PM")
    assert (draft.required, draft.required_because) == (True, "SEV2")
    assert draft.due_at == incident.resolved_at + timedelta(days=10)
    text, version = text_of(draft, "summary")
    entries = {e.kind: e.public_id for e in incident.timeline.all()}
    assert version == 1
    for kind in ("opened", "acknowledged", "recovered"):
        assert f"[{entries[kind]}]" in text
    told = TimelineEntry.objects.get(kind="postmortem_started")
    assert (told.person, told.data["postmortem"]) == (alice.person, draft.number)
    assert world.story()[-1] == f"Alice Adeyemi began the post-mortem {draft.number} on the screen."


def test_lengths_and_pages_come_from_the_record(incident, alice):
    found = computed(incident)
    assert found.times.to_detect == incident.recorded_at - incident.opened_at
    assert found.times.to_acknowledge == incident.first_acknowledged_at - incident.recorded_at
    assert found.times.to_resolve == incident.resolved_at - incident.opened_at
    assert found.times.to_page < timedelta(seconds=5)
    assert (found.paged.people, found.paged.confirmed_by) == (("Alice Adeyemi",), ("Alice Adeyemi",))
    assert found.paged.pages >= found.paged.accepted >= found.paged.confirmed == 1


def test_an_incident_that_is_open_has_none_yet(world, alice):
    world.breaks("Checkout API")
    world.advance(minutes=2)
    world.phone("Alice").expect_sms("Checkout API is down")
    with pytest.raises(BadInput, match="still open"):
        alice.starts()


def test_an_incident_has_one_only(draft, bob):
    with pytest.raises(AlreadyStarted) as refused:
        bob.starts()
    assert refused.value.postmortem == draft


def test_what_was_made_milder_still_owes_its_post_mortem(world, incident, alice):
    incident.severity = 4
    incident.save()
    assert [one.incident for one in incidents_without()] == [incident]
    assert alice.starts().required_because == "SEV2"
    assert incidents_without() == []


def test_a_small_incident_owes_nothing_and_may_have_one(alice, bob):
    made = declare(title="Label printer", severity=4, urgency="low", service=None, how="screen", **bob.by)
    resolve(made, how="screen", **bob.by)
    assert incidents_without() == []
    draft = alice.starts(made)
    assert (draft.required, draft.due_at) == (False, None)


def test_it_is_approved_by_a_second_person_and_both_are_on_record(world, in_review, mona):
    sha = hash_of(in_review, current_versions(in_review))
    publication = mona.does(publish, in_review, how="screen", expected_sha256=sha)
    in_review.refresh_from_db()
    assert (in_review.status, in_review.approved_by, in_review.published_at) == ("published", mona.person, world.now)
    assert (publication.second_person, publication.sha256, publication.revision) == (True, sha, 1)
    assert set(publication.sections) == set(current_versions(in_review))
    assert world.story()[-1] == f"Mona Meyer approved and published the post-mortem {in_review.number} on the screen."
    assert kinds("postmortem.")[-2:] == ["postmortem.submitted", "postmortem.published"]
    assert "config.postmortem.changed" in kinds("config.postmortem")


def test_who_wrote_it_cannot_approve_it_without_a_reason_that_is_recorded(in_review, alice, world):
    with pytest.raises(BadInput, match="Let somebody else approve"):
        alice.does(publish, in_review, how="screen")
    publication = alice.does(publish, in_review, how="screen", exception="We are one person this week")
    assert publication.second_person is False
    assert read(publication.exception_sha256) == "We are one person this week"
    assert '"second_person":false' in Entry.objects.get(kind="postmortem.published").line


def test_who_wrote_one_sentence_of_it_is_no_second_person(in_review, mona):
    mona.writes(in_review, "lessons", "Mine.")
    with pytest.raises(BadInput, match="You wrote part of it"):
        mona.does(publish, in_review, how="screen")


def test_what_is_missing_is_said_all_at_once(draft, alice):
    with pytest.raises(Incomplete) as refused:
        alice.does(submit, draft)
    assert set(refused.value.problems) == {
        "impact", "root_cause", "contributing", "detection_gap", "root_cause_category", "runbook_changed", "actions",
    }  # fmt: skip
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_text_that_changed_under_the_approver_is_not_published(in_review, alice, mona):
    read_sha = hash_of(in_review, current_versions(in_review))
    alice.writes(in_review, "impact", "Nobody, really.")
    with pytest.raises(StaleText):
        mona.does(publish, in_review, how="screen", expected_sha256=read_sha)
    assert not Publication.objects.exists()


def test_a_published_one_is_read_only_until_a_correction_says_why(in_review, alice, mona, world):
    first = mona.does(publish, in_review, how="screen")
    with pytest.raises(IllegalMove):
        alice.writes(in_review, "impact", "Fewer people.")
    with pytest.raises(IllegalMove):
        alice.classes(in_review, "data")
    with pytest.raises(BadInput, match="Say what was wrong"):
        alice.does(correct, in_review, reason=" ")
    alice.does(correct, in_review, reason="The number of orders was wrong")
    alice.writes(in_review, "impact", "Forty orders.")
    alice.does(submit, in_review)
    second = mona.does(publish, in_review, how="screen")
    assert (first.revision, second.revision) == (1, 2)
    assert read(first.sections["impact"]) == "What impact was."
    assert read(second.sections["impact"]) == "Forty orders."
    assert first.sha256 != second.sha256
    assert world.story()[-1].endswith(f"{in_review.number}, revision 2 on the screen.")
    assert in_review.history.filter(revision=2, status="draft").get().reason == "The number of orders was wrong"


def test_it_is_sent_back_with_a_reason(in_review, mona):
    with pytest.raises(BadInput):
        mona.does(send_back, in_review, reason="")
    mona.does(send_back, in_review, reason="Why was the pool four?")
    in_review.refresh_from_db()
    assert in_review.status == "draft"
    assert in_review.history.first().reason == "Why was the pool four?"


def test_a_stale_save_says_who_saved_and_changes_nothing(draft, alice, bob):
    alice.writes(draft, "impact", "All customers.", seen=0)
    with pytest.raises(StaleSection, match="Alice Adeyemi saved this section meanwhile, as version 1") as refused:
        bob.writes(draft, "impact", "Some customers.", seen=0)
    assert read(refused.value.latest.text_sha256) == "All customers."
    assert text_of(draft, "impact") == ("All customers.", 1)
    assert bob.writes(draft, "impact", "Some customers.", seen=1).version == 2


def test_every_version_stays_with_its_author_and_the_same_text_is_no_version(draft, alice, bob):
    alice.writes(draft, "impact", "One.")
    assert alice.writes(draft, "impact", " One. ") is None
    bob.writes(draft, "impact", "Two.")
    found = SectionVersion.objects.filter(section="impact").order_by("version")
    assert [(one.version, one.author.name, read(one.text_sha256)) for one in found] == [
        (1, "Alice Adeyemi", "One."),
        (2, "Bob Brandt", "Two."),
    ]


def test_a_fact_of_another_incident_cannot_be_cited(world, draft, alice):
    alice_note = add_note(
        draft.incident, "It was the pool", actor=alice.actor, person=alice.person, how="screen", now=world.now
    )
    assert alice.writes(draft, "root_cause", f"See [{alice_note.public_id}].")
    world.advance(minutes=30)
    world.watch("Basket")
    world.advance(minutes=3)
    world.breaks("Basket")
    world.advance(minutes=3)
    world.phone("Alice").expect_sms("Basket is down")
    other = world.incident
    assert other != draft.incident
    foreign = other.timeline.first().public_id
    with pytest.raises(BadInput, match=f"{foreign}. is no fact of {draft.incident.number}"):
        alice.writes(draft, "root_cause", f"As before [{foreign}].")
    with pytest.raises(BadInput, match="is no fact of"):
        alice.writes(draft, "root_cause", "[tle_aaaaaaaaaaaaaaaa]")
    assert text_of(draft, "root_cause")[1] == 1
    assert alice.writes(draft, "root_cause", "In code `[tle_aaaaaaaaaaaaaaaa]` it is no citation.")


def test_the_steps_of_the_escalation_are_facts_too(draft, alice):
    steps = [key for key in facts_of(draft.incident) if key.startswith("esc_")]
    assert steps
    assert alice.writes(draft, "went_well", f"Paged at once [{steps[0]}].")


def test_a_text_too_long_or_for_no_section_is_refused(draft, alice):
    with pytest.raises(BadInput, match="at most 64 kB; this one has 65 kB"):
        alice.writes(draft, "impact", "x" * (64 * 1024 + 1))
    with pytest.raises(BadInput, match="There is no section 'excuses'"):
        alice.writes(draft, "excuses", "x")
    with pytest.raises(BadInput, match="opening brackets"):
        alice.writes(draft, "impact", "[" * 2_001)


def test_an_incident_that_came_back_worse_owes_more(draft, alice):
    draft.required, draft.required_because, draft.due_at = False, "", None
    draft.save(now=alice.world.now)
    alice.does(submit, alice.writes_all(draft))
    draft.refresh_from_db()
    assert (draft.required, draft.required_because) == (True, "SEV2")
