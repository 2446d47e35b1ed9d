"""What becomes of a page: one function a transition. Each wants the page locked, and its run before it.

Locks are always taken in the order run, page, attempt.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Max

from accounts.models import ContactMethod
from ledger.hints import hint
from ledger.record import record
from oncall.escalation.states import PLANNABLE, WANTED, refuses_page
from oncall.models import Attempt, Page, Run, StepExecution
from oncall.notify.moments import bring_forward, hopeful, not_after
from oncall.notify.retry import Failure, after_busy, next_attempt
from oncall.notify.routing import may_go_elsewhere
from oncall.notify.states import (
    ACCEPTED,
    ANSWERED,
    BUNDLE,
    BUSY,
    CANCELED,
    CANCELLED,
    CONFIRMED,
    DELIVERED,
    FAILED_PERMANENT,
    SENT,
    TRUTHS,
    UNHEARD,
    UNKNOWN,
    allows,
    ends,
    learn,
    move,
)

_TIME_OF = {
    ACCEPTED: "accepted_at",
    SENT: "sent_at",
    DELIVERED: "delivered_at",
    ANSWERED: "answered_at",
    CONFIRMED: "confirmed_at",
}


def lock(page_id: int) -> tuple[Run | None, Page]:
    """Lock a page and, before it, its run; return both as they are now. Of a bundle: all that it carries, too."""
    if not connection.features.has_select_for_update:  # SQLite: the transaction began as the only writer
        page = Page.objects.select_related("run", "person", "contact").get(pk=page_id)
        return page.run, page
    run_id, origin = Page.objects.values_list("run_id", "origin").get(pk=page_id)
    if origin == BUNDLE:
        lock_together(Page.objects.filter(carried_by=page_id).values_list("pk", flat=True))
    run = Run.objects.select_for_update().get(pk=run_id) if run_id else None
    page = Page.objects.select_for_update(of=("self",)).select_related("person", "contact").get(pk=page_id)
    page.run = run
    return run, page


def lock_together(page_ids: Iterable[int]) -> list[Page]:
    """Lock several pages and, before all of them, their runs, each in order of age; return the pages as they are now."""
    ids = list(page_ids)
    pages = Page.objects.filter(pk__in=ids).order_by("pk")
    if connection.features.has_select_for_update and ids:
        run_ids = list(pages.values_list("run_id", flat=True))
        list(Run.objects.select_for_update().filter(pk__in=run_ids).order_by("pk").values_list("pk"))
        pages = pages.select_for_update(of=("self",))
    return list(pages.select_related("run", "person", "contact"))


def learnt(page: Page, truth: str, *, now: datetime) -> bool:
    """Note that a truth about the page became known; return whether that was new. Order does not matter.

    Delivery implies that the provider had accepted and sent it, but those times stay empty if nobody told us: each
    truth is written down only when it was said.
    """
    column = _TIME_OF[truth]
    state = learn(page.state, truth)
    # a second attempt lifts the state again, but the first time a truth held stays its time
    if getattr(page, column) is not None and state == page.state:
        return False
    setattr(page, column, getattr(page, column) or now)
    page.state = state
    page.reason = page.error_code = ""
    if page.ended_at is None and ends(page.state, page.kind):
        _end(page, now=now)
    _save(page, now=now)
    if truth in (DELIVERED, CONFIRMED):
        mark_healthy(page.contact, now=now)
    return True


def confirm(page: Page, how: str, *, now: datetime) -> bool:
    """A person acted on the page: by `sms`, by `voice`, by `link`, or signed in (`acted`). Return whether that was new."""
    if page.confirmed_at is not None:
        return False
    page.confirmed_how = how
    was_ended = page.ended_at is not None
    learnt(page, CONFIRMED, now=now)
    if was_ended:
        record("page.confirmed", _about(page), {"how": how, "channel": page.kind}, now=now)
    return True


def cancel(page: Page, reason: str, *, now: datetime) -> None:
    """Call a page off before it begins."""
    page.state, page.reason = move(page.state, "cancel"), reason
    _end(page, now=now)
    _save(page, now=now)


def fail(page: Page, run: Run | None, reason: str, *, code: str = "", now: datetime) -> None:
    """Give a page up. The person's next rule runs now; if nothing else of the step can reach anybody, the next step does."""
    page.state, page.reason, page.error_code = move(page.state, "fail"), reason, code[:16]
    _end(page, now=now)
    _save(page, now=now)
    hurry(run, page, now=now)


