"""The public status page and the pages on which members write it: narrow and wide, light and dark, full and empty, axe."""

import pytest

from ledger import clock
from statuspage.models import StatusUpdate
from statuspage.services import create_page
from tests.browser.test_every_page_is_sound import SIGHTS
from tests.browser.test_names_of_any_length import LONG
from tests.face.scene import begin, night
from tests.statuspage.scene import customers


def members(scene, page):
    """Addresses of members' pages."""
    return [
        "/status-pages/",
        "/status-pages/new/",
        f"/status-pages/{page.public_id}/",
        f"/status-pages/{page.public_id}/edit/",
        f"/status-pages/{page.public_id}/components/new/",
        f"/status-pages/{page.public_id}/preview/",
        f"/components/{page.components.first().public_id}/",
        f"/incidents/{scene.incident.number}/",
        f"/incidents/{scene.incident.number}/updates/",
        f"/updates/{StatusUpdate.objects.latest('pk').public_id}/correct/",
    ]


def unsound(reader, paths):
    """What is wrong with pages, one line each."""
    found = []
    for path in paths:
        answer = reader.opens(path)
        try:
            assert answer.status == 200
            reader.is_sound()
        except AssertionError as error:
            found.append(f"{path}: {error}")
        reader.complaints.clear()
    return found


@pytest.mark.parametrize(("width", "theme"), SIGHTS)
def test_pages_are_sound(read, transactional_db, width, theme):
    scene = night(clock.now())
    page = customers(scene)
    stranger = read(width=width, theme=theme, script=True)
    assert unsound(stranger, ["/status/larkspur/"]) == []
    assert stranger.context.cookies() == []
    assert unsound(read(scene.people["mara"], width=width, theme=theme), members(scene, page)) == []


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (1440, "dark")])
def test_empty_pages_are_sound(read, transactional_db, width, theme):
    scene = begin(clock.now())
    mara = read(scene.people["mara"], width=width, theme=theme)
    assert unsound(mara, ["/status-pages/", "/status-pages/new/"]) == []
    page = create_page(name="Empty", slug="empty", is_published=True, now=clock.now(), reason="Test")
    assert unsound(mara, [f"/status-pages/{page.public_id}/"]) == []
    assert unsound(read(width=width, theme=theme), ["/status/empty/"]) == []


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_names_of_any_length_scroll_no_page_sideways(read, transactional_db, width):
    scene = night(clock.now())
    page = customers(scene, words=LONG)
    page.name = LONG
    page.save(now=clock.now(), reason="Test")
    wide = []
    for reader, paths in (
        (read(width=width), ["/status/larkspur/"]),
        (read(scene.people["mara"], width=width), members(scene, page)),
    ):
        for path in paths:
            assert reader.opens(path).status == 200
            reached = reader.page.evaluate("document.documentElement.scrollWidth")
            if reached > width:
                wide.append(f"{path} is {reached} px wide")
    assert wide == []


def test_ben_tells_customers_from_the_incident_and_a_stranger_reads_it(read, transactional_db):
    scene = night(clock.now())
    customers(scene)
    ben = read(scene.people["ben"])
    ben.opens(f"/incidents/{scene.incident.number}/")
    ben.page.get_by_role("link", name="Update customers").click()
    ben.page.get_by_label("How far you are").select_option("monitoring")
    ben.page.get_by_label("What customers read").fill("Orders go through again. We watch.")
    ben.page.get_by_role("button", name="Tell customers").click()
    assert "Customers are told on Larkspur Logistics." in ben.page.get_by_role("status").inner_text()
    stranger = read(script=False)
    stranger.opens("/status/larkspur/")
    assert stranger.page.get_by_text("Orders go through again. We watch.").is_visible()
