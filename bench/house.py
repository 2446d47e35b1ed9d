"""A whole embedded installation for the length of a bench: real processes, a data folder of its own."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from urllib.error import URLError
from urllib.request import urlopen

import psutil

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """Return a port nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


class House:
    """`with House() as house:` starts `up.py`, waits until it is ready, and stops it in the end."""

    def __init__(self, **settings: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="watchbook-bench-")
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        self.environ = {
            **kept,
            "WATCHBOOK_ENV_FILE": "",
            "DATA_DIR": self._folder.name,
            "PORT": str(self.port),
            "LOG_LEVEL": "warning",
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> House:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.process = subprocess.Popen([sys.executable, str(ROOT / "up.py")], env=self.environ, stdout=sys.stderr)
        deadline = time.monotonic() + 120
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("Watchbook did not start")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)

    def is_ready(self) -> bool:
        """Whether /readyz says 200."""
        try:
            with urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return answer.status == 200
        except (URLError, OSError):
            return False

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """Run a management command on this installation and return what it printed."""
        done = subprocess.run(
            [str(ROOT / ".venv/bin/python"), str(ROOT / "manage.py"), *arguments],
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def processes(self) -> dict[str, psutil.Process]:
        """Return supervisor, web and engine."""
        if self.process is None:
            return {}
        supervisor = psutil.Process(self.process.pid)
        return {"supervisor": supervisor, **{child.cmdline()[-1]: child for child in supervisor.children()}}

    def cpu_seconds(self) -> float:
        """Seconds of processor time all processes used so far."""
        times = [process.cpu_times() for process in self.processes().values()]
        return sum(one.user + one.system for one in times)

    def resident_mb(self) -> float:
        """Memory of all processes together, pages they share counted once for each."""
        return sum(process.memory_info().rss for process in self.processes().values()) / 1_000_000


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"fine\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def target() -> Iterator[str]:
    """A server to watch; yields its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()


def add_monitors(house: House, url: str, count: int, interval_s: int) -> None:
    """Watch one address with many monitors; loopback is allowed for it."""
    house.manage(
        "shell",
        "-v0",
        "-c",
        f"""
from accounts.services.organisation import allow_network
from ledger.clock import now
from monitors.services.inventory import create_service
from monitors.services.monitors import create_monitor
allow_network(cidr="127.0.0.0/8", now=now(), reason="bench")
service = create_service(name="Bench", now=now(), reason="bench")
for number in range({count}):
    create_monitor(service=service, name=f"m{{number}}", target={{"url": {url!r}}}, interval_s={interval_s}, now=now(), reason="bench")
""",
    )
