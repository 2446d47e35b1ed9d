"""A call that was picked up: Twilio asks what to say, brings the keys, and reports how it went."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.rate import RateRule
from incidents import wording
from incidents.models import Incident
from incidents.services import keys
from incidents.states import RESOLVED
from incidents.subjects import KIND
from incidents.views import twiml
from incidents.views.inbound import Refused, inbound, twilio_form
from ledger.clock import now
from oncall.notify import callbacks, calls
from oncall.notify.calls import BadCall, Call
from oncall.notify.messages import Outdated, letter_for
from oncall.notify.states import BUNDLE

# Questions in one call, whatever is pressed; and how often silence is asked once more.
MOST_ROUNDS = 6
MOST_SILENCES = 1
# Of one call in a minute. More is a machine that presses keys.
requests_of_a_call = RateRule(most=30)


@dataclass(frozen=True)
class Turn:
    """Where a call stands: the question that is being answered, and how often nothing was heard so far."""

    round: int
    silences: int


@inbound
def twilio_voice(request: HttpRequest, token: str) -> HttpResponse:
    """What to say: the page at first, then the answer to a key. The same key of the same call again does nothing."""
    form = twilio_form(request)
    call, turn, instant = _call(token, form), _turn(request), now()
    if turn.round == 0:
        callbacks.store_call({**form, "CallStatus": "in-progress"}, call.attempt, now=instant)
        return _speak(request, call, Turn(0, 0), "", now=instant)
    digits = form.get("Digits", "")
    if not digits:
        return _silence(request, call, turn, now=instant)
    reply = keys.press(call.page, sid=form["CallSid"], round_=turn.round, digits=digits, now=instant)
    if reply.ends:
        return twiml.say(reply.words)
    if turn.round >= MOST_ROUNDS:
        return twiml.say(f"{reply.words} {_goodbye(call)}".strip())
    words = "" if reply.repeats else f"{reply.words} {_choices(call)}"
    return _speak(request, call, turn, words, now=instant)


@inbound
def twilio_voice_status(request: HttpRequest, token: str) -> HttpResponse:
    """The provider tells how a call fares: stored before it is understood, applied by the next tick."""
    form = twilio_form(request)
    if not callbacks.store_call(form, _call(token, form).attempt, now=now()):
        raise Refused(400, "CallSid and CallStatus are needed.")
    return HttpResponse(status=204)


def _call(token: str, form: dict[str, str]) -> Call:
    """The call that a signed form is about. Raises Refused: 400, 429, 404."""
    sid, number, digits = form.get("CallSid", ""), form.get("To", ""), form.get("Digits", "")
    if not 0 < len(sid) <= 64 or not 0 < len(number) <= 32 or len(digits) > 1:
        raise Refused(400, "CallSid and To are needed, and at most one key in Digits.")
    wait = requests_of_a_call.wait_s(sid, time.monotonic())
    if wait:
        raise Refused(429, "Too many requests about this call in a minute.", retry_after=wait)
    try:
        return calls.read(token, sid=sid, number=number)
    except BadCall:
        raise Refused(404, "No page of ours made this call to this number.") from None


def _turn(request: HttpRequest) -> Turn:
    """Read where the call stands from the address, which Twilio signs with the form. Raises Refused."""
    try:
        turn = Turn(int(request.GET.get("round", "0")), int(request.GET.get("silences", "0")))
    except ValueError:
        turn = Turn(-1, 0)
    if not (0 <= turn.round <= MOST_ROUNDS and 0 <= turn.silences <= MOST_ROUNDS):
        raise Refused(400, "The round of a call is a small whole number.")
    return turn


def _silence(request: HttpRequest, call: Call, turn: Turn, *, now: datetime) -> HttpResponse:
    """No key came: ask once more, then leave it to the next person rather than to a voice mail."""
    if turn.silences >= MOST_SILENCES or turn.round >= MOST_ROUNDS:
        return twiml.say(_goodbye(call))
    return _speak(request, call, Turn(turn.round, turn.silences + 1), "", now=now, opening=wording.SPOKEN_SILENCE)


def _speak(
    request: HttpRequest, call: Call, turn: Turn, words: str, *, now: datetime, opening: str = ""
) -> HttpResponse:
    """Say `words`, or the page itself where there are none, and listen; only say it where no key is asked for."""
    try:
        page = words or letter_for(call.page, attempt=call.attempt.n, now=now).message.body
    except Outdated:
        return twiml.say(wording.SPOKEN_OUTDATED)
    if call.page.origin not in calls.ASKS_FOR_A_KEY:
        return twiml.say(page)
    incident = _incident(call)
    if incident is not None and not words:
        zone = call.page.person.zone
        if incident.state == RESOLVED:
            return twiml.say(f"{page} {wording.spoken_over((incident.resolved_at or now).astimezone(zone))}")
        page = f"{page} {_standing(call, incident)}"
    said = " ".join(filter(None, (opening, page, "" if words else _choices(call))))
    ahead = {"round": turn.round + 1, "silences": turn.silences}
    address = f"{settings.PUBLIC_URL.rstrip('/')}{request.path}"
    # a key and silence lead to the same next question; only the form tells them apart
    onward = f"{address}?{urlencode(ahead)}"
    return twiml.ask(said, pressed=onward, silent=onward)


def _incident(call: Call) -> Incident | None:
    run = call.page.run
    if run is None or run.subject_kind != KIND:
        return None
    return Incident.objects.select_related("service", "acknowledged_by").get(number=run.subject_id)


def _standing(call: Call, incident: Incident) -> str:
    zone = call.page.person.zone
    words = wording.spoken_standing(
        incident.service.name if incident.service else "", incident.opened_at.astimezone(zone)
    )
    if incident.acknowledged_by and incident.acknowledged_at:
        words += " " + wording.spoken_holder(str(incident.acknowledged_by), incident.acknowledged_at.astimezone(zone))
    return words


def _choices(call: Call) -> str:
    if call.page.origin == BUNDLE:
        return wording.SPOKEN_CHOICES_ALL
    return wording.SPOKEN_CHOICES if call.page.run else wording.SPOKEN_TEST


def _goodbye(call: Call) -> str:
    return wording.SPOKEN_GOODBYE if call.page.run or call.page.origin == BUNDLE else wording.SPOKEN_TEST_GOODBYE
