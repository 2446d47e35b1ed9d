"""From one command to the first result, over plain HTTP and with the real processes: what the README promises."""

import re
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from urllib.parse import urlencode

import pytest

from tests.processes.conftest import GROWN
from tests.processes.house import PASSWORD
from tests.processes.peers import Target, wait_for
from tests.processes.product import Embedded

pytestmark = pytest.mark.processes
ADDRESS = "mara@larkspur.example"
SETUP_LINK = re.compile(r"/setup/[A-Za-z0-9_-]{43}/")


class Visitor:
    """A browser without script: follows redirects, keeps cookies, sends forms with their token."""

    def __init__(self, base):
        self.base = base
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open
        self.html = self.path = ""

    def get(self, path):
        return self._read(urllib.request.Request(self.base + path))

    def post(self, path, **fields):
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.html).group(1)
        request = urllib.request.Request(
            self.base + path, urlencode({"csrfmiddlewaretoken": token, **fields}, True).encode()
        )
        request.add_header("Origin", self.base)
        return self._read(request)

    def _read(self, request):
        try:
            answer = self._open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        self.html, self.path = answer.read().decode(), answer.geturl().removeprefix(self.base)
        return answer.status

    @property
    def said(self):
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.html))


@pytest.fixture
def product(tmp_path, outside):
    if GROWN:
        pytest.skip("the embedded mode is proved by the run on SQLite")
    running = Embedded(tmp_path, *outside)
    try:
        yield running.start()
    finally:
        running.stop()


def letter_to(smtp, words):
    """The newest letter to Mara whose body says `words`."""
    found = [one for one in smtp.letters if ADDRESS in one.to and words in one.body]
    return found[-1].body if found else None


def test_a_stranger_has_a_first_result_within_a_minute_and_can_come_back(product, outside):
    _, smtp = outside
    # The port answers a moment before the supervisor has noticed and prints the link.
    link = wait_for("the set-up link is printed", lambda: SETUP_LINK.search(product.log.read_text()), within=30).group()
    visitor = Visitor(product.url)
    assert visitor.get(link) == 200
    began = time.monotonic()
    visitor.post(
        link, organisation="Larkspur", timezone="Europe/Berlin", name="Mara Lindqvist", email=ADDRESS, password=PASSWORD
    )
    assert visitor.path == "/monitors/add/"

    target = Target().start()
    try:
        visitor.post("/monitors/add/check/", url=target.url)
        assert "is not on the public internet" in visitor.said
        visitor.post("/monitors/add/allow/", url=target.url, cidr="127.0.0.1/32", reason="a test")
        assert "Answered 200" in visitor.said
        visitor.post(
            "/monitors/add/save/", url=target.url, name="Shop", service="", new_service="Checkout", method="GET",
            accepted_status="200-299", keyword_present="yes", redirects="5", interval_s="5 s", timeout_s="5 s",
            confirmation_s="5 s", recovery_s="5 s", severity="1", urgency="high",
        )  # fmt: skip
        page = visitor.path
        assert re.fullmatch(r"/monitors/mon_[a-z0-9]{16}/", page)

        def up():
            visitor.get(f"{page}state/")
            return "Up since" in visitor.said

        wait_for("the first result stands on the page", up, within=60)
        assert time.monotonic() - began < 60
    finally:
        target.kill()

    wait_for("the code came by mail", lambda: letter_to(smtp, "code"), within=20)
    code = re.search(r"\b(\d{6}|\d{3} \d{3})\b", letter_to(smtp, "code")).group()
    visitor.get("/me/")
    confirm = re.search(r"/me/contacts/cht_[a-z0-9]{16}/", visitor.html).group()
    visitor.get(confirm)
    visitor.post(confirm, code=code)
    assert "is confirmed" in visitor.said

    stranger = Visitor(product.url)
    assert stranger.get(link) == 410
    stranger.get("/password/reset/")
    stranger.post("/password/reset/", email=ADDRESS)
    wait_for("the reset link came by mail", lambda: letter_to(smtp, "asked for a new password"), within=20)
    reset = re.search(r"/password/reset/\S+/", letter_to(smtp, "asked for a new password")).group()
    stranger.get(reset)
    stranger.post(stranger.path, password1="another long phrase", password2="another long phrase")
    stranger.get("/sign-in/")
    assert stranger.post("/sign-in/", login=ADDRESS, password="another long phrase") == 200
    assert stranger.path == "/"
    assert product.manage("verify_ledger", check=False).returncode == 0
