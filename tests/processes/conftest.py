import contextlib
import os
import shutil

import pytest

from tests.fakes.smtp import FakeSmtp
from tests.fakes.twilio import FakeTwilio
from tests.processes.house import House
from tests.processes.peers import Broker, Database, Target
from tests.processes.product import Embedded, Grown
from tests.processes.seed import SEED

GROWN = bool(os.environ.get("DATABASE_URL"))


@pytest.fixture(scope="session")
def outside():
    """A mail server and a Twilio that reports every text as sent and delivered."""
    with FakeTwilio(report=("sent", "delivered")) as twilio, FakeSmtp() as smtp:
        yield twilio, smtp


@contextlib.contextmanager
def embedded(folder, outside, **settings):
    if GROWN:
        pytest.skip("the embedded mode is proved by the run on SQLite")
    product = Embedded(folder, *outside, **settings)
    try:
        product.migrated().start()
        yield House(product, *outside).settle()
    finally:
        product.stop()


@contextlib.contextmanager
def grown(folder, outside, **settings):
    if not GROWN:
        pytest.skip("needs PostgreSQL: set DATABASE_URL")
    if not shutil.which("redis-server"):
        pytest.skip("needs redis-server, to stop one without harm to others")
    database, broker = Database(os.environ["DATABASE_URL"]).create(), Broker().start()
    product = Grown(folder, *outside, database, broker, **settings)
    product.broker = broker
    try:
        product.prepare().start()
        yield House(product, *outside).settle()
    finally:
        product.stop()
        broker.close()
        database.drop()


@pytest.fixture(scope="session")
def house(tmp_path_factory, outside):
    """The product as this run proves it: embedded on SQLite, grown where DATABASE_URL is set."""
    run = grown if GROWN else embedded
    with run(tmp_path_factory.mktemp("house"), outside) as house:
        yield house


@pytest.fixture(autouse=True)
def what_came_before_is_forgotten(outside):
    """Each test expects its own messages only."""
    for fake in outside:
        for message in [one for kind in ("texts", "calls", "letters") for one in getattr(fake, kind, ())]:
            message.expected = True


@pytest.fixture(autouse=True)
def tidied(request):
    yield
    if "house" in request.fixturenames:
        request.getfixturevalue("house").tidy()


@pytest.fixture
def target():
    target = Target().start()
    yield target
    target.kill()


@pytest.fixture(autouse=True)
def logs_on_failure(request):
    """Show what the processes logged when a test of theirs fails."""
    yield
    report = getattr(request.node, "report_of_call", None)
    if report is not None and report.failed and "house" in request.fixturenames:
        print("\n--- log of the processes\n" + request.getfixturevalue("house").product.said())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.report_of_call = outcome.get_result()


def pytest_terminal_summary(terminalreporter):
    """Print the seed of the power cuts also when all went well."""
    ran = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if "test_power_cut" in getattr(report, "nodeid", "")
    ]
    if ran:
        terminalreporter.write_line(f"power cuts: WATCHBOOK_SEED={SEED}")