def failed(page: Page, run: Run | None, failure: Failure, *, now: datetime) -> None:
    """A provider refused a page, or could not deliver it: try again if the table says so, else give it up."""
    if failure.blames_contact:
        mark_unhealthy(page.contact, failure.code, now=now)
    limit, why = not_after(run, page)
    verdict = next_attempt(
        page.attempts_made, failure, now, delays_s=settings.RETRY_DELAYS_S, not_after=limit, too_late=why
    )
    if may_go_elsewhere(page):
        page.state, page.reason, page.error_code = move(page.state, "retry"), "other_provider", failure.code[:16]
        page.due_at = now
        _save(page, now=now)
        hint("send")
        return
    if verdict.at is None:
        fail(page, run, verdict.reason, code=failure.code, now=now)
        return
    page.state, page.reason, page.error_code = move(page.state, "retry"), verdict.reason, failure.code[:16]
    page.due_at = verdict.at
    _save(page, now=now)


def unresolved(page: Page, run: Run | None, *, now: datetime) -> None:
    """The provider knows nothing of an attempt that may have happened.

    High urgency is sent again, since two pages are better than none; but not after somebody answered. Low urgency ends
    as unknown and leaves it to the next step.
    """
    wanted = run is None or run.state in WANTED or page.origin != "step"
    if page.urgency == "high" and wanted and page.attempts_made <= len(settings.RETRY_DELAYS_S):
        page.state, page.reason, page.due_at = move(page.state, "retry"), "sent_again", now
        _save(page, now=now)
        hint("send")
        return
    page.state, page.reason = move(page.state, "lose"), "unresolved"
    _end(page, now=now)
    _save(page, now=now)
    hurry(run, page, now=now)


def lost(page: Page) -> None:
    """The process died, or the line broke, between asking the provider and hearing its answer."""
    page.state = move(page.state, "lose")
    page.save(update_fields=["state"])
    Page.objects.filter(carried_by=page, ended_at=None).update(state=page.state)


def unheard(page: Page, run: Run | None, why: str, *, now: datetime) -> None:
    """A call is over and nobody pressed a key. why: one of states.UNHEARD. The page keeps what is known of it.

    A busy line is called once more. Otherwise the person's next rule runs now, and if nothing else of the step can reach
    anybody, the next step: a machine that picked up is nobody.
    """
    limit, _ = not_after(run, page)
    again = after_busy(Attempt.objects.filter(page=page, status="busy").count(), now, not_after=limit)
    if why == BUSY and again and allows(page.state, "redial"):
        page.state, page.reason, page.due_at = move(page.state, "redial"), why, again
        _save(page, now=now)
        return
    # taken back by ourselves after an answer: the reason is the answer
    refusal = refuses_page(page.origin, run.state, run.over_at is not None) if run and why == CANCELED else ""
    page.reason = (run.stop_reason or refusal) if run and refusal else why
    _end(page, now=now)
    _save(page, now=now)
    hurry(run, page, now=now)


def said_and_done(page: Page, *, now: datetime) -> None:
    """A call that asks for no key is over: what it had to say was said to whoever picked up."""
    _end(page, now=now)
    _save(page, now=now)


def bounced(page: Page, run: Run | None, failure: Failure, *, now: datetime) -> None:
    """A letter came back after its server had taken it, which had been the end of its page: it reached nobody."""
    page.state, page.reason, page.error_code = move(page.state, "fail"), "bounced", failure.code[:16]
    _save(page, now=now)
    record("page.bounced", _about(page), {"code": failure.code, "channel": page.kind}, now=now)
    hurry(run, page, now=now)


