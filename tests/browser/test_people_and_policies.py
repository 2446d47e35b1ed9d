"""Stories of the admin in a real browser: watch an address, invite somebody, put them into a policy."""

import re

import pytest

from accounts.models import User
from accounts.services.organisation import allow_network
from ledger import clock
from monitors.models import Monitor
from oncall.models import Policy
from tests.accounts.house import House
from tests.browser.site import running_site

PHONE, DESK = 390, 1440


@pytest.fixture
def house(transactional_db, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    return House(clock.now())


@pytest.mark.parametrize(("width", "theme"), [(DESK, "light"), (PHONE, "dark")])
def test_a_manager_adds_a_monitor_and_mends_a_wrong_form(read, house, width, theme):
    allow_network(cidr="127.0.0.1", reason="test site", now=clock.now())
    reader = read(house.people["manager"], width=width, theme=theme)
    page = reader.page
    with running_site() as site:
        site.status = 503
        reader.opens("/monitors/")
        reader.is_sound()
        page.get_by_role("link", name="Add a monitor").click()
        page.get_by_label("Paste the address your customers use").fill(site.url.removeprefix("http://"))
        page.get_by_role("button", name="Check it once").click()
        page.get_by_text("No answer").wait_for()  # a bare host is asked by https, and this one does not speak it
        page.get_by_label("Paste the address your customers use").fill(site.url)
        page.get_by_role("button", name="Check it again").click()
        page.get_by_text("Answered 503", exact=True).wait_for()
        reader.is_sound()
        page.get_by_label("Name", exact=True).first.fill("Front door")
        page.get_by_label("Service", exact=False).first.select_option(label="Checkout")
        page.get_by_label("Check every").fill("now and then")
        page.get_by_role("button", name="Start watching").click()
        page.get_by_text("You wrote now and then.").first.wait_for()
        reader.complaints.clear()  # the console speaks of the 422
        reader.is_sound()
        assert page.evaluate("document.activeElement.id") == "errors"
        page.get_by_label("Check every").fill("30 s")
        page.get_by_role("button", name="Start watching").click()
        page.wait_for_url(re.compile("/monitors/mon_"))
        page.get_by_text("Checkout critical").wait_for()  # whom a fault pages is a fragment of another page
        page.get_by_role("button", name="Check now").click()
        page.get_by_text("Answered 503", exact=True).wait_for()
        reader.is_sound()
    assert Monitor.objects.get(name="Front door").interval_s == 30


def test_a_monitor_is_edited_paused_and_resumed(read, house):
    reader = read(house.people["manager"])
    page = reader.page
    reader.opens(f"/monitors/{house.monitor.public_id}/")
    reader.is_sound()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Check every").fill("20 s")
    page.get_by_label("Reason").fill("customer-facing standard")
    reader.is_sound()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved as version 2").wait_for()
    assert "customer-facing standard" in page.content()
    page.locator("summary", has_text="Pause").click()
    page.locator("#pause_reason").fill("moving house")
    reader.is_sound()
    page.get_by_role("button", name="Pause and tell nobody").click()
    page.get_by_text("is paused.").wait_for()
    page.locator("summary", has_text="Resume").click()
    page.locator("#pause_reason").fill("moved")
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("is checked again").wait_for()
    reader.is_sound()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_policy_grows_by_a_step_and_says_its_ladder(read, house, script):
    reader = read(house.people["manager"], script=script)
    page = reader.page
    reader.opens(f"/policies/{house.policy.public_id}/edit/")
    page.get_by_role("button", name="Add a step").click()
    third = page.locator("fieldset", has_text="Step 3")
    third.get_by_label("Admin Larkspur").check(force=True)
    third.get_by_label("Then wait").fill("10 min")
    if script:
        reader.is_sound()
    third.get_by_role("button", name="Move up").click()
    assert page.locator("#step-1-delay").input_value() == "10 min"
    page.get_by_label("When nobody answered").select_option("2")
    page.get_by_label("Reason").fill("a third pair of eyes")
    page.get_by_label("Name").press("Enter")  # Enter saves; it does not press the first small button
    page.wait_for_url(re.compile(r"/policies/pol_[a-z0-9]+/$"))
    ladder = page.locator(".ladder").inner_text()
    assert re.search(
        r"at once\s+Bob Colleague.*after 5 min\s+Admin Larkspur.*after 15 min\s+Responder", ladder, re.DOTALL
    )
    assert "after 1 h" in ladder
    if script:
        reader.is_sound()
    assert Policy.objects.get(pk=house.policy.pk).version == 2


def test_an_invited_person_joins_adds_a_phone_and_is_put_into_a_role(read, house):
    admin = read(house.people["admin"])
    admin.opens("/people/")
    admin.page.get_by_role("link", name="Invite somebody").click()
    admin.page.get_by_label("E-mail").fill("carla@larkspur.example")
    admin.page.get_by_label("Name").fill("Carla Nowak")
    admin.is_sound()
    admin.page.get_by_role("button", name="Make the invitation link").click()
    admin.page.get_by_text("Hand over this link").wait_for()
    admin.is_sound()
    link = re.search(r"/join/[A-Za-z0-9_-]+/", admin.page.content()).group()

    carla = read(width=PHONE, theme="dark")
    carla.opens(link)
    carla.is_sound()
    carla.page.get_by_label("Choose a password").fill("a long night at the desk")
    carla.page.get_by_role("button", name="Join").click()
    carla.page.get_by_role("heading", name="My settings").wait_for()
    carla.is_sound()
    carla.page.get_by_role("link", name="Add a way to be reached").click()
    carla.page.get_by_label("Number or address").fill("+44 7700 900123")
    carla.page.get_by_role("button", name="Send the code").click()
    carla.page.get_by_role("heading", name="Confirm +447700900123").wait_for()
    carla.is_sound()

    person = User.objects.get(email="carla@larkspur.example")
    admin.opens(f"/people/{person.public_id}/")
    admin.page.locator("#role_role").select_option("manager")
    admin.page.locator("#role_reason").fill("leads the team")
    admin.page.get_by_role("button", name="Change the role").click()
    admin.page.get_by_text("Carla Nowak is manager now.").wait_for()
    admin.is_sound()


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (DESK, "light")])
def test_the_forms_of_people_monitors_and_policies_are_sound(read, house, width, theme):
    reader = read(house.people["admin"], width=width, theme=theme)
    ids = {**house.ids, "own": house.people["admin"].contact_methods.get().public_id}
    paths = (
        "teams/{team}/ me/contacts/add/ me/contacts/{own}/ password/change/ sign-out/ monitors/{monitor}/edit/ "
        "services/{service}/edit/ systems/ systems/{system}/ systems/new/ policies/{policy}/edit/ routes/{route}/ routes/new/"
    )
    for path in paths.split():
        assert reader.opens(f"/{path.format(**ids)}").status == 200
        reader.is_sound()
    stranger = read(width=width, theme=theme)
    for path in (
        "sign-in/",
        "sign-up/",
        "password/reset/",
        "password/reset/sent/",
        "password/reset/done/",
        "inactive/",
    ):
        assert stranger.opens(f"/{path}").status == 200
        stranger.is_sound()
