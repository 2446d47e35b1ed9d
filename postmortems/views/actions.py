"""Action items: the list of all, one with everything that may be done with it, and promising a new one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.access import get_person, signed_in
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.models import Organisation, User
from ledger.actors import current_actor
from ledger.clock import now
from ledger.tracked import StaleVersion
from postmortems import states
from postmortems.access import APPROVE, WRITE, get_action, get_postmortem, may_approve, may_write, visible_actions
from postmortems.forms.actions import ChangeActionForm, DoneForm, PromiseForm
from postmortems.history import told
from postmortems.models import ActionItem
from postmortems.queries import by_due, with_words
from postmortems.services import actions as services
from postmortems.services.refusals import BadInput
from postmortems.states import IllegalMove
from postmortems.views.whole import choices, row, whole

PER_PAGE = 40
FILTERS = {
    "": "Open and done",
    "late": "Late",
    "mine": "Mine",
    "check": "To be verified",
    "all": "All",
}


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Action items, what is late first."""
    at, chosen = now(), request.GET.get("show", "")
    zone = Organisation.current().zone
    found = by_due(matching(visible_actions(request.user), chosen, signed_in(request), at.astimezone(zone).date()))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = [row(item, zone, now=at) for item in with_words(page.object_list)]
    context = {"page": page, "rows": rows, "chosen": chosen, "filters": FILTERS.items(), "now": at}
    return render(request, "postmortems/actions.html", context)


def matching(found: QuerySet[ActionItem], chosen: str, person: User, day: Any) -> QuerySet[ActionItem]:
    """The items of a filter; a word that is none shows what is not over yet."""
    live = found.filter(status__in=(states.OPEN, states.DONE))
    return {
        "late": live.filter(status=states.OPEN, due_on__lt=day),
        "mine": live.filter(owner=person),
        "check": live.filter(status=states.DONE),
        "all": found,
    }.get(chosen, live)


def show(request: HttpRequest, number: str) -> HttpResponse:
    """One action item; POST changes its words, owner, kind or day."""
    need = WRITE if request.method == "POST" else "read"
    item = get_action(request.user, number, need)
    form = _change_form(item, posted(request))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            changes = {name: data[name] for name in ("text", "kind", "due_on")}
            changes["owner"] = get_person(request.user, data["owner"])
            services.change_action(
                item, changes, actor=current_actor(), now=now(), reason=data["reason"], expected_version=data["version"]
            )
            messages.success(request, f"{item} is changed.")
            return redirect("postmortems:action", item.number)
        except StaleVersion:
            form.conflict(item)
        except (BadInput, IllegalMove) as error:
            _refuse(form, error)
    return _page(request, item, change_form=form)


@require_POST
def promise(request: HttpRequest, number: str) -> HttpResponse:
    """A new action item of a post-mortem."""
    postmortem = get_postmortem(request.user, number, WRITE)
    form = PromiseForm(request.POST, people=choices(), auto_id="promise_%s")
    if form.is_valid():
        data = {**form.cleaned_data, "owner": get_person(request.user, form.cleaned_data["owner"])}
        try:
            made = services.create_action(postmortem, **data, actor=current_actor(), now=now())
            messages.success(request, f"{made} is promised by {made.owner}.")
            return redirect("postmortems:postmortem", postmortem.number)
        except BadInput as error:
            _refuse(form, error)
    context = whole(postmortem, signed_in(request), now=now(), promise_form=form)
    return render(request, "postmortems/postmortem.html", context, status=422)


@require_POST
def finish(request: HttpRequest, number: str) -> HttpResponse:
    """It is done, and this is how anybody can tell."""
    form = DoneForm(request.POST, auto_id="done_%s")
    return _act(request, number, services.finish, form, "done_form", "is done. Somebody else verifies it.")


@require_POST
def verify(request: HttpRequest, number: str) -> HttpResponse:
    """Somebody else has looked at the evidence."""
    return _act(request, number, services.verify, None, "", "is verified.")


@require_POST
def reopen(request: HttpRequest, number: str) -> HttpResponse:
    """It is not done after all."""
    form = RetireForm(request.POST, auto_id="reopen_%s")
    return _act(request, number, services.reopen, form, "reopen_form", "is open again.")


@require_POST
def drop(request: HttpRequest, number: str) -> HttpResponse:
    """It will not be done."""
    form = RetireForm(request.POST, auto_id="drop_%s")
    return _act(request, number, services.drop, form, "drop_form", "is dropped.", need=APPROVE)


def _act(
    request: HttpRequest,
    number: str,
    do: Callable[..., Any],
    form: forms.Form | None,
    name: str,
    said: str,
    need: str = WRITE,
) -> HttpResponse:
    item = get_action(request.user, number, need)
    if form is None or form.is_valid():
        data = dict(form.cleaned_data) if form else {}
        data["expected_version"] = data.pop("version", None)
        try:
            do(item, actor=current_actor(), person=signed_in(request), now=now(), **data)
            messages.success(request, f"{item} {said}")
            return redirect("postmortems:action", item.number)
        except (BadInput, IllegalMove, StaleVersion) as error:
            words = error.messages[0] if isinstance(error, StaleVersion) else str(error)
            if form is None:
                messages.error(request, words)
                return redirect("postmortems:action", item.number)
            form.add_error(None, words)
    return _page(request, item, **{name: form})


def _page(request: HttpRequest, item: ActionItem, **shown: Any) -> HttpResponse:
    [item] = with_words([item])
    user, at = signed_in(request), now()
    initial = {"version": item.version}
    context = {
        **row(item, Organisation.current().zone, now=at),
        "change_form": _change_form(item, None),
        "done_form": DoneForm(initial=initial, auto_id="done_%s"),
        "reopen_form": RetireForm(initial=initial, auto_id="reopen_%s"),
        "drop_form": RetireForm(initial=initial, auto_id="drop_%s"),
        "changes": told(item),
        "may_write": may_write(user),
        "may_drop": may_approve(user),
        "may_verify": may_write(user) and user.pk not in (item.owner_id, item.done_by_id),
        "now": at,
        **shown,
    }
    refused = next((form for form in shown.values() if form.is_bound), None)
    status = 200 if refused is None else status_of(refused)
    return render(request, "postmortems/action.html", context, status=status)


def _change_form(item: ActionItem, data: Any) -> ChangeActionForm:
    [item] = with_words([item])
    initial = {
        "text": item.text,  # type: ignore[attr-defined]
        "kind": item.kind,
        "owner": item.owner.public_id,
        "due_on": item.due_on,
        "version": item.version,
    }
    held = [(item.owner.public_id, str(item.owner))]
    people = list(dict.fromkeys([*choices(), *held]))
    return ChangeActionForm(data, initial=initial, people=people, auto_id="change_%s")


def _refuse(form: forms.Form, error: Exception) -> None:
    field = getattr(error, "field", "")
    form.add_error(field if field in form.fields else None, str(error))
