"""A real Chromium against a live server. One browser for each worker, one context a test.

CHROMIUM_PATH names the browser (default: Debian's). Without one these tests skip and say so; with CI=true they fail,
because a check that silently did not run is worse than none.
"""

import os
import shutil
from pathlib import Path

import pytest

os.environ.setdefault(
    "DJANGO_ALLOW_ASYNC_UNSAFE", "true"
)  # playwright keeps a loop in this thread; the tests are not async

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = Path(__file__).parent
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)


def chromium_path():
    """The browser to drive, or a sentence on why there is none."""
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or ""
    return path if path and Path(path).exists() else ""


@pytest.fixture(scope="session")
def chromium():
    path = chromium_path()
    missing = "" if path else "no Chromium: set CHROMIUM_PATH or install chromium"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = "playwright is not installed"
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


class Reader:
    """Somebody in front of a browser: a page, what the console complained of, and checks every page must pass."""

    def __init__(self, context, base, script):
        self.context, self.base, self.script = context, base, script
        self.page = context.new_page()
        self.complaints = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def opens(self, path):
        """Go to a path of ours and wait until all of it is there and painted once.

        Not until the network is silent, which takes half a second a page: what a script fetches later, a story waits for by name.
        """
        answer = self.page.goto(self.base + path)
        if self.script:  # without it no frame is ever told
            self.page.evaluate(PAINTED)
        return answer

    def is_sound(self):
        """No complaint of the browser (a CSP violation is one), no sideways scroll, nothing serious for axe."""
        from axe_playwright_python.sync_playwright import Axe

        width = self.page.viewport_size["width"]
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width, f"scrolls sideways at {width} px"
        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
        assert self.complaints == []  # after axe, which takes longer than any script of ours
        said = [f"{v['id']}: {v['help']} at {[n['target'] for n in v['nodes']][:4]}" for v in found]
        assert said == []


@pytest.fixture
def read(chromium, live_server, transactional_db, client):
    """Open a browser for somebody: `read(user, width=360, theme="dark", script=False)`."""
    contexts = []

    def open_for(user=None, *, width=1440, height=900, theme="light", script=True):
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, java_script_enabled=script
        )
        contexts.append(context)
        if user is not None:
            client.force_login(user)
            context.add_cookies(
                [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
            )
        return Reader(context, live_server.url, script)

    yield open_for
    for context in contexts:
        context.close()
