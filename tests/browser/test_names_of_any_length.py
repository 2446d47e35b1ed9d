"""Names as long as they may be, without a single space: no page scrolls sideways, nothing is cut without the whole beside it."""

import pytest

from accounts.models import Organisation
from incidents.services.work import declare
from ledger import clock
from oncall.models import Page
from oncall.notify.links import token_for
from tests.face.scene import HOUR, actor, night, watch

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def save(obj, **values):
    for name, value in values.items():
        setattr(obj, name, value)
    obj.save(now=clock.now(), reason="Test")


@pytest.fixture
def scene(transactional_db):
    made = night(clock.now(), answered=False)
    save(Organisation.current(), name=LONG)
    save(made.team, name=LONG[:80])
    save(made.people["ana"], name=LONG)
    save(made.people["mara"], name=f"Mara {LONG}")
    save(made.policy, name=LONG[:80])
    watch(made, LONG, LONG, [(made.now - HOUR, None, "down")], "down", detail=LONG * 3)
    who = made.people["ana"]
    made.incident = declare(
        title=LONG * 2,
        severity=1,
        service=made.services[LONG],
        actor=actor(who),
        person=who,
        how="screen",
        now=clock.now(),
        note=LONG * 9,
    )
    return made


@pytest.mark.parametrize("width", [320, 360, 768, 1024, 1440])
def test_no_page_scrolls_sideways(scene, read, width):
    mara = read(scene.people["mara"], width=width)
    number, monitor = scene.incident.number, scene.monitors[LONG].public_id
    wide = []
    for path in (
        "/", "/incidents/", f"/incidents/{number}/", "/incidents/declare/", "/monitors/", f"/monitors/{monitor}/", "/services/",
        f"/services/{scene.services[LONG].public_id}/", "/policies/", f"/policies/{scene.policy.public_id}/", "/catch-all/", "/routes/",
        "/people/", f"/people/{scene.people['ana'].public_id}/", "/organisation/", "/me/",
    ):  # fmt: skip
        assert mara.opens(path).status == 200
        reached = mara.page.evaluate("document.documentElement.scrollWidth")
        if reached > width:
            wide.append(f"{path} is {reached} px wide")
    assert wide == []


def test_the_page_behind_a_link_does_not_either(scene, read):
    page = Page.objects.filter(person=scene.people["ben"], origin="step").first()
    ben = read(width=320, height=568, script=False)
    assert ben.opens(f"/a/{token_for(page)}/").status == 200
    box = ben.page.get_by_role("button", name="Acknowledge").bounding_box()
    assert box["x"] + box["width"] <= 320
