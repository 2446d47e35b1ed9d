"""API tokens: one's own, and everybody's for an admin. A secret is shown once, on the page that made it."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.access import can, get_token, signed_in
from accounts.forms.changes import posted, status_of
from accounts.forms.organisation import TokenForm
from accounts.queries import tokens_of
from accounts.scopes import SCOPES
from accounts.services.tokens import issue_token, revoke_token
from ledger.clock import now


@never_cache
def tokens_page(request: HttpRequest) -> HttpResponse:
    """List tokens and make one. The answer to the form holds the secret; loading the page again does not."""
    me, instant = signed_in(request), now()
    form = TokenForm(posted(request), scopes=list(SCOPES.items()))
    context = {"form": form, "secret": "", "made": None}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        token, secret = issue_token(
            owner=me, label=data["label"], scopes=data["scopes"],
            expires_at=instant + timedelta(days=data["days"]), now=instant, reason="Made on the tokens page",
        )  # fmt: skip
        context |= {"secret": secret, "made": token, "form": TokenForm(scopes=list(SCOPES.items()))}
    context["tokens"] = tokens_of(me)
    if can(request.user, "manage_organisation"):
        context["others"] = tokens_of().exclude(owner=me)
    return render(request, "accounts/tokens.html", context, status=status_of(form))


@require_POST
def revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    """End a token at once."""
    token = get_token(request.user, public_id)
    revoke_token(token, now=now(), reason="Revoked on the tokens page")
    messages.success(request, f"{token} is revoked. Calls with it are refused from now on.")
    return redirect("accounts:tokens")
