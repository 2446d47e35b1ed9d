"""Answers to pages: the signed link, and what Twilio brings us. Nothing here needs a sign-in."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps

import structlog
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import Organisation
from accounts.rate import RateRule
from incidents.access import may_respond
from incidents.models import Incident
from incidents.services import answers, outcomes
from incidents.services.sms import receive
from incidents.services.together import acknowledge_all, said_by
from incidents.states import TRIGGERED, IllegalMove
from incidents.subjects import KIND
from incidents.views.inbound import MAX_BODY, Refused, announced_length, inbound, refused_posts, twilio_form
from incidents.views.phone import phone_page
from incidents.views.twiml import message
from ledger.actors import current_actor
from ledger.clock import now
from oncall.notify import callbacks, links
from oncall.notify.links import TEST, BadLink, ExpiredLink, LinkTarget
from oncall.notify.states import BUNDLE
from oncall.services.exercises import answered
from oncall.subject import EXERCISE

log = structlog.get_logger(__name__)

View = Callable[..., HttpResponse]
# What a page may be about that is no incident, and is confirmed by one button.
PROOFS = (TEST, EXERCISE)
VERBS = (answers.ACK, answers.ESCALATE, answers.TAKE_OVER)
NOT_RECORDED = "Watchbook cannot reach its database, so nothing was recorded. Try again, or reply 4 to the text."
# From one phone. More in a minute is a machine that answers our answers.
texts = RateRule(most=20)


@inbound
def twilio_sms(request: HttpRequest) -> HttpResponse:
    """An SMS came in: store it, act on it, answer in words. The same MessageSid again gets the same answer."""
    form = twilio_form(request)
    sid, sender, body = form.get("MessageSid", ""), form.get("From", ""), form.get("Body")
    if not 0 < len(sid) <= 64 or not 0 < len(sender) <= 32 or body is None:
        raise Refused(400, "MessageSid, From and Body are needed, and a sender of at most 32 characters.")
    wait = texts.wait_s(sender, time.monotonic())
    if wait:
        raise Refused(429, "Too many texts from this number in a minute.", retry_after=wait)
    return message(receive(sid=sid, sender=sender, body=body, now=now()))


@inbound
def twilio_status(request: HttpRequest) -> HttpResponse:
    """The provider tells how a message fares: stored before it is understood, applied by the next tick."""
    form = twilio_form(request)
    if not form.get("MessageSid") or not form.get("MessageStatus"):
        raise Refused(400, "MessageSid and MessageStatus are needed.")
    callbacks.store(form, now=now())
    return HttpResponse(status=204)


def by_link(view: View) -> View:
    """Read the token of the address; a link that does not hold gets a page that says why, and its status.

    The token is the proof, so there is no session to protect and no CSRF token to ask for. Answers are
    not cached, and the address leaks in no Referer.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        try:
            response = view(request, _target(request, token), token)
        except ExpiredLink:
            response = _refusal(request, "expired", 410)
        except BadLink:
            wait = refused_posts.wait_s(current_actor().network, time.monotonic())
            response = _refusal(request, "unknown", 429 if wait else 404)
            if wait:
                response["Retry-After"] = str(wait)
        except ForeignLink:
            response = _refusal(request, "foreign", 403)
        except (OperationalError, InterfaceError) as error:
            log.error("answer_database_gone", error=type(error).__name__)
            response = Refused(503, NOT_RECORDED, retry_after=5).response()
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    return csrf_exempt(login_not_required(wrapped))


class ForeignLink(Exception):
    """Somebody is signed in, and the link is for another person: acting on it would make a false record."""


def _target(request: HttpRequest, token: str) -> LinkTarget:
    target = links.read(token, now())
    if target.subject_kind not in (KIND, BUNDLE, *PROOFS):
        raise BadLink
    if request.user.is_authenticated and request.user.pk != target.person.pk:
        raise ForeignLink
    return target


def _refusal(request: HttpRequest, why: str, status: int) -> HttpResponse:
    context = {"why": why, "organisation_name": Organisation.current().name}
    return render(request, "incidents/answer_refused.html", context, status=status)


@by_link
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, target: LinkTarget, token: str) -> HttpResponse:
    """GET shows the incident to the person who was paged and changes nothing; POST does what they press."""
    if target.subject_kind in PROOFS:
        return _test(request, target, token)
    if target.subject_kind == BUNDLE:
        return _together(request, target, token)
    incident = Incident.objects.select_related("service", "acknowledged_by").get(number=target.subject_id)
    if request.method == "POST":
        return _act(request, target, token, incident)
    return render(request, "incidents/answer.html", phone_page(incident, target, token, now=now()))


def _test(request: HttpRequest, target: LinkTarget, token: str) -> HttpResponse:
    """A test, a canary or a drill: one button says that it reached its person. Mail and chat programs open links, so opening is no answer."""
    if request.method == "POST":
        if announced_length(request) > MAX_BODY:
            return _refusal(request, "too_large", 413)
        answered(target.page, "link", now=now())
        return redirect("answer", token)
    context = {
        "page": target.page,
        "title": target.page.run.title if target.page.run else "",
        "person": target.person,
        "address": request.path,
        "expires_at": links.expires_at(target.page),
        "now": now(),
    }
    return render(request, "incidents/answer_test.html", context)


def _together(request: HttpRequest, target: LinkTarget, token: str) -> HttpResponse:
    """A message about several incidents: what each is now, and one button that acknowledges them all."""
    if request.method == "POST":
        return _acknowledge_all(request, target, token)
    said = said_by(target.page)
    context = {
        "page": target.page,
        "person": target.person,
        "said": [(one.incident, links.token_for(one.page)) for one in said],
        "waiting": [one for one in said if one.incident.state == TRIGGERED],
        "may_respond": may_respond(target.person),
        "address": request.path,
        "expires_at": links.expires_at(target.page),
        "now": now(),
    }
    return render(request, "incidents/answer_together.html", context)


def _acknowledge_all(request: HttpRequest, target: LinkTarget, token: str) -> HttpResponse:
    if announced_length(request) > MAX_BODY:
        return _refusal(request, "too_large", 413)
    if request.POST.get("do", "") != answers.ACK:
        return _refusal(request, "verb", 400)
    became = acknowledge_all(target.page, "link", now=now())
    if any(one.kind == outcomes.REFUSED for one in became):
        return _refusal(request, "role", 403)
    return redirect("answer", token)


def _act(request: HttpRequest, target: LinkTarget, token: str, incident: Incident) -> HttpResponse:
    if announced_length(request) > MAX_BODY:
        return _refusal(request, "too_large", 413)
    verb = request.POST.get("do", "")
    if verb == answers.RESOLVE:
        return _resolve_signed_in(request, incident)
    if verb not in VERBS:
        return _refusal(request, "verb", 400)
    try:
        outcome = answers.by_link(answers.Answer(target.page, verb, "link"), incident, now=now())
    except IllegalMove:
        return _refusal(request, "over", 409)
    if outcome.kind == outcomes.REFUSED:
        return _refusal(request, "role", 403)
    return redirect("answer", token)


def _resolve_signed_in(request: HttpRequest, incident: Incident) -> HttpResponse:
    """Ending an incident is not for a link that was forwarded: sign in, then press it on the incident's page."""
    page = reverse("incidents:incident", args=[incident.number])
    return redirect(page) if request.user.is_authenticated else redirect_to_login(page)
