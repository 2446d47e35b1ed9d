"""The catch-all: who is called when nobody else can be."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.access import can
from accounts.forms.changes import posted, status_of
from accounts.history import changes_of
from accounts.queries import pageable_people, people_by_id
from ledger.clock import now
from ledger.tracked import StaleVersion
from oncall.access import get_catch_all
from oncall.forms.policy import CatchAllForm
from oncall.services import change_catch_all


def catch_all_page(request: HttpRequest) -> HttpResponse:
    """Everybody reads; admins change."""
    catch_all = get_catch_all(request.user, "edit" if request.method == "POST" else "read")
    choices = [(person.public_id, person.name) for person in pageable_people()]
    initial = {"people": catch_all.people, "version": max(catch_all.version, 1)}
    form = CatchAllForm(posted(request), initial=initial, people=choices)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            change_catch_all(
                people=data["people"], now=now(), reason=data["reason"],
                expected_version=data["version"] if catch_all.version else None,
            )  # fmt: skip
            messages.success(request, "The catch-all is saved.")
            return redirect("oncall:catch_all")
        except StaleVersion:
            form.conflict(catch_all)
    context = {
        "form": form,
        "people": people_by_id(catch_all.people),
        "changes": changes_of(catch_all) if catch_all.pk else [],
        "can_edit": can(request.user, "edit_any"),
    }
    return render(request, "oncall/catch_all.html", context, status=status_of(form))
