"""What stands around the product: a target to watch, a broker to kill, a database to fill. Each on a free port."""

import contextlib
import os
import secrets
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests import template

SERVE = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"All good"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, true, *, within):
    """Wait until `true()` is; return what it returned. Fails with `what` after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        found = true()
        if found:
            return found
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what}: not within {within:g} s")
        time.sleep(0.05)


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Target:
    """A server somebody depends on, in a process of its own. It can be killed and comes back at the same address."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/health"
        self._process = None

    def start(self):
        self._process = subprocess.Popen([sys.executable, "-c", SERVE, str(self.port)])
        wait_for("the target serves", lambda: answers(self.port), within=10)
        return self

    def kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Broker:
    """A Redis server of our own, so that it can be stopped without harm to anybody else."""

    def __init__(self):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = tempfile.mkdtemp(prefix="watchbook-redis-")
        self._process = None

    def start(self):
        if self._process is not None:
            return self
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([*command, "--dir", self._folder], stdout=subprocess.DEVNULL)
        wait_for("the broker answers", lambda: answers(self.port), within=10)
        return self

    def kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self):
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


class Database:
    """A database of our own on the PostgreSQL server that DATABASE_URL names."""

    def __init__(self, server):
        self._server = server
        self.name = f"watchbook_processes_{os.getpid()}_{secrets.token_hex(3)}"
        self.url = urlunsplit(urlsplit(server)._replace(path=f"/{self.name}"))

    def create(self):
        template.clone(self._server, self.name)
        return self

    def drop(self):
        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


class Valve:
    """A line to the database that holds the bytes while it is shut; connections are taken all the same."""

    def __init__(self, where):
        self._where, self._open, self._ended = where, threading.Event(), threading.Event()
        self._open.set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self.shut, self.open = self._open.clear, self._open.set
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self._ended.is_set():
            try:
                here, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(here,), daemon=True).start()

    def _carry(self, here):
        with here, socket.create_connection(self._where) as there, selectors.DefaultSelector() as ready:
            ready.register(here, selectors.EVENT_READ, there)
            ready.register(there, selectors.EVENT_READ, here)
            while not self._ended.is_set():
                self._open.wait()
                for key, _ in ready.select(0.05):
                    if not self._open.is_set():
                        break
                    try:
                        said = key.fileobj.recv(65536)
                        if not said:
                            return
                        key.data.sendall(said)
                    except OSError:
                        return

    def close(self):
        self._ended.set()
        self._open.set()
        self._door.close()


class Process:
    """One process of the product and where it writes. Killed as a whole, children included."""

    def __init__(self, name, command, environ, log):
        self.name, self._command, self._environ, self._log = name, command, environ, log
        self.popen = None

    def start(self):
        with self._log.open("ab") as log:
            self.popen = subprocess.Popen(
                self._command,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    @property
    def alive(self):
        return self.popen is not None and self.popen.poll() is None

    def kill(self):
        """SIGKILL for the process and whatever it started in its own session."""
        if self.popen is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()

    def stop(self, within=15):
        """SIGTERM, as an operator does."""
        if self.alive:
            self.popen.terminate()
            try:
                self.popen.wait(within)
            except subprocess.TimeoutExpired:
                self.kill()
