"""The docs in a real browser: every page on a phone and on a desk, in both themes; wide tables scroll, the page never."""

import pytest

from config.docs import shelf
from ledger import clock
from tests.face.scene import begin


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (320, "light"), (1440, "light")])
def test_no_page_scrolls_sideways_and_the_browser_complains_of_none(read, transactional_db, width, theme):
    mara = read(begin(clock.now()).people["mara"], width=width, theme=theme)
    wide = []
    for name in shelf.names():
        assert mara.opens(f"/docs/{'' if name == 'index' else name + '/'}").status == 200
        reached = mara.page.evaluate("document.documentElement.scrollWidth")
        if reached > width:
            wide.append(f"{name} is {reached} px wide")
    assert wide == []
    assert mara.complaints == []


def test_a_wide_table_and_an_example_are_reached_and_moved_by_the_keyboard(read, transactional_db):
    mara = read(begin(clock.now()).people["mara"], width=390)
    mara.opens("/docs/requirements/")
    region = mara.page.get_by_role("region", name="Table 3: Questions, categories and criteria")
    region.focus()
    assert region.evaluate("e => e === document.activeElement && e.scrollWidth > e.clientWidth")
    mara.page.keyboard.press("ArrowRight")
    mara.page.wait_for_function("e => e.scrollLeft > 0", arg=region.element_handle())


def test_words_are_looked_up_without_script_and_lead_to_their_section(read, transactional_db):
    mara = read(begin(clock.now()).people["mara"], script=False)
    mara.opens("/people/")
    mara.page.get_by_role("link", name="Docs", exact=True).click()
    mara.page.get_by_label("Look for").fill("keys-out")
    mara.page.get_by_role("button", name="Search the docs").click()
    mara.page.get_by_role("link", name="Back up and restore: SQLite").click()
    assert mara.page.url.endswith("/docs/backup/#sqlite")
