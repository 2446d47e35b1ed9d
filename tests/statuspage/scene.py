"""The night as customers have it: a page over three months of measuring, an open incident, one that is over."""

from datetime import timedelta

from incidents.services.transitions import recover
from incidents.services.work import declare
from statuspage.services import correct_update, create_component, create_page, publish_update
from statuspage.services.updates import Said
from tests.face.scene import DAY, HOUR, MINUTE, actor, watch

INTRO = "What Larkspur's customers can do right now, measured from outside each minute."


def customers(scene, *, words="Placing orders"):
    """Make the page of a scene that `night` told; `words` is the first public name. Return the page."""
    born = scene.now - 100 * DAY
    page = create_page(
        name="Larkspur Logistics", slug="larkspur", timezone="Europe/Berlin", team=scene.team, is_published=True, intro=INTRO,
        now=born, reason="Test",
    )  # fmt: skip
    _measure(scene)
    shown = {
        service: create_component(
            page, service=scene.services[service], name=name, heading=heading, now=born, reason="Test"
        )
        for service, name, heading in (
            ("Checkout", words, "Shop"),
            ("Customer portal", "Customer portal", "Shop"),
            ("Tracking API", "Tracking", "Shipping"),
            ("Carrier gateway", "Labels of carriers", "Shipping"),
        )
    }
    _earlier(scene, page, shown["Carrier gateway"])
    _tonight(scene, page, shown["Checkout"], shown["Tracking API"])
    return page


def _measure(scene):
    """One monitor more a service, with faults of all lengths and a gap in the last three months."""
    now, start = scene.now, scene.now - 82 * DAY
    fault, gap = now - 20 * DAY, (now - 41 * DAY, now - 41 * DAY + 5 * HOUR)
    spans = [
        (start, gap[0], "up"), (*gap, "unknown"), (gap[1], fault, "up"), (fault, fault + 7 * HOUR, "down"),
        (fault + 7 * HOUR, now - 6 * DAY, "up"), (now - 6 * DAY, now - 6 * DAY + 31 * MINUTE, "degraded"),
        (now - 6 * DAY + 31 * MINUTE, None, "up"),
    ]  # fmt: skip
    for service, name in (("Checkout", "Pay"), ("Tracking API", "Parcel list"), ("Carrier gateway", "Rates")):
        watch(scene, service, name, spans)


def _earlier(scene, page, component):
    ben = scene.people["ben"]
    began = scene.now - 6 * DAY
    who = {"actor": actor(ben), "person": ben, "how": "screen"}
    made = declare(
        title="Disk of label-02 is full", severity=3, service=scene.services["Carrier gateway"], now=began, **who
    )
    recover(made, occurred_at=began + 31 * MINUTE, now=began + 32 * MINUTE, reason="recovered")
    said = Said("identified", "Labels of two carriers are refused. We know why.", "Labels refused by two carriers")
    wrong = publish_update(page, made, said, now=began + 6 * MINUTE, **who)
    better = Said("identified", "Labels of two carriers are refused.", "", {component.public_id: "degraded"})
    correct_update(wrong, better, reason="We did not know why yet", now=began + 9 * MINUTE, **who)
    last = Said("resolved", "A full disk stopped requests. Labels are printed again.")
    publish_update(page, made, last, now=began + 33 * MINUTE, **who)


def _tonight(scene, page, orders, tracking):
    ben = scene.people["ben"]
    who = {"actor": actor(ben), "person": ben, "how": "screen"}
    affected = {orders.public_id: "down", tracking.public_id: "degraded"}
    first = Said(
        "investigating",
        "Placing an order fails with an error. We look for the cause.",
        "Orders cannot be placed",
        affected,
    )
    publish_update(page, scene.incident, first, now=scene.now - 13 * MINUTE, **who)
    found = Said(
        "identified", "A change we made stopped new orders. We are undoing it.\nOrders already placed are safe and will ship.", "",
        affected, scene.now - timedelta(minutes=9),
    )  # fmt: skip
    publish_update(page, scene.incident, found, now=scene.now - 5 * MINUTE, **who)
