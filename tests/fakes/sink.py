"""A real HTTP server on a free port of 127.0.0.1 that takes webhooks, checks their signatures by its own means, and keeps them.

`answers` scripts what it says, one function or status a request; when the script is empty it says 204. The check knows
nothing of our code: it is what docs/webhooks.md tells a receiver to write.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def is_signed(secret, headers, body):
    """Whether one of the signatures is of this secret over id, time and these bytes."""
    key = base64.b64decode(secret[len("whsec_") :])
    text = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    wanted = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    given = [one.partition(",") for one in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(value, wanted) for version, _, value in given)


@dataclass
class Hook:
    """One request as it arrived."""

    path: str
    headers: dict
    body: bytes

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def json(self):
        return json.loads(self.body)


class Sink:
    """`with Sink() as sink:`; `sink.url` is where webhooks go, `sink.hooks` what came."""

    def __init__(self):
        self.hooks, self.answers = [], deque()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                sink.hooks.append(Hook(self.path, headers, body))
                answer = sink.answers.popleft() if sink.answers else 204
                if callable(answer):
                    answer(self)
                    return
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/9f2b"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *args):
        self._server.shutdown()
        self._server.server_close()

    @property
    def kinds(self):
        """What came, in order."""
        return [hook.json["kind"] for hook in self.hooks]


def says(status, body=b"", **headers):
    """An answer with a body and headers; `retry_after="7"` becomes Retry-After."""

    def answer(handler):
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer
