"""Every page an admin may open, by the table of pages: on a narrow phone at night, and a part of them on a wide screen by day.

The pages that `test_every_page_is_sound` looks at in a full house are left to it.
"""

from datetime import timedelta

import pytest

from ledger import clock
from monitors.models import Monitor
from tests import builders
from tests.accounts.house import House
from tests.browser.test_every_page_is_sound import PAGES
from tests.browser.test_status_pages_are_sound import unsound
from tests.pages.test_pages_by_role import GET

PARTS = 4
# answered with a file, by leaving, or with a piece of a page
PIECES = ("/state/", "/goes-to/2/", "/hours.csv")
NO_PAGES = ("docs/pictures/", "ledger/seals/", "ledger/keys/", "monitors/export.", "sign-out/")
TABLE = [
    address
    for address, statuses in GET.items()
    if statuses["admin"] == 200
    and f"/{address}" not in PAGES
    and not address.startswith((*NO_PAGES, "docs/"))
    and not address.endswith(PIECES)
]


def at_work(now):
    """The house of the table, and the addresses: of the table, a window that was approved, and several monitors at once."""
    house = House(now)
    admin, manager = house.people["admin"], house.people["manager"]
    running = builders.window(
        house.service, name="Upgrade", by=admin, approved_by=manager, starts_in=timedelta(minutes=1), now=now
    )
    several = "&".join(f"id={one.public_id}" for one in Monitor.objects.all())
    more = (f"maintenance/{running.public_id}/", f"monitors/several/?{several}")
    return admin, sorted({*(address.format(**house.ids) for address in TABLE), *more})


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_sound_on_a_narrow_phone_at_night(read, transactional_db, part):
    admin, addresses = at_work(clock.now())
    paths = [f"/{address}" for address in addresses[part::PARTS]]
    assert unsound(read(admin, width=360, height=740, theme="dark"), paths) == []


def test_the_pages_of_monitoring_are_sound_on_a_wide_screen_by_day(read, transactional_db):
    admin, addresses = at_work(clock.now())
    ours = ("monitors/", "maintenance/", "agreements/", "adjustments/", "badges/", "sealed-months/", "locations/")
    paths = [f"/{address}" for address in addresses if address.startswith(ours)]
    assert unsound(read(admin, width=1440, theme="light"), paths) == []
