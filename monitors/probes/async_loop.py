"""One asyncio loop in a thread of its own: every check that does not go through libcurl runs on it.

A check is a coroutine `run(check, rules)` that returns a Trace; here it gets its timeout, and an end whatever
happens in it. A client that can only block runs in a thread of its own (`monitors.probes.threads`).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from accounts.egress.guard import EgressRules
from monitors.probes.sentences import seconds
from monitors.probes.trace import Outcome, Trace

log = structlog.get_logger(__name__)

GRACE_S = 0.25  # a probe tells its own timeout better; this is for one that does not

Run = Callable[[Any, EgressRules], Awaitable[Trace]]
Finished = Callable[[Trace], None]


class AsyncLoop:
    """Runs checks. `start` and `take` are called by one other thread; `wake` is called whenever one has ended."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._ended: deque[tuple[Finished, Trace]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, run: Run, check: Any, rules: EgressRules, finished: Finished) -> None:
        """Begin a check; returns at once. The thread is made when the first one comes."""
        if self._loop is None:
            self._loop = _new_loop()
        self._loop.call_soon_threadsafe(self._begin, run, check, rules, finished)

    def take(self) -> None:
        """Call `finished(trace)` of every check that has ended, in the caller's thread."""
        while self._ended:
            finished, trace = self._ended.popleft()
            finished(trace)

    def close(self) -> None:
        """End the thread; what is in flight is dropped."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._halt, self._loop)
            self._loop = None

    def _begin(self, run: Run, check: Any, rules: EgressRules, finished: Finished) -> None:
        task = asyncio.get_running_loop().create_task(self._run(run, check, rules, finished))
        self._tasks.add(task)  # a loop holds its tasks weakly
        task.add_done_callback(self._tasks.discard)

    def _halt(self, loop: asyncio.AbstractEventLoop) -> None:
        for task in self._tasks:
            task.cancel()
        loop.call_soon(loop.stop)  # after the tasks have seen their end

    async def _run(self, run: Run, check: Any, rules: EgressRules, finished: Finished) -> None:
        self._ended.append((finished, await run_within(run, check, rules)))
        self._wake()


async def run_within(run: Run, check: Any, rules: EgressRules) -> Trace:
    """Run one check to a trace, within its timeout, whatever happens in it."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(check.timeout_s + GRACE_S):
            trace = await run(check, rules)
    except TimeoutError:
        sentence = f"It was not done within {seconds(check.timeout_s)}."
        trace = Trace(outcome=Outcome.FAILED, code="timeout", sentence=sentence)
    except Exception as error:  # a fault of one probe must not end the checks of all others
        log.exception("check_broke", check=type(check).__name__)
        sentence = f"The check could not be made: {type(error).__name__}."
        trace = Trace(outcome=Outcome.BLOCKED, code="invalid", sentence=sentence)
    trace.total_us = trace.total_us or int((time.monotonic() - began) * 1_000_000)
    return trace


def run_alone(run: Run, check: Any, rules: EgressRules) -> Trace:
    """Run one check by itself, on a loop that ends with it."""
    return asyncio.run(run_within(run, check, rules))


def _new_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=_serve, args=(loop,), name="probe-loop", daemon=True).start()
    return loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()
