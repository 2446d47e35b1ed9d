"""A fault all the way through the house, audited each minute: nothing is found where nothing is wrong."""

from config.promises import PROMISES
from evidence.models import AuditHour, SelfCheckFinding
from evidence.services.audit import audit

# time is the world's; the machine's own clock knows nothing of it
HELD = [promise for promise in PROMISES if promise.name != "config.clocks_agree"]


def live(world, minutes):
    """Let time pass, with an audit at the end of every minute."""
    for _ in range(minutes):
        world.advance(minutes=1)
        assert audit(HELD, now=world.now) is not None


def test_a_night_with_a_fault_breaks_no_promise(world, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:25"
    live(world, 1)
    world.breaks("Checkout API")
    live(world, 2)
    world.phone("Alice").expect_sms("Checkout API is down")
    live(world, 5)
    world.phone("Bob").expect_sms("Checkout API is down")
    world.mailbox("Bob").expect("Checkout API is down")
    assert world.phone("Bob").reply("4")
    live(world, 10)
    world.mends("Checkout API")
    live(world, 3)
    for name in ("Alice", "Bob"):
        world.phone(name).expect_sms("Stand down")
    world.mailbox("Bob").expect("tand down")
    assert list(SelfCheckFinding.objects.values_list("name", "sentence")) == []
    assert sum(row.minutes_audited for row in AuditHour.objects.all()) == 21
