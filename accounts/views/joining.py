"""Arriving by invitation. The link is the proof; no session is needed before."""

from typing import Any

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from accounts.forms.changes import posted, status_of
from accounts.forms.people import JoinForm
from accounts.models import Organisation
from accounts.queries import live_invitation
from accounts.services.people import InvitationClosed, accept_invitation
from ledger.clock import now

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@login_not_required
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose name and password; then one is signed in. A used or old link answers 410 and says what to do."""
    instant = now()
    invitation = live_invitation(secret, now=instant)
    context: dict[str, Any] = {"organisation": Organisation.current()}
    if invitation is None:
        return render(request, "accounts/join_closed.html", context, status=410)
    form = JoinForm(posted(request), user=invitation.user, initial={"name": invitation.user.name})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            person = accept_invitation(secret=secret, name=data["name"], password=data["password"], now=instant)
        except InvitationClosed:
            return render(request, "accounts/join_closed.html", context, status=410)
        login(request, person, backend=BACKEND)
        return redirect("accounts:me")
    context |= {"form": form, "invitation": invitation}
    return render(request, "accounts/join.html", context, status=status_of(form))
