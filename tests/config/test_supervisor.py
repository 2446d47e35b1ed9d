"""The supervisor keeps its children alive, with more and more patience, and stops them when it stops."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from config.supervisor import FIRST_WAIT_S, LONGEST_WAIT_S, STEADY_AFTER_S, next_wait
from tests.config.test_hints import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.embedded]


@pytest.mark.parametrize(
    ("last", "lived_s", "wait"),
    [
        (0, 0.1, FIRST_WAIT_S),
        (0.5, 0.1, 1.0),
        (16, 1, LONGEST_WAIT_S),
        (30, 1, LONGEST_WAIT_S),
        (30, STEADY_AFTER_S, FIRST_WAIT_S),
    ],
)
def test_waits_grow_until_a_child_has_proved_steady(last, lived_s, wait):
    assert next_wait(last, lived_s) == wait


@pytest.fixture
def supervised(tmp_path):
    """A supervisor over one child that writes its pid; yields (supervisor process, read pids)."""
    pids = tmp_path / "pids"
    child = tmp_path / "child.py"
    child.write_text(
        textwrap.dedent(
            f"""
            import os, sys, time
            sys.path.insert(0, {os.getcwd()!r})
            from config import lifeline
            lifeline.hold()
            open({str(pids)!r}, "a").write(f"{{os.getpid()}}\\n")
            time.sleep(60)
            """
        )
    )
    script = (
        "import sys; sys.path.insert(0, '.')\n"
        "from config.supervisor import Supervisor, say\n"
        f"s = Supervisor({{'child': [sys.executable, {str(child)!r}]}}, dict(__import__('os').environ), say)\n"
        "sys.exit(s.run(lambda: say('started')))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)

    def read():
        return [int(line) for line in pids.read_text().split()] if pids.exists() else []

    wait_for(lambda: len(read()) == 1, 10)
    yield process, read
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdout.close()
    for pid in read():
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


def test_a_killed_child_is_started_again(supervised):
    process, pids = supervised
    os.kill(pids()[0], signal.SIGKILL)
    wait_for(lambda: len(pids()) == 2, 10)
    assert process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_and_takes_the_child_along(supervised, number):
    process, pids = supervised
    process.send_signal(number)
    assert process.wait(10) == 0
    assert not alive(pids()[0])


def test_a_killed_supervisor_leaves_no_orphan(supervised):
    process, pids = supervised
    process.kill()
    wait_for(lambda: not alive(pids()[0]), 10)


def test_it_says_what_happened_to_a_child(supervised):
    process, pids = supervised
    os.kill(pids()[0], signal.SIGKILL)
    wait_for(lambda: len(pids()) == 2, 10)
    process.terminate()
    said = process.communicate(timeout=10)[0]
    assert "The child process was killed by signal 9; starting it again in 0.5 s." in said
