"""From a page row to the message that leaves: built at the moment of sending, and again, alike, to look for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts.models import Verification
from accounts.services.contacts import verification_code
from ledger.texts import REMOVED, read_many
from oncall.escalation.reach import CATCH_ALL
from oncall.models import Notice, Page, Run
from oncall.notify import bounces, buttons, calls
from oncall.notify.channels.base import Message
from oncall.notify.links import url_for
from oncall.notify.moments import not_after
from oncall.notify.states import BUNDLE, CALLS, FOLLOWING, LETTERS
from oncall.notify.storm import carried_by
from oncall.notify.text import Facts, Words, compose
from oncall.notify.updates import followed, sid_before, sid_followed

STATUS_PATH = "/in/twilio/status"
_TTL_LEAST_S, _TTL_MOST_S, _TTL_DEFAULT_S = 30, 600, 300


@dataclass(frozen=True)
class Letter:
    """A message with its address and what would find it again."""

    message: Message
    address: str
    marker: str


class Outdated(Exception):
    """What the page would say no longer holds: its code was used, replaced or is too old."""


def letter_for(page: Page, *, attempt: int, now: datetime) -> Letter:
    """Return the message of a page. Raises Outdated for a code that is no longer good."""
    facts = _facts(page, now)
    words = compose(facts, page.kind)
    link, code = url_for(page), f"[{page.short_code}]"
    marker = link if link and link in words.body else code if page.short_code and code in words.body else words.body
    return Letter(_message(page, facts, words, attempt, now), page.contact.address, marker)


def _message(page: Page, facts: Facts, words: Words, attempt: int, now: datetime) -> Message:
    host = settings.EMAIL_FROM.rpartition("@")[2].rstrip(">") or "watchbook"
    thread = f"<{page.run.subject_kind}.{page.run.subject_id}.{page.run.public_id}@{host}>" if page.run else ""
    return Message(
        subject=words.subject,
        body=words.body,
        message_id=f"<{page.public_id}.{attempt}@{host}>",
        thread_id=thread,
        ttl_s=_ttl_s(page, now),
        status_url=calls.status_url(page, attempt)
        if page.kind in CALLS
        else settings.PUBLIC_URL.rstrip("/") + STATUS_PATH,
        talk_url=calls.talk_url(page, attempt) if page.kind in CALLS else "",
        bounce_to=bounces.address_for(page, attempt) if page.kind == "email" else "",
        page=page.public_id,
        attempt=attempt,
        changes=sid_followed(page) if page.origin == "update" else "",
        follows=sid_before(page) if page.origin == "stand_down" and page.kind in FOLLOWING else "",
        button=buttons.token_for(followed(page) if page.origin == "update" else page),
        facts=facts,
        sent_at=now,
        secrets=tuple(page.contact.secrets_at(now)),
    )


def _ttl_s(page: Page, now: datetime) -> int:
    """A page that cannot leave before it is the next rule's or person's turn should die on the way, not arrive at dawn."""
    limit, _ = not_after(page.run, page)
    if limit is None:
        return _TTL_DEFAULT_S
    return int(min(max((limit - now).total_seconds(), _TTL_LEAST_S), _TTL_MOST_S))


def _facts(page: Page, now: datetime) -> Facts:
    if page.origin in LETTERS:
        return _facts_of_letter(page)
    if page.origin == BUNDLE:
        return _facts_together(page)
    if page.run is None:
        digits = _digits(page, now) if page.origin == "verification" else ""
        return Facts(page.origin, digits=digits, link=url_for(page), note=page.note)
    run = page.run
    return Facts(
        origin=page.origin,
        severity=run.severity,
        urgency=run.urgency,
        title=run.title,
        subject_id=run.subject_id,
        url=run.url,
        link=url_for(page),
        code=page.short_code,
        because=_because(page, run),
        note=page.note,
        service=run.service_name,
        became=page.rule if page.origin == "update" else "",
        at=page.planned_at if page.origin == "update" else None,
    )


def _facts_of_letter(page: Page) -> Facts:
    """What was written when the notice was made. Raises Outdated for one that is gone."""
    notice = Notice.objects.filter(public_id=page.reference).first()
    if notice is None:
        raise Outdated(page.reference)
    words = read_many({notice.subject_sha256, notice.body_sha256})
    subject, body = (words.get(sha, REMOVED) for sha in (notice.subject_sha256, notice.body_sha256))
    return Facts(page.origin, title=subject, note=body)


def _facts_together(page: Page) -> Facts:
    """What a bundle says: how many, the worst of them, since when the oldest waits. Raises Outdated when nothing is left."""
    runs = [one.run for one in carried_by(page) if one.run is not None]
    if not runs:
        raise Outdated(page.public_id)
    zone = page.person.zone
    return Facts(
        BUNDLE,
        severity=runs[0].severity,
        urgency=page.urgency,
        title=runs[0].title,
        url=f"{settings.PUBLIC_URL.rstrip('/')}/incidents/",
        link=url_for(page),
        at=min(run.started_at for run in runs).astimezone(zone),
        count=len(runs),
        items=tuple(
            f"SEV{run.severity} {run.title} ({run.subject_id}), since {run.started_at.astimezone(zone):%H:%M}"
            for run in runs
        ),
    )


def _because(page: Page, run: Run) -> str:
    if page.origin != "step":
        return ""
    if page.rule == CATCH_ALL:
        return "the catch-all: nobody before you could be reached or answered"
    return f"step {page.step} of {run.policy_frozen.get('name') or 'the policy'}"


def _digits(page: Page, now: datetime) -> str:
    verification = Verification.objects.filter(
        public_id=page.reference, used_at__isnull=True, expires_at__gt=now
    ).first()
    if verification is None:
        raise Outdated(page.reference)
    return verification_code(verification)
