"""What the fakes of JSON providers share: a real HTTP server on a free port, what came, and a script of other answers.

`answers` scripts the next answers, a status or one of `says`, `breaks_off`, `hangs`; when it is empty the provider behaves.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self):
        return json.loads(self.body)


class FakeServer:
    """`with Fake() as fake:`; `fake.url` is its base address. A subclass says in `answer` what it answers."""

    def __init__(self):
        self.requests, self.answers = [], deque()
        self.lock = threading.RLock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                with fake.lock:
                    fake.requests.append(asked)
                    scripted = fake.answers.popleft() if fake.answers else None
                    answer = fake.answer(asked) if scripted is None else scripted
                if callable(answer):
                    answer(self)
                elif isinstance(answer, int):
                    say(self, answer, b"", {})
                else:
                    say(self, *answer)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, asked):
        """(status, body, headers) of a provider that behaves."""
        raise NotImplementedError

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *args):
        self._server.shutdown()
        self._server.server_close()


def say(handler, status, body, headers):
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def in_json(status, said, **headers):
    """An answer in JSON; `retry_after="7"` becomes Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, json.dumps(said).encode(), {"Content-Type": "application/json", **named}


def breaks_off(handler):
    """An answer that ends in the middle."""
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(b'{"half')


def hangs(seconds):
    """No answer for a while."""
    return lambda handler: time.sleep(seconds)
