"""Testing somebody's contacts: asking for it, and what came of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.access import can_arrange, get_arranged, get_person, signed_in
from accounts.models import User
from accounts.queries import contacts_of
from accounts.services.contacts import CodeRefused
from ledger.clock import now
from oncall.notify.services import NothingToTest, ask_for_test
from oncall.proofs import Proof, newest_tests, proofs_of


def tests(request: HttpRequest, public_id: str) -> HttpResponse:
    """The proofs of somebody's contacts and their newest tests: a fragment, asked for again while answers may come."""
    person = get_person(request.user, public_id)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("oncall:reach", public_id)
    return render(request, "oncall/_tests.html", tests_context(request, person))


@require_POST
def ask(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send a test over every confirmed contact of somebody."""
    person = get_arranged(request.user, public_id)
    try:
        _, pages = ask_for_test(person, by=signed_in(request), now=now())
    except (CodeRefused, NothingToTest) as error:
        messages.error(request, str(error))
    else:
        number = f"{len(pages)} contact{'' if len(pages) == 1 else 's'}"
        messages.success(request, f"A test is on its way over {number}. Answer each one: a reply, a key or the link.")
    return redirect("oncall:reach", public_id)


def tests_context(request: HttpRequest, person: User, proofs: list[Proof] | None = None) -> dict[str, Any]:
    """What the fragment needs."""
    instant = now()
    asked = newest_tests(person)
    known = proofs_of(contacts_of(person)) if proofs is None else proofs
    return {
        "person": person,
        "mine": person.pk == request.user.pk,
        "proofs": [(proof, proof.overdue(instant)) for proof in known],
        "asked": asked,
        "waits": any(one.waits for one in asked[:1]),
        "can_test": person.is_active
        and can_arrange(request.user, person)
        and any(p.contact.verified_at for p in known),
        "now": instant,
    }
