"""Naming who keeps our seals outside: add, change, retire. Admins only; everybody may see who it is."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can, require
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import RetireForm
from accounts.history import changes_of
from evidence.access import get_anchor
from evidence.forms.anchors import AnchorChangeForm, AnchorForm
from evidence.models import Anchor
from evidence.queries.sealed import with_last_letters
from evidence.services.anchors import AnchorExists, add_anchor, change_anchor, retire_anchor
from ledger.clock import now
from ledger.tracked import StaleVersion


def new(request: HttpRequest) -> HttpResponse:
    """Mail the seals to somebody from now on."""
    require(request.user, "manage_organisation")
    form = AnchorForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            anchor = add_anchor(**form.cleaned_data, now=now())
            messages.success(request, f"{anchor} gets each day's seal from now on.")
            return redirect("evidence:ledger")
        except AnchorExists as error:
            form.add_error("address", str(error))
    return render(request, "evidence/anchor_new.html", {"form": form}, status=status_of(form))


def change(request: HttpRequest, public_id: str) -> HttpResponse:
    """One of them, with what was sent last; admins change name and address."""
    anchor = get_anchor(request.user, public_id, "read" if request.method == "GET" else "manage_organisation")
    start = {"name": anchor.name, "version": anchor.version}
    form = AnchorChangeForm(posted(request), initial=start)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        seen = data.pop("version")
        try:
            change_anchor(anchor, **data, now=now(), expected_version=seen)
            messages.success(request, "Saved.")
            return redirect("evidence:anchor", public_id)
        except StaleVersion:
            form.conflict(anchor)
        except AnchorExists as error:
            form.add_error("address", str(error))
    return _page(request, anchor, form, RetireForm(initial=start, auto_id="retire_%s"))


@require_POST
def retire(request: HttpRequest, public_id: str) -> HttpResponse:
    """Mail them no more."""
    anchor = get_anchor(request.user, public_id, "manage_organisation")
    form = RetireForm(request.POST, auto_id="retire_%s")
    if form.is_valid():
        data = form.cleaned_data
        try:
            retire_anchor(anchor, now=now(), reason=data["reason"], expected_version=data["version"])
            messages.success(request, f"{anchor} gets no more seals. What they hold stays valid.")
            return redirect("evidence:ledger")
        except StaleVersion:
            form.conflict(anchor)
    start = {"name": anchor.name, "version": anchor.version}
    return _page(request, anchor, AnchorChangeForm(initial=start), form)


def _page(request: HttpRequest, anchor: Anchor, form: AnchorChangeForm, retire_form: RetireForm) -> HttpResponse:
    stored = Anchor.objects.get(pk=anchor.pk)  # what was typed and refused is in the form, not on the page
    with_last_letters([stored])
    context = {
        "anchor": stored,
        "form": form,
        "retire_form": retire_form,
        "changes": changes_of(stored),
        "letters": stored.letters.select_related("seal").order_by("-id")[:10],
        "can_manage": can(request.user, "manage_organisation"),
    }
    status = max(status_of(form), status_of(retire_form))
    return render(request, "evidence/anchor.html", context, status=status)
