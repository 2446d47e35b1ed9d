"""The first run: whoever holds the set-up link becomes the admin, and from then on every fault reaches them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from accounts.services.setup import REASON, FirstRun, complete_setup
from evidence.services.deadman import change_dead_man
from incidents.services.routes import create_route
from ledger.actors import Actor, acting_as, current_actor
from oncall.notify.services import send_verification
from oncall.services import change_catch_all, create_policy

POLICY, DELAY_S, REPEAT = "Everything", 300, 2
VIA = "set-up link"


@transaction.atomic
def begin(*, secret: str, fields: Mapping[str, str], now: datetime) -> FirstRun:
    """Make the organisation, its admin, and the way of every fault to that admin; send the code for their e-mail.

    fields: organisation, timezone, name, email, password, and dead_man, the address of a service elsewhere that is
    told each minute that we live ("" for later). Raises SetupClosed when the link does not hold; then nothing was made.
    """
    seen = current_actor()
    with acting_as(Actor("link", label=VIA, via=VIA, network=seen.network, request_id=seen.request_id)):
        about_them = {name: value for name, value in fields.items() if name != "dead_man"}
        made = complete_setup(secret=secret, now=now, **about_them)
        people = [made.admin.public_id]
        steps = [{"delay_s": DELAY_S, "people": people}]
        policy = create_policy(name=POLICY, team=made.team, repeat=REPEAT, steps=steps, now=now, reason=REASON)
        create_route(service=None, severity=None, policy=policy, now=now, reason=REASON)
        change_catch_all(people=people, now=now, reason=REASON)
        if fields.get("dead_man"):
            change_dead_man(url=fields["dead_man"], now=now, reason=REASON)
        send_verification(made.contact, now=now)
    return made
