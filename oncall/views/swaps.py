"""Swaps on a screen: what is open and what can be done with it, asking for one, and each with its story."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import get_person, require, signed_in
from accounts.forms.changes import posted, status_of
from accounts.models import User
from accounts.queries import pageable_people
from accounts.second_person import SamePerson
from ledger.clock import now
from ledger.texts import read
from oncall.access import all_swaps, get_schedule, get_swap, parts_in, require_request, require_swap
from oncall.forms.swaps import OfferForm, RequestForm, instant_on
from oncall.models import Notice, Override, Swap
from oncall.rota.problems import ScheduleError
from oncall.rota.swaps import OPEN, IllegalMove, Part, possible
from oncall.services.swaps import accept_swap, approve_swap, close_swap, offer_swap, reopen_swap, request_swap
from oncall.swap_choices import Choice, choice_of, shifts_ahead

BUTTONS = {
    "offer": "I take it",
    "decline": "I cannot",
    "accept": "Accept",
    "turn_down": "Turn the offer down",
    "take_back": "Take the offer back",
    "approve": "Approve",
    "refuse": "Refuse",
    "withdraw": "Withdraw",
}
SAID = {
    "offered": "Offered. {giver} is told.",
    "accepted": "Both agree. It waits for approval.",
    "done": "Swapped: {taker} is on call for {giver}. Both are told.",
    "requested": "It is open to others again.",
    "declined": "It is declined. Who is concerned is told.",
    "withdrawn": "It is withdrawn.",
}
RECENT = 30


@dataclass(frozen=True)
class Shown:
    """A swap with what the reader can do with it: pairs of a verb and its button."""

    swap: Swap
    actions: list[tuple[str, str]]
    note: str


def swaps_page(request: HttpRequest) -> HttpResponse:
    """What is open, soonest first, and what ended lately."""
    require(request.user, "read")
    rows = all_swaps(request.user)
    context = {
        "open": [_shown(request, swap) for swap in rows.filter(state__in=OPEN).order_by("expires_at", "pk")],
        "over": rows.exclude(state__in=OPEN).order_by("-ended_at", "-pk")[:RECENT],
    }
    return render(request, "oncall/swaps.html", context)


def new_swap(request: HttpRequest) -> HttpResponse:
    """Ask that somebody takes a shift of one's own; of another person for who may edit the schedule."""
    me, instant = signed_in(request), now()
    require(me, "respond")
    named = request.GET.get("person", "")
    person = get_person(me, named) if named else me
    found = shifts_ahead(person, now=instant)
    people = [(one.public_id, one.name) for one in pageable_people() if one.pk != person.pk]
    form = RequestForm(
        posted(request), shifts=[one.pair for one in found], people=people, initial={"shift": request.GET.get("shift", "")}
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        made = _requested(me, person, form, instant)
        if made is not None:
            messages.success(request, "Asked. It is open until the shift begins.")
            return redirect("oncall:swap", made.public_id)
    context = {"form": form, "person": person, "mine": person.pk == me.pk, "any": bool(found)}
    return render(request, "oncall/swap_form.html", context, status=status_of(form))


def swap_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One swap: its shifts in both zones, who did what when, and what the reader can do."""
    return _page(request, get_swap(request.user, public_id))


@require_POST
def act(request: HttpRequest, public_id: str, verb: str) -> HttpResponse:
    """Do one thing with a swap."""
    if verb not in BUTTONS:
        raise Http404
    me = signed_in(request)
    swap = require_swap(me, public_id, verb, taker=me)
    try:
        moved = _moved(request, swap, verb, me, now())
    except (IllegalMove, ScheduleError, SamePerson) as error:
        messages.error(request, str(error))
    else:
        names = {"giver": moved.giver.name, "taker": moved.taker.name if moved.taker else ""}
        messages.success(request, SAID[moved.state].format(**names))
    return redirect("oncall:swap", public_id)


def _requested(me: User, person: User, form: RequestForm, instant: datetime) -> Swap | None:
    data = form.cleaned_data
    try:
        asked: Choice = choice_of(data["shift"])
        schedule = get_schedule(me, asked.schedule)
        require_request(me, schedule, giver=person)
        return request_swap(
            schedule, giver=person, role=asked.role, by=me, now=instant, note=data["note"],
            start_at=instant_on(data["start"], schedule.zone, max(asked.start, instant)),
            end_at=instant_on(data["end"], schedule.zone, asked.end),
            asked=User.objects.filter(public_id=data["asked"]).first() if data["asked"] else None,
        )  # fmt: skip
    except ScheduleError as error:
        form.refused(error)
    return None


def _moved(request: HttpRequest, swap: Swap, verb: str, me: User, instant: datetime) -> Swap:
    if verb == "offer":
        form = OfferForm(request.POST, shifts=_in_return(swap, me, instant))
        if not form.is_valid():
            raise ScheduleError({"back": "Choose one of your shifts, or nothing."})
        back = choice_of(form.cleaned_data["back"]) if form.cleaned_data["back"] else None
        given = {"back_start_at": back.start, "back_end_at": back.end} if back else {}
        return offer_swap(swap, taker=me, by=me, now=instant, **given)
    if verb == "accept":
        return accept_swap(swap, by=me, now=instant)
    if verb == "approve":
        return approve_swap(swap, by=me, now=instant)
    if verb in ("turn_down", "take_back"):
        return reopen_swap(swap, verb, by=me, now=instant)
    return close_swap(swap, verb, by=me, now=instant, reason=request.POST.get("reason", ""))


def _in_return(swap: Swap, me: User, instant: datetime) -> list[tuple[str, str]]:
    held = shifts_ahead(me, now=instant, only=swap.schedule, role=swap.role)
    return [one.pair for one in held if one.start > instant]


def _shown(request: HttpRequest, swap: Swap) -> Shown:
    held = parts_in(request.user, swap)
    # who may edit can offer for another by the API; here the one who presses is who takes it
    takes = bool(held & {Part.ASKED, Part.ANYBODY})
    verbs = [verb for verb in possible(swap.state, held) if takes or verb != "offer"]
    return Shown(swap, [(verb, BUTTONS[verb]) for verb in verbs], read(swap.note_sha256) if swap.note_sha256 else "")


def _page(request: HttpRequest, swap: Swap) -> HttpResponse:
    shown = _shown(request, swap)
    verbs = {verb for verb, _ in shown.actions}
    context: dict[str, Any] = {
        "swap": swap,
        "shown": shown,
        "end_note": read(swap.end_sha256) if swap.end_sha256 else "",
        "overrides": Override.objects.filter(swap=swap.public_id).order_by("number"),
        "untold": Notice.objects.filter(about=swap.public_id, pages=0).select_related("person"),
        "offer_form": OfferForm(shifts=_in_return(swap, signed_in(request), now())) if "offer" in verbs else None,
    }
    return render(request, "oncall/swap.html", context)
