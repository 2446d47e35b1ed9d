"""What Slack brings us when somebody presses a button: one address, signed, stored, answered within moments."""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse

from accounts.rate import RateRule
from incidents.services.taps import press
from incidents.views.inbound import Refused, form_of, inbound, raw_body, unsigned
from ledger.clock import now
from oncall.notify.channels.slack_blocks import VERBS
from oncall.notify.slack_actions import BadPayload, read
from oncall.notify.slack_signature import SIGNATURE, TIMESTAMP, verify

# By one member in a minute. More is a script.
presses = RateRule(most=30)


@inbound
def slack_action(request: HttpRequest) -> HttpResponse:
    """Store the press, act on it, say 200: Slack waits three seconds, and shows an error for anything else.

    The words for who pressed, and the changed message, are sent by the sender. Anything that is no button of ours is
    taken with 200 and does nothing.
    """
    body, instant = raw_body(request), now()
    if not verify(body, request.headers.get(TIMESTAMP), request.headers.get(SIGNATURE), now=instant):
        raise unsigned("The signature is missing, too old or not ours. Check SLACK_SIGNING_SECRET and the clock.")
    try:
        pressed = read(form_of(body).get("payload", ""), VERBS)
    except BadPayload as error:
        raise Refused(400, str(error)) from error
    if pressed is not None:
        wait = presses.wait_s(pressed.user, time.monotonic())
        if wait:
            raise Refused(429, "Too many buttons in a minute.", retry_after=wait)
        press(pressed, provider="slack", now=instant)
    return HttpResponse()
