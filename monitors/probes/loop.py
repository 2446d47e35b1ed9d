"""One libcurl multi handle driven by readiness events: any number of transfers, no wait for any of them.

`socket_action` and epoll instead of `perform` and `select`, which stop working at 1,024 open files and look at
every handle each time. Where there is no epoll, poll does.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pycurl

READ, WRITE = select.POLLIN, select.POLLOUT  # the same numbers as epoll's
FAULT = select.POLLERR | select.POLLHUP
EVENTS = {pycurl.POLL_IN: READ, pycurl.POLL_OUT: WRITE, pycurl.POLL_INOUT: READ | WRITE}
SPARE_HANDLES = 256

Done = Callable[[int, str], None]


class CurlLoop:
    """Runs transfers. Not thread-safe but for `wake`; used by the one thread that calls `step`."""

    def __init__(self) -> None:
        self._multi: Any = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._poller: Any = select.epoll() if hasattr(select, "epoll") else select.poll()
        self._unit = 1.0 if hasattr(select, "epoll") else 1000.0
        self._watched: dict[int, int] = {}
        self._timer: float | None = None
        self._done: dict[Any, Done] = {}
        self._aside: ThreadPoolExecutor | None = None
        self._came: deque[tuple[Callable[[Any], None], Any]] = deque()
        self._spare: list[Any] = []
        self._bell, self._button = socket.socketpair()
        self._bell.setblocking(False)
        self._button.setblocking(False)
        self._bell_fd = self._bell.fileno()
        self._poller.register(self._bell_fd, READ)

    def __len__(self) -> int:
        return len(self._done)

    def handle(self) -> Any:
        """A clean easy handle; give it to `start` or drop it."""
        return self._spare.pop() if self._spare else pycurl.Curl()

    def start(self, handle: Any, done: Done) -> None:
        """Begin a transfer. done(error number, message) is called from `step`, before the handle is cleaned."""
        self._done[handle] = done
        self._multi.add_handle(handle)

    def aside(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Do what takes long in a thread of its own; done(what it returned) is called from `step`. It may not raise."""
        if self._aside is None:
            self._aside = ThreadPoolExecutor(1, thread_name_prefix="probe-aside")

        def run() -> None:
            self._came.append((done, work()))
            self.wake()

        self._aside.submit(run)

    def wake(self) -> None:
        """End a `step` that waits. May be called from any thread, also when the loop has ended."""
        try:
            self._button.send(b"!")
        except OSError:
            return  # full of rings, so that the loop is about to wake anyway; or closed

    def step(self, timeout: float | None) -> None:
        """Wait until something is ready, at most `timeout` seconds (None: for ever), and move it on."""
        if self._timer is not None:
            left = max(self._timer - time.monotonic(), 0.0)
            timeout = left if timeout is None else min(left, timeout)
        for fd, events in self._poller.poll(None if timeout is None else timeout * self._unit):
            if fd == self._bell_fd:
                self._bell.recv(4096)
            else:
                self._multi.socket_action(fd, _flags(events))
        if self._timer is not None and self._timer <= time.monotonic():
            self._timer = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        while self._came:
            done, came = self._came.popleft()
            done(came)
        self._finish()

    def close(self) -> None:
        """Drop what is in flight. The multi handle is closed by name, not left to the garbage collector."""
        for handle in list(self._done):
            self._multi.remove_handle(handle)
            handle.close()
        self._done.clear()
        for handle in self._spare:
            handle.close()
        self._multi.close()
        if self._aside is not None:
            self._aside.shutdown(wait=False, cancel_futures=True)
        if hasattr(self._poller, "close"):
            self._poller.close()
        self._bell.close()
        self._button.close()

    def _finish(self) -> None:
        waiting = 1
        while waiting:
            waiting, good, bad = self._multi.info_read()
            for handle in good:
                self._end(handle, 0, "")
            for handle, error, message in bad:
                self._end(handle, error, message)

    def _end(self, handle: Any, error: int, message: str) -> None:
        done = self._done.pop(handle)
        self._multi.remove_handle(handle)
        try:
            done(error, message)
        finally:
            if len(self._spare) < SPARE_HANDLES:
                handle.reset()
                self._spare.append(handle)
            else:
                handle.close()

    def _on_socket(self, event: int, fd: int, multi: Any, data: Any) -> None:
        if event == pycurl.POLL_REMOVE:
            if self._watched.pop(fd, None) is not None:
                self._poller.unregister(fd)
            return
        wanted, held = EVENTS.get(event), self._watched.get(fd)
        if wanted is None or held == wanted:
            return
        if held is None:
            self._poller.register(fd, wanted)
        else:
            self._poller.modify(fd, wanted)
        self._watched[fd] = wanted

    def _on_timer(self, timeout_ms: int) -> None:
        self._timer = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000


def _flags(events: int) -> int:
    """What libcurl is told of a descriptor's events."""
    flags = 0
    if events & READ:
        flags |= pycurl.CSELECT_IN
    if events & WRITE:
        flags |= pycurl.CSELECT_OUT
    if events & FAULT:
        flags |= pycurl.CSELECT_ERR
    return flags
