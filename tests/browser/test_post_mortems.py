"""Post-mortems in a real browser: sound when full, when empty and with the longest names; written with and without script."""

from datetime import timedelta

import pytest

from incidents.services.transitions import acknowledge, resolve
from incidents.services.work import add_note, declare
from ledger import clock
from postmortems.models import PostMortem
from postmortems.queries import text_of
from postmortems.sections import ALL
from postmortems.services.actions import create_action, finish, today
from postmortems.services.documents import classify, save_section, start_postmortem
from postmortems.services.review import publish, submit
from tests.face.scene import actor, begin

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
TEXT = """Forty orders were **not** taken. [{fact}]

1. The pool was four, see `pool.size`.
2. Nobody saw it.

| minute | orders |
|---|---|
| 02:55 | 0 |

> A quote of the log

```
502 Bad Gateway {long}
```
"""


@pytest.fixture
def scene(transactional_db):
    made = begin(clock.now())
    made.now = clock.now()
    return made


def learn(scene, *, title="Orders cannot be placed", long=""):
    """Ana's post-mortem, published by Mara; Ben's draft of another incident; items in every state."""
    ana, ben, mara = (scene.people[name] for name in ("ana", "ben", "mara"))
    published = _written(scene, ana, title, long, days=12)
    submit(published, actor=actor(ana), person=ana, now=scene.now)
    publish(PostMortem.objects.get(pk=published.pk), actor=actor(mara), person=mara, how="screen", now=scene.now)
    draft = _written(scene, ben, f"{title} again", long, days=20)
    save_section(draft, "lessons", "", expected_version=None, actor=actor(ben), person=ben, how="screen", now=scene.now)
    third = _over(scene, ana, title, scene.now - timedelta(days=13))
    assert third.resolved_at
    return published, draft


def _over(scene, who, title, at):
    made = declare(title=title, severity=1, service=None, actor=actor(who), person=who, how="screen", now=at)
    acknowledge(made, actor=actor(who), person=who, how="screen", now=at + timedelta(minutes=2))
    resolve(made, actor=actor(who), person=who, how="screen", now=at + timedelta(minutes=31))
    made.refresh_from_db()
    return made


def _written(scene, who, title, long, *, days):
    at = scene.now - timedelta(days=days)
    incident = _over(scene, who, title, at)
    by = {"actor": actor(who), "person": who, "how": "screen"}
    note = add_note(
        incident, f"The pool went from 40 to 4. {long}", **by, now=at + timedelta(minutes=40), occurred_at=at
    )
    made = start_postmortem(incident, **by, now=at + timedelta(hours=1))
    for section in ALL:
        if section.key != "summary":
            text = TEXT.format(fact=note.public_id, long=long)
            save_section(made, section.key, text, expected_version=None, now=at + timedelta(hours=2), **by)
    classify(made, {"root_cause_category": "change", "runbook_changed": True}, expected_version=None, now=scene.now)
    for text, due in (("Alert on the pool", -3), (f"Bigger pool {long}", 9), ("Ask for a label", -1)):
        item = create_action(
            made, text=text, kind="detect", owner=who, due_on=today(at) + timedelta(days=days + due), actor=actor(who), now=at
        )  # fmt: skip
    finish(item, evidence=f"Drill of 12 March {long}", actor=actor(who), person=who, now=scene.now)
    return made


def paths_of(published, draft):
    version = published.versions.first().public_id
    late, _, done = published.actions.order_by("pk")
    return [
        "/postmortems/",
        "/postmortems/action-items/",
        f"/postmortems/{published}/",
        f"/postmortems/{draft}/",
        f"/postmortems/{draft}/sections/impact/",
        f"/postmortems/{published}/versions/{version}/",
        f"/postmortems/{published}/revisions/1/",
        f"/postmortems/action-items/{late}/",
        f"/postmortems/action-items/{done}/",
        f"/incidents/{published.incident.number}/",
        f"/incidents/{published.incident.number}/post-mortem/",
    ]


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (360, "dark"), (1440, "light"), (1440, "dark")])
def test_pages_are_sound(scene, read, width, theme):
    paths = paths_of(*learn(scene))
    mara = read(scene.people["mara"], width=width, theme=theme)
    for path in paths:
        assert mara.opens(path).status == 200, path
        mara.is_sound()


def test_pages_of_nothing_are_sound(scene, read):
    mara = read(scene.people["mara"], width=360)
    for path in ("/postmortems/", "/postmortems/action-items/"):
        assert mara.opens(path).status == 200
        mara.is_sound()


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_the_longest_names_scroll_no_page_sideways(scene, read, width):
    for name in ("ana", "mara"):
        scene.people[name].name = LONG
        scene.people[name].save(now=scene.now, reason="Test")
    paths = paths_of(*learn(scene, title=LONG * 2, long=LONG * 3))
    mara = read(scene.people["mara"], width=width)
    wide = []
    for path in paths:
        assert mara.opens(path).status == 200
        reached = mara.page.evaluate("document.documentElement.scrollWidth")
        if reached > width:
            wide.append(f"{path} is {reached} px wide")
    assert wide == []


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_section_is_written_with_a_citation_and_a_preview(scene, read, script):
    incident = _over(scene, scene.people["ana"], "Orders cannot be placed", scene.now - timedelta(hours=1))
    ben = read(scene.people["ben"], script=script)
    ben.opens(f"/incidents/{incident.number}/")
    if not script:
        ben.page.get_by_role("link", name=f"Post-mortem of {incident.number}").click()
    ben.page.get_by_role("button", name="Write the post-mortem").click()
    ben.page.get_by_role("link", name="Write Impact").click()
    ben.page.get_by_label("Impact").fill("Nobody could pay ")
    ben.page.get_by_role("button", name="Insert Ana Duarte acknowledged").click()
    preview = ben.page.locator("#preview")
    preview.locator("a.cite").wait_for(timeout=20_000)
    assert "Ana Duarte acknowledged" in preview.inner_text()
    if script:
        ben.is_sound()
    ben.page.get_by_role("button", name="Save", exact=True).click()
    ben.page.get_by_text("Impact: Saved as version 1.").wait_for()
    fact = incident.timeline.get(kind="acknowledged").public_id
    assert text_of(PostMortem.objects.get(), "impact") == (f"Nobody could pay [{fact}]", 1)
    ben.page.locator("article a.cite").last.click()
    assert ben.page.evaluate("location.hash") == f"#{fact}"
