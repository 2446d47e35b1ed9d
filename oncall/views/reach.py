"""How a person is reached: the readiness grid, their contact rules, and the form of the rules."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can_arrange, get_arranged, get_person
from accounts.contact_rules import URGENCIES, RulesError
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.history import Change, changes_of
from accounts.models import ContactRules, User
from accounts.queries import contacts_of, rules_of
from accounts.services.contact_rules import RulesExist, change_rules, drop_rules, write_rules
from ledger.clock import now
from ledger.tracked import StaleVersion
from oncall.forms.contact_rules import (
    FirstRulesForm,
    RulesForm,
    apply_edit,
    left_out_of,
    read_left_out,
    read_rules,
    rows_of,
)
from oncall.forms.rows import read_edit
from oncall.reached import Reached, contact_name, reached
from oncall.reachwords import after_words
from oncall.rulewords import names_of_contacts, opt_out_words, rule_words
from oncall.views.contact_tests import tests_context

FIRST = "First rules"
# Sets of rules whose history the page tells: those in force, and some that were taken away.
MOST_SETS = 6


def reach_page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Whether, over what and when a person is reached. The grid alone is a fragment of their page."""
    person = get_person(request.user, public_id)
    if request.htmx:  # type: ignore[attr-defined]
        context = {"person": person, "found": reached(person, now=now())}
        return render(request, "oncall/_reach_of_person.html", context)
    return _page(request, person)


def edit_rules(request: HttpRequest, public_id: str, urgency: str) -> HttpResponse:
    """Write or change the rules of a person for one urgency."""
    person, held = _asked(request, public_id, urgency)
    form = _form(request, person, urgency, held)
    if form.is_bound and form.is_valid() and _saved(person, urgency, held, form):
        messages.success(request, f"The rules for {urgency} urgency are saved.")
        return redirect("oncall:reach", public_id)
    context = {"person": person, "urgency": urgency, "form": form, "held": held, "mine": person.pk == request.user.pk}
    return render(request, "oncall/contact_rules_form.html", context, status=status_of(form))


@require_POST
def drop(request: HttpRequest, public_id: str, urgency: str) -> HttpResponse:
    """Take rules away: everything confirmed is paged at once again."""
    person, held = _asked(request, public_id, urgency)
    if held is None:
        raise Http404
    form = RetireForm(request.POST, auto_id=f"{urgency}_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            drop_rules(held, now=now(), reason=data["reason"], expected_version=data["version"])
        except StaleVersion:
            form.conflict(held)
        else:
            messages.success(
                request, f"No rules for {urgency} urgency any more: everything confirmed is paged at once."
            )
            return redirect("oncall:reach", public_id)
    return _page(request, person, drop_form=form, dropping=urgency, status=status_of(form))


@dataclass(frozen=True)
class ShownRules:
    """The rules of one urgency in words, with what they leave aside, and the form that takes them away."""

    urgency: str
    title: str
    held: ContactRules | None
    moments: list[tuple[str, list[str]]]
    left_out: list[tuple[str, str]]
    unused: list[str]
    drop_form: RetireForm | None


def _page(
    request: HttpRequest, person: User, *, drop_form: RetireForm | None = None, dropping: str = "", status: int = 200
) -> HttpResponse:
    found = reached(person, now=now())
    may = person.is_active and can_arrange(request.user, person)
    shown = [_shown(found, urgency, drop_form if urgency == dropping else None) for urgency in URGENCIES]
    context = {
        **tests_context(request, person, list(found.proofs)),
        "found": found,
        "rules": shown,
        "can_edit": may,
        "any_verified": any(one.verified_at for one in found.contacts),
        "changes": _changes(person),
    }
    return render(request, "oncall/reach.html", context, status=status)


def _changes(person: User) -> list[Change]:
    """The newest versions of everything that was ever written, newest first."""
    names = names_of_contacts(person)
    labels = {"rules": rule_words(names), "opt_outs": opt_out_words(names)}
    newest = ContactRules.objects.filter(user=person).order_by("-pk")[:MOST_SETS]
    found = [replace(one, of=held.urgency) for held in newest for one in changes_of(held, limit=20, labels=labels)]
    return sorted(found, key=lambda one: one.at, reverse=True)[:20]


def _shown(found: Reached, urgency: str, drop_form: RetireForm | None) -> ShownRules:
    names = {one.public_id: f"{one.get_kind_display()} {contact_name(one)}" for one in found.contacts}
    held = found.rules.get(urgency)
    if held is None:
        return ShownRules(urgency, URGENCIES[urgency], None, [], [], [], None)
    rules, left_out = held.parsed_rules, left_out_of(held, found.contacts, urgency)
    moments: dict[int, list[str]] = {}
    for rule in rules:
        moments.setdefault(rule.delay_s, []).append(names.get(rule.contact, "a contact that is gone"))
    named = {rule.contact for rule in rules} | {one.contact for one in left_out if one.chosen}
    unused = [names[one.public_id] for one in found.contacts if one.verified_at and one.public_id not in named]
    return ShownRules(
        urgency,
        URGENCIES[urgency],
        held,
        [(after_words(at), spoken) for at, spoken in moments.items()],
        [(one.name, one.reason) for one in left_out if one.chosen],
        unused if rules else [],
        drop_form or RetireForm(initial={"version": held.version}, auto_id=f"{urgency}_%s"),
    )


def _asked(request: HttpRequest, public_id: str, urgency: str) -> tuple[User, ContactRules | None]:
    """The person and their rules in force, for who may change them. Raises Http404, PermissionDenied."""
    if urgency not in URGENCIES:
        raise Http404
    person = get_arranged(request.user, public_id)
    return person, rules_of(person).filter(urgency=urgency).first()


def _form(request: HttpRequest, person: User, urgency: str, held: ContactRules | None) -> RulesForm:
    """The form as drawn, as posted, or as posted and then grown by one of its buttons."""
    contacts = list(contacts_of(person))
    offered = left_out_of(held, contacts, urgency)
    kind, initial = (RulesForm, {"version": held.version}) if held else (FirstRulesForm, {})
    if request.method != "POST":
        return kind(initial=initial, urgency=urgency, contacts=contacts, rows=rows_of(held, contacts), left_out=offered)
    lists: dict[str, list[str]] = dict(request.POST.lists())  # type: ignore[arg-type]
    rows, left_out = read_rules(lists), read_left_out(offered, lists)
    edit = read_edit(request.POST.get("edit", ""))
    if edit is None:
        return kind(posted(request), urgency=urgency, contacts=contacts, rows=rows, left_out=left_out)
    typed = {**initial, **request.POST.dict()}
    return kind(initial=typed, urgency=urgency, contacts=contacts, rows=apply_edit(rows, edit), left_out=left_out)


def _saved(person: User, urgency: str, held: ContactRules | None, form: RulesForm) -> bool:
    """Write what was typed; False leaves the form with what is wrong."""
    try:
        if held is None:
            write_rules(person, urgency, rules=form.rules, opt_outs=form.opt_outs, now=now(), reason=FIRST)
        else:
            _change(held, form)
    except RulesError as error:
        form.refuse(error)
    except RulesExist:
        form.add_error(None, "Somebody wrote rules while you did. Nothing of yours is saved; load the page again.")
    return not form.errors


def _change(held: ContactRules, form: RulesForm) -> None:
    data = form.cleaned_data
    try:
        change_rules(
            held, rules=form.rules, opt_outs=form.opt_outs, now=now(), reason=data["reason"],
            expected_version=data["version"],
        )  # fmt: skip
    except StaleVersion:
        form.conflict(held)
