"""Keeps the two processes of the embedded mode running. Standard library only: it is the process of `up.py`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from config.lifeline import VARIABLE

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
# A child that lived so long has recovered: its next death waits the first wait again.
STEADY_AFTER_S = 60.0
STOP_WITHIN_S = 12.0


def next_wait(last: float, lived_s: float) -> float:
    """Seconds to wait before the next start of a child that lived `lived_s` after a wait of `last`."""
    if lived_s >= STEADY_AFTER_S or last == 0:
        return FIRST_WAIT_S
    return min(LONGEST_WAIT_S, last * 2)


@dataclass
class Child:
    """One process that is kept alive."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    lifeline: int
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = 0.0
    start_at: float = 0.0

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches only the supervisor."""
        self.started = time.monotonic()
        # the command is our own interpreter and manage.py
        self.process = subprocess.Popen(  # noqa: S603
            self.command,
            env={**self.environ, VARIABLE: str(self.lifeline)},
            stdin=subprocess.DEVNULL,
            pass_fds=(self.lifeline,),
            start_new_session=True,
        )

    def look(self, say: Callable[[str], None]) -> None:
        """Start it when it is time, notice when it died."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.wait = next_wait(self.wait, now - self.started)
        self.start_at = now + self.wait
        self.process = None
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        say(f"The {self.name} process {how}; starting it again in {self.wait:g} s.")

    def signal(self, number: int) -> None:
        """Send a signal if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


@dataclass
class Supervisor:
    """Starts the children and stays until it is told to stop."""

    commands: Mapping[str, Sequence[str]]
    environ: Mapping[str, str]
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    signals: int = 0

    def run(self, when_started: Callable[[], None]) -> int:
        """Run until SIGTERM or SIGINT; `when_started` is called once after the first start. Returns 0."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        reading, writing = os.pipe()
        self.children = [Child(name, command, self.environ, reading) for name, command in self.commands.items()]
        for child in self.children:
            child.start()
        threading.Thread(target=when_started, daemon=True).start()
        while not self.stopping.wait(0.2):
            for child in self.children:
                child.look(self.say)
        self._stop()
        os.close(writing)
        return 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.signals += 1
        self.stopping.set()

    def _stop(self) -> None:
        """Ask all to stop, wait, and kill what is left after STOP_WITHIN_S or a second Ctrl-C."""
        self.say("Stopping.")
        for child in self.children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_S
        while any(child.process is not None and child.process.poll() is None for child in self.children):
            if time.monotonic() >= deadline or self.signals > 1:
                self.say("Not everything stopped in time; the rest is killed. Nothing is lost by that.")
                break
            time.sleep(0.05)
        for child in self.children:
            child.signal(signal.SIGKILL)


def say(line: str) -> None:
    """Print one line for the person at the terminal."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
