"""What Watchbook finds about itself becomes an event of source `watchbook`, and goes the way of every other event."""

from __future__ import annotations

from datetime import datetime

from incidents import correlate as c
from incidents.intake import Origin, act_on

SOURCE = "watchbook"
CONDITION = "self_check"
SEVERITY, URGENCY = 1, "high"


def tell_own(
    *, identity: str, opens: bool, key: str, title: str, reason: str, effective_at: datetime, now: datetime
) -> c.Decision:
    """Open or end the alert of one self-check, in the caller's transaction; the route decides who is paged.

    identity: name of the promise. key: public id of the finding. All of them are one group, so that a house in which
    much is wrong calls people once. The service is none: the default route, or without one the catch-all, is used.
    """
    event = c.Event(
        source=SOURCE,
        identity=identity,
        group=SOURCE,
        key=key,
        opens=opens,
        condition=CONDITION,
        severity=SEVERITY,
        urgency=URGENCY,
        service="",
        title=title,
        effective_at=effective_at,
        reopens=True,
        reason=reason,
    )
    return act_on(event, Origin(("selfcheckfinding", key), "watchbook"), now=now)
