"""The register of certificates, the history of names, dependencies and the forms of other types: narrow and wide, light and dark, axe."""

from datetime import timedelta

import pytest

from ledger import clock
from monitors.services import create_monitor
from tests import builders
from tests.browser.test_every_page_is_sound import SIGHTS
from tests.browser.test_status_pages_are_sound import unsound
from tests.face.scene import night

DAY = timedelta(days=1)


def registers(scene, now):
    """Certificates and dependencies in every state, a name whose values changed; returns the addresses that show them."""
    service = scene.services["Checkout"]
    target = {"host": "shop.example"}
    tls = create_monitor(service=service, name="Shop certificate", kind="tls", target=target, now=now, reason="Test")
    names = create_monitor(
        service=service, name="Shop name", kind="dns", target={"domain": "shop.example"}, now=now, reason="Test"
    )
    target = {"url": "https://shop.example/health"}
    health = create_monitor(service=service, name="Shop inside", kind="health", target=target, now=now, reason="Test")
    builders.dependency(
        health, "orders database", now=now, state="down", said="DOWN", why="connection refused by …@db-1"
    )
    long_name = "components/payment-gateway-of-the-customer-portal/card-network/authorisations.eu-central-1"
    builders.dependency(
        health, long_name, now=now, state="degraded", said="out_of_capacity_for_the_next_minutes", why="w" * 80
    )
    builders.dependency(health, "search index", now=now, state="unknown", said="")
    builders.dependency(health, "session cache", now=now, said="UP")
    mine = builders.certificate(tls, now=now, ends=now + 12 * DAY)
    builders.certificate(tls, now=now, subject="Hollis intermediate E7", position=1, sha256="1", ends=now + 400 * DAY)
    builders.certificate(tls, now=now - 78 * DAY, sha256="2", renewed_at=now, days_left=12, ends=now + 12 * DAY)
    long = "a-rather-long-name-of-a-host-in-a-deep-zone.customers.region-4.larkspur-checkout.example"
    builders.certificate(tls, now=now, host=long, port=8443, ends=now + 60 * DAY, sans=[long] * 20)
    builders.certificate(tls, now=now, host="old.example", ends=now - 3 * DAY)
    builders.certificate(tls, now=now, host="odd.example", chain_ok=None, hostname_ok=False)
    builders.values_seen(names, "192.0.2.1", "192.0.2.2", now=now - 5 * DAY)
    builders.values_seen(
        names, "v=spf1 include:_spf.larkspur.example include:mail.example -all", now=now, expected=False
    )
    paths = [f"/monitors/{one.public_id}/" for one in (tls, names, health)]
    edits = [f"/monitors/{one.public_id}/edit/" for one in (tls, names)]
    return ["/certificates/", f"/certificates/{mine.public_id}/", *paths, *edits]


@pytest.mark.parametrize(("width", "theme"), SIGHTS)
def test_pages_are_sound(read, transactional_db, width, theme):
    now = clock.now()
    scene = night(now)
    paths = registers(scene, now)
    assert unsound(read(scene.people["mara"], width=width, theme=theme), paths) == []
