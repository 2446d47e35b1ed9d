"""Every page, narrow and wide, light and dark, full and empty: no violation, no sideways scroll, nothing in the console."""

import pytest

from ledger import clock
from tests.face.hooks import told
from tests.face.scene import begin, night

PAGES = (
    "/",
    "/incidents/",
    "/incidents/declare/",
    "/monitors/",
    "/monitors/add/",
    "/services/",
    "/policies/",
    "/policies/new/",
    "/catch-all/",
    "/exercises/",
    "/exercises/canary/",
    "/routes/",
    "/status-pages/",
    "/status-pages/new/",
    "/webhooks/",
    "/webhooks/new/",
    "/postmortems/",
    "/postmortems/action-items/",
    "/people/",
    "/people/invite/",
    "/organisation/",
    "/me/",
    "/me/tokens/",
    "/system/",
    "/docs/",
    "/docs/settings/",
    "/docs/requirements/",
    "/docs/?q=page",
    "/ledger/",
    "/nothing-here/",
)
SIGHTS = [(360, "light"), (360, "dark"), (1440, "light"), (1440, "dark")]


def addresses(scene):
    """Pages of single objects, as the scene has them."""
    if scene.incident is None:
        return []
    webhooks = told(scene)
    policy = scene.policy.public_id
    monitor = scene.monitors["Place order"].public_id
    service = scene.services["Checkout"].public_id
    person = scene.people["ana"].public_id
    return [
        f"/incidents/{scene.incident.number}/",
        f"/monitors/{monitor}/",
        f"/services/{service}/",
        f"/policies/{policy}/",
        f"/people/{person}/",
        f"/people/{person}/reach/",
        f"/people/{person}/reach/high/",
        *(f"/webhooks/{webhook.public_id}/" for webhook in webhooks.values()),
        f"/webhooks/{webhooks['Ops room'].public_id}/edit/",
        f"/webhook-deliveries/{webhooks['Ticket system'].deliveries.order_by('pk').first().public_id}/",
    ]


FULL = [(night, *sight) for sight in SIGHTS]
EMPTY = [(begin, 360, "light"), (begin, 1440, "dark")]


@pytest.mark.parametrize(("make", "width", "theme"), [*FULL, *EMPTY])
def test_pages_are_sound(read, transactional_db, make, width, theme):
    scene = make(clock.now())
    mara = read(scene.people["mara"], width=width, theme=theme)
    unsound = []
    for path in [*addresses(scene), *PAGES]:
        answer = mara.opens(path)
        mara.complaints = [
            said for said in mara.complaints if "404 (Not Found)" not in said or path != "/nothing-here/"
        ]
        try:
            assert answer.status == (404 if path == "/nothing-here/" else 200)
            mara.is_sound()
        except AssertionError as error:
            unsound.append(f"{path}: {error}")
        mara.complaints.clear()
    assert unsound == []


def test_doors_are_sound(read, transactional_db):
    begin(clock.now())
    for width, theme in SIGHTS:
        stranger = read(width=width, theme=theme)
        for path in ("/sign-in/", "/password/reset/"):
            assert stranger.opens(path).status == 200
            stranger.is_sound()
