"""`up.py --demo`: a folder, a database and keys of its own, no provider, and a small server to watch."""

from config.bootstrap import ROOT, demo_environment
from config.demo import recorder
from config.demo_target import BROKEN, BROKEN_FOR_S, answer_to, pause_of
from oncall.notify import channels
from oncall.notify.channels.base import Message

REAL = {
    "PATH": "/usr/bin",
    "PORT": "9000",
    "DATABASE_URL": "postgres://watch@db/real",
    "REDIS_URL": "redis://broker/0",
    "EMAIL_URL": "smtp://mail.example.com",
    "EMAIL_URL_FILE": "/run/secrets/mail",
    "TWILIO_AUTH_TOKEN": "real",
    "SIGNING_KEY": "real",
    "SECRET_KEY": "real",
    "ENCRYPTION_KEYS": "real",
    "FINGERPRINT_KEY": "real",
}


def test_nothing_of_the_real_installation_reaches_it():
    own = demo_environment(REAL)
    assert own == {
        "PATH": "/usr/bin",
        "PORT": "9000",
        "DATA_DIR": str(ROOT / "data-demo"),
        "WATCHBOOK_ENV_FILE": "",
    }


def test_it_goes_where_it_is_told_to():
    assert demo_environment({"DATA_DIR": "/srv/demo"})["DATA_DIR"] == "/srv/demo"


def test_every_channel_is_replaced_while_it_is_filled_and_none_afterwards():
    real = dict(channels.CHANNELS)
    with recorder.recording():
        assert all(path.startswith("config.demo.recorder") for path in channels.CHANNELS.values())
        assert channels.inquirer("sms") is None
        answer = channels.channel("sms").send(Message("", "SEV1", "<page.1@demo>"), "+447700900112")
        assert recorder.taken == [answer.sid]
    assert real == channels.CHANNELS
    assert type(channels.channel("sms")).__module__ == "oncall.notify.channels.sms"


def test_its_target_breaks_one_service_for_a_while_after_each_start():
    assert answer_to(BROKEN, 5).startswith(b"HTTP/1.1 503")
    assert answer_to(BROKEN, BROKEN_FOR_S).startswith(b"HTTP/1.1 200")
    assert answer_to("/orders/health", 5).endswith(b"all is well\n")
    assert 0.01 < pause_of("/orders/health") < 0.3
