"""The web process of the embedded mode: granian's WSGI worker, in this very process.

Granian's own command keeps a second process beside each worker to watch it; here the supervisor does
that, which saves 40 MB and an orphan when somebody is killed. Grown installations run granian itself:
`granian --interface wsgi --workers 4 config.wsgi:application`.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import BoundedSemaphore
from typing import Any

from django.conf import settings
from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes, TaskImpl
from granian.log import LogLevels
from granian.server.mp import MPServer

from config.public import PING
from config.wsgi import application

CONNECTIONS = 512
# Beside the threads of pages: each ping waits for the disk, and those that wait together share one commit.
PING_THREADS = 16


class OneProcess(MPServer):
    """Granian's multi-process server with its one worker run here instead of spawned."""

    def serve_here(self, load: Callable[[], Callable[..., Any]]) -> None:
        """Bind, load the application and serve until SIGTERM or SIGINT."""
        self._init_shared_socket()
        self._ipc = {}  # only granian's own metrics, which are off, speak through it
        worker = self._spawn_worker(0, self._spawn_wsgi_worker, load)
        # the arguments granian would have handed to the new process
        worker.inner._target(*worker.inner._args)
        self._drop_shared_socket()


def load() -> Callable[..., Any]:
    """Return the WSGI application."""
    return bounded(application, settings.WEB_THREADS)


def bounded(application: Callable[..., Any], most: int) -> Callable[..., Any]:
    """Let at most `most` requests run at once; pings are not counted, for they only wait."""
    turns = BoundedSemaphore(most)

    def serve_one(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ.get("PATH_INFO", "").startswith(PING):
            return application(environ, start_response)
        with turns:
            return application(environ, start_response)

    return serve_one


def serve() -> None:
    """Serve HOST:PORT until SIGTERM or SIGINT."""
    server = OneProcess(
        "config.wsgi:application",
        address=settings.HOST,
        port=settings.PORT,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=settings.WEB_THREADS + PING_THREADS,
        # The threads bound the requests that run at once, and with them the database connections. Backpressure
        # counts open connections: a browser keeps six, so as few as threads would leave its seventh file waiting.
        backpressure=CONNECTIONS,
        runtime_mode=RuntimeModes.st,
        loop=Loops.asyncio,
        task_impl=TaskImpl.asyncio,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
    )
    server.serve_here(load)