def without_receipt(page: Page, *, now: datetime) -> None:
    """The provider took the page and never said more: some routes do not. It ends as what it is."""
    if page.ended_at is None and page.state in TRUTHS:
        page.reason = "no_receipt"
        _end(page, now=now)
        _save(page, now=now)


def hurry(run: Run | None, page: Page, *, now: datetime) -> None:
    """Let what comes next come now: the person's next rule, or else, if the step cannot reach anybody any more, the next step."""
    if run is None or page.origin != "step" or run.state not in PLANNABLE:
        return
    if bring_forward(page, now=now):
        hint("send")
        return
    latest = StepExecution.objects.filter(run=run).aggregate(pk=Max("pk"))["pk"]
    current = StepExecution.objects.get(pk=latest)
    if (current.loop, current.step) != (page.loop, page.step):
        return
    step = Page.objects.of_step(run.pk, page.loop, page.step).exclude(pk=page.pk)
    if hopeful(step).exists():
        return
    if run.due_at is None or run.due_at > now:
        run.due_at = now
        run.fence += 1
        run.save(update_fields=["due_at", "fence"])
    hint("plan")


def _save(page: Page, *, now: datetime) -> None:
    """Save a page; what it carries shares what became of it."""
    page.save()
    if page.origin == BUNDLE:
        for carried in page.carried.exclude(state=CANCELLED).select_related("run", "person").order_by("pk"):
            _share(page, carried, now=now)


# What is known of a bundle is known of each page in it: they were one message.
_SHARED = (
    "state", "reason", "error_code", "due_at", "accepted_at", "sent_at", "delivered_at", "answered_at", "confirmed_at",
    "confirmed_how",
)  # fmt: skip


def _share(bundle: Page, page: Page, *, now: datetime) -> None:
    if page.state == CONFIRMED:  # somebody answered it by itself; nothing outranks that
        return
    was_lost = _is_lost(page)
    for name in _SHARED:
        setattr(page, name, getattr(bundle, name))
    if bundle.ended_at is not None and page.ended_at is None:
        _end(page, now=now)
    page.save()
    if _is_lost(page) and not was_lost:
        hurry(page.run, page, now=now)


def _is_lost(page: Page) -> bool:
    """Whether nothing more comes of a page that reached nobody."""
    return page.ended_at is not None and (page.state in (FAILED_PERMANENT, UNKNOWN) or page.reason in UNHEARD)


def mark_unhealthy(contact: ContactMethod, code: str, *, now: datetime) -> None:
    """Note that an address does not work, until it is proven again or something arrives there."""
    if contact.unhealthy_since is None:
        contact.unhealthy_since, contact.unhealthy_reason = now, f"refused by the provider: {code}"
        contact.save(now=now)
        record("contact.unhealthy", [contact], {"code": code}, now=now)


def mark_healthy(contact: ContactMethod, *, now: datetime) -> None:
    """Note that something arrived at an address that was thought broken."""
    if contact.unhealthy_since is not None:
        contact.unhealthy_since, contact.unhealthy_reason = None, ""
        contact.save(now=now)
        record("contact.healthy", [contact], {}, now=now)


def _end(page: Page, *, now: datetime) -> None:
    """Write the end of a page and prove it."""
    page.ended_at = now
    data = {
        "state": page.state,
        "reason": page.reason,
        "code": page.error_code,
        "channel": page.kind,
        "origin": page.origin,
        "loop": page.loop,
        "step": page.step,
        "attempts": page.attempts_made,
    }
    record("page.ended", _about(page), data, now=now)


def _about(page: Page) -> list[object]:
    about: list[object] = [page, page.person]
    if page.run is not None:
        about += [page.run, (page.run.subject_kind, page.run.subject_id)]
    return about
