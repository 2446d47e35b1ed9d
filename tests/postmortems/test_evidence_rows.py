"""What auditors get of post-mortems and action items: one value a column, the published words where there are any."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from postmortems.evidence import ACTIONS, POSTMORTEMS, action_rows, postmortem_rows
from postmortems.models import ActionItem, PostMortem
from postmortems.services.actions import finish, verify
from postmortems.services.review import correct, publish

pytestmark = pytest.mark.django_db


def only(rows, columns):
    [row] = rows
    assert len(row) == len(columns)
    return dict(zip(columns, row, strict=True))


def test_a_draft_has_no_approver_and_its_words_as_they_stand(draft, alice):
    alice.writes(draft, "root_cause", "The pool was four.")
    row = only(postmortem_rows(PostMortem.objects.all()), POSTMORTEMS)
    assert (row["pm_id"], row["incident_id"], row["required"]) == (draft.number, draft.incident.number, True)
    assert (row["approved_by"], row["published_at"], row["sha256"]) == (None, None, "")
    assert (row["root_cause"], row["corrective_actions_count"]) == ("The pool was four.", 0)


def test_what_was_published_speaks_while_a_correction_is_written(in_review, alice, mona):
    publication = mona.does(publish, in_review, how="screen")
    alice.does(correct, in_review, reason="Wrong")
    alice.writes(in_review, "root_cause", "Something else.")
    row = only(postmortem_rows(PostMortem.objects.all()), POSTMORTEMS)
    assert row["root_cause"] == "What root cause was."
    assert (row["approved_by"], row["second_person"]) == (mona.person.public_id, True)
    assert (row["sha256"], row["status"], row["revision"]) == (publication.sha256, "draft", 2)


def test_an_item_says_who_did_what_by_when(draft, alice, bob):
    item = alice.promises(draft)
    alice.does(finish, item, evidence="Drill of 20 March")
    bob.does(verify, item)
    berlin = ZoneInfo("Europe/Berlin")
    row = only(action_rows(ActionItem.objects.select_related("owner", "postmortem"), berlin), ACTIONS)
    assert row["due_at"] == datetime.combine(item.due_on + timedelta(days=1), datetime.min.time(), berlin)
    assert (row["source"], row["source_id"], row["text"]) == ("pm", draft.number, "Alert on the pool")
    assert (row["evidence_ref"], row["verified_by"]) == ("Drill of 20 March", bob.person.public_id)
    assert (row["status"], row["extended_count"]) == ("verified", 0)
