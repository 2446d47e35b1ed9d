"""Which events there are and what an endpoint may ask for. Pure: standard library only; told in docs/webhooks.md.

A kind is the kind of the ledger entry that proves the change, so an event can be followed into the record. Groups
end in `.*` and take in kinds of later versions too.
"""

from __future__ import annotations

from collections.abc import Collection

TEST = "webhook.test"
GROUPS: dict[str, str] = {"incident.*": "Everything about incidents", "page.*": "Everything about pages"}

KINDS: dict[str, str] = {
    "incident.opened": "An alert opened an incident",
    "incident.declared": "A person declared an incident",
    "incident.paging": "Paging began",
    "incident.alert_joined": "An alert joined the incident",
    "incident.alert_closed": "An alert of the incident ended",
    "incident.reopened": "The condition came back",
    "incident.acknowledged": "Somebody has it",
    "incident.acknowledged_too": "A second person acknowledged",
    "incident.acknowledged_late": "Somebody acknowledged after the end",
    "incident.refused": "Somebody answered whose role may not",
    "incident.refused_stranger": "Somebody answered a page that was not theirs",
    "incident.resolved": "A person resolved it",
    "incident.resolved_late": "A person resolved it after the end",
    "incident.recovered": "It resolved by itself",
    "incident.stood_down": "Who was paged was told that it is over",
    "incident.escalated": "Somebody asked for the next people",
    "incident.taken_over": "Somebody took it over from whoever had it",
    "incident.reassigned": "Somebody gave it to somebody else, who is called now",
    "incident.told_who_has_it": "Who was paged was told who has it",
    "incident.snoozed": "Somebody put off when they are asked again",
    "incident.asked_again": "Whoever had it is called again, for it goes on",
    "incident.person_added": "One more person was called",
    "incident.note": "A note was written",
    "incident.customer_update": "Customers were told something, or it was corrected",
    "incident.postmortem_started": "Its post-mortem was begun",
    "incident.postmortem_published": "Its post-mortem was approved and published",
    "page.held": "A limit held a page back; it waits",
    "page.bundled": "Pages that waited went out as one message",
    "page.ended": "A page came to its end: delivered, failed, cancelled",
    "page.bounced": "A letter came back",
    "page.confirmed": "A person confirmed a page that had ended",
    "page.verification_planned": "A code is sent to a contact method",
    "page.test_planned": "A test page is sent",
}


def choices() -> list[tuple[str, str]]:
    """What a form and the API offer: groups first, then every kind."""
    return [*GROUPS.items(), *KINDS.items()]


def wants(events: Collection[str], kind: str) -> bool:
    """Whether a list of kinds and groups takes in a kind. Everybody gets the tests they asked for."""
    return kind == TEST or kind in events or f"{kind.partition('.')[0]}.*" in events
