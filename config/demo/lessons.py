"""Chapter: what was learnt. Each Monday the grave incidents of the week before get their post-mortems."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from accounts.models import User
from config.demo.world import Demo, actor_of, doing
from incidents.models import Incident
from postmortems.models import ActionItem, PostMortem
from postmortems.services import actions, documents, review

WEEK, DAY = timedelta(days=7), timedelta(days=1)
GRAVE = 2
APPROVERS = ("Lena", "Ingrid", "Jonas")
PUBLISHED = 0.95  # the rest waits for somebody


class Lesson(NamedTuple):
    """One kind of cause, in the words of who wrote it down."""

    category: str
    cause: str
    contributing: str
    detection: str
    well: str
    kind: str
    promise: str
    evidence: str


LESSONS = (
    Lesson(
        "change",
        "A deploy halved the connection pool. It was tested with one client, and production has forty.",
        "The change was one line among two hundred. Nobody who read it knew the pool.",
        "The monitor saw it within its confirmation. Nothing before the deploy could have.",
        "The roll-back took four minutes, because it is practised.",
        "prevent",
        "The load test runs with forty clients before each deploy.",
        "Pipeline step *load*, first run of this week, is linked in the wiki.",
    ),
    Lesson(
        "capacity",
        "The disk of the primary was full of exports that nobody deletes.",
        "The warning went to a mailbox that was closed in spring.",
        "There is a check of the service and none of the disk below it.",
        "Who was called knew at once where to look.",
        "detect",
        "Disks of all databases are watched, and warn at four fifths.",
        "Seven monitors were added; a drill with a filled disk paged within two minutes.",
    ),
    Lesson(
        "dependency",
        "The carrier changed its certificate authority without telling us.",
        "Our list of authorities is from two years ago and is part of an image nobody rebuilds.",
        "Our own monitor saw it a minute before the carrier's status page did.",
        "Customers were told within ten minutes.",
        "respond",
        "The runbook says how to reach the carrier's own people at night.",
        "Runbook of the carrier gateway, section *Who to call*, tried out on a Sunday.",
    ),
    Lesson(
        "defect",
        "A retry without a pause turned one slow answer into forty requests.",
        "The library does that unless it is told otherwise, and we had not read that far.",
        "Latency rose for a quarter of an hour before anything failed, and nobody looks at latency at night.",
        "The second person took over without a word being lost.",
        "prevent",
        "Every client of ours retries with a growing pause and gives up.",
        "Merged and tested; the test fails without the pause.",
    ),
)  # fmt: skip


def spread(demo: Demo) -> None:
    """Every Monday of the span."""
    when = (demo.start + WEEK).replace(hour=9, minute=30)
    when -= when.weekday() * DAY
    while when < demo.end:
        if when > demo.start:
            demo.at(when, lambda now: _look_back(demo, now))
        when += WEEK


def _look_back(demo: Demo, now: datetime) -> bool:
    over = Incident.objects.filter(resolved_at__gte=now - WEEK, resolved_at__lt=now, severity__lte=GRAVE)
    for turn, incident in enumerate(over.select_related("acknowledged_by").order_by("opened_at")):
        if demo.rng.random() < demo.size.written:
            _write(demo, incident, now + turn * timedelta(minutes=35))
    return False


def _by(person: User, now: datetime) -> dict[str, Any]:
    return {"actor": actor_of(person), "person": person, "now": now}


def _write(demo: Demo, incident: Incident, now: datetime) -> None:
    """Who had it writes; what is written is one of a few lessons, with the service's own name."""
    if PostMortem.objects.filter(incident=incident).exists():
        return  # it came back, and its first post-mortem stands
    author = incident.acknowledged_by or demo.people["Kofi"]
    lesson = demo.rng.choice(LESSONS)
    service = incident.service.name if incident.service else "The service"
    with doing(author):
        made = documents.start_postmortem(incident, how="screen", **_by(author, now))
        texts = {
            "impact": f"{service} did not answer everybody while it lasted. Orders and parcels were late, none was lost.",
            "root_cause": lesson.cause,
            "contributing": lesson.contributing,
            "detection_gap": lesson.detection,
            "went_well": lesson.well,
        }
        for minutes, (section, text) in enumerate(texts.items(), start=2):
            at = now + minutes * timedelta(minutes=4)
            documents.save_section(made, section, text, expected_version=None, how="screen", **_by(author, at))
        at = now + timedelta(minutes=28)
        answers = {"root_cause_category": lesson.category, "runbook_changed": lesson.kind == "respond"}
        documents.classify(made, answers, expected_version=None, now=at)
        item = actions.create_action(
            made, text=lesson.promise, kind=lesson.kind, owner=author, due_on=actions.today(at) + 30 * DAY,
            actor=actor_of(author), now=at,
        )  # fmt: skip
        review.submit(made, **_by(author, at + timedelta(minutes=2)))
    approver = next(demo.people[name] for name in APPROVERS if demo.people[name].pk != author.pk)
    if demo.rng.random() < PUBLISHED:
        demo.at(now + demo.rng.uniform(0.2, 3) * DAY, lambda at: _publish(made, approver, at))
    _promise(demo, item, lesson, author, approver, now)


def _publish(made: PostMortem, approver: User, now: datetime) -> bool:
    made.incident.refresh_from_db()
    if not made.incident.is_open:
        with doing(approver):
            review.publish(made, how="screen", **_by(approver, now))
    return False


def _promise(demo: Demo, item: ActionItem, lesson: Lesson, author: User, approver: User, now: datetime) -> None:
    """Most are done in time, some late, a few dropped with a reason; somebody else looks at the evidence."""
    chance = demo.rng.random()
    done = now + demo.rng.uniform(4, 45) * DAY

    def finish(at: datetime) -> bool:
        with doing(author):
            actions.finish(item, evidence=lesson.evidence, **_by(author, at))
        return False

    def verify(at: datetime) -> bool:
        with doing(approver):
            actions.verify(item, **_by(approver, at))
        return False

    def drop(at: datetime) -> bool:
        with doing(approver):
            actions.drop(item, reason="The service is replaced in summer.", **_by(approver, at))
        return False

    if chance < 0.84:
        demo.at(done, finish)
        demo.at(done + demo.rng.uniform(0.5, 6) * DAY, verify)
    elif chance < 0.9:
        demo.at(done, drop)
