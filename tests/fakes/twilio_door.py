"""The fake Twilio's HTTP: its REST addresses, its refusals, and the trouble that a test asked for."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit


@dataclass
class Trouble:
    """What to do to the next call instead of working: answer `http` with `code`, or hang for `hang_s`.

    accept: take the text all the same, as a provider does whose answer is lost. raw: answer these bytes.
    """

    http: int = 0
    code: int = 0
    message: str = "fake trouble"
    hang_s: float = 0.0
    accept: bool = False
    raw: str | None = None
    path: str = "send"


def handler(fake: Any) -> type[BaseHTTPRequestHandler]:
    """The requests of one fake."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            return

        def _answer(self, status: int, body: object) -> None:
            raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def _refuse(self, status: int, code: int, message: str) -> None:
            self._answer(status, {"code": code, "message": message, "status": status, "more_info": f"https://x/{code}"})

        def _body(self) -> str:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()

        def do_POST(self) -> None:
            path, raw = urlsplit(self.path).path, self._body()
            fake.requests.append(("POST", self.path))
            if path.startswith("/fake/"):
                found = fake.control(path, json.loads(raw or "{}"))
                self._answer(200 if found is not None else 404, found)
            elif path == f"/2010-04-01/Accounts/{fake.account}/Messages.json":
                self._take(dict(parse_qsl(raw, keep_blank_values=True)))
            elif path == f"/2010-04-01/Accounts/{fake.account}/Calls.json":
                self._dial(raw)
            elif path.startswith(f"/2010-04-01/Accounts/{fake.account}/Calls/"):
                self._change_call(path, dict(parse_qsl(raw)))
            else:
                self._refuse(404, 20404, f"The requested resource {path} was not found")

        def _take(self, params: dict[str, str]) -> None:
            if not self._signed_in() or self._trouble("send", params):
                return
            if not params.get("Body") or not params.get("To"):
                self._refuse(400, 21602, "Message body is required.")
                return
            self._answer(201, fake.take(params).as_json(fake.account))

        def _dial(self, raw: str) -> None:
            params = {name: ",".join(values) for name, values in parse_qs(raw, keep_blank_values=True).items()}
            if not self._signed_in() or self._trouble("call", params):
                return
            if not params.get("To") or not (params.get("Url") or params.get("Twiml")):
                self._refuse(400, 21205, "Url is not a valid URL.")
                return
            self._answer(201, fake.dial(params).as_json(fake.account))

        def _change_call(self, path: str, params: dict[str, str]) -> None:
            call = fake.find_call(path.rsplit("/", 1)[1].removesuffix(".json"))
            if not self._signed_in() or self._trouble("hang up", params):
                return
            if call is None:
                self._refuse(404, 20404, "The requested resource was not found")
            elif call.status not in ("queued", "initiated", "ringing"):
                self._refuse(400, 21220, "Call is not in-progress. Cannot redirect.")
            else:
                call.status = params.get("Status", call.status)
                self._answer(200, call.as_json(fake.account))

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            fake.requests.append(("GET", self.path))
            if parts.path.startswith("/fake/"):
                found = fake.control(parts.path, dict(parse_qsl(parts.query)))
                self._answer(200 if found is not None else 404, found)
                return
            if not self._signed_in() or self._trouble("ask", {}):
                return
            if parts.path == f"/2010-04-01/Accounts/{fake.account}.json":
                self._answer(200, {"sid": fake.account, "status": fake.standing, "friendly_name": "Larkspur"})
                return
            if parts.path.startswith(f"/2010-04-01/Accounts/{fake.account}/Calls"):
                self._calls(parts.path, parse_qs(parts.query))
                return
            base = f"/2010-04-01/Accounts/{fake.account}/Messages"
            if parts.path == f"{base}.json":
                self._list(parse_qs(parts.query))
            elif parts.path.startswith(f"{base}/") and (
                text := fake.find(parts.path.rsplit("/", 1)[1].removesuffix(".json"))
            ):
                self._answer(200, text.as_json(fake.account))
            else:
                self._refuse(404, 20404, "The requested resource was not found")

        def _list(self, query: dict[str, list[str]]) -> None:
            to, sender = query.get("To", [""])[0], query.get("From", [""])[0]
            found = [t for t in fake.texts if (not to or t.to == to) and (not sender or t.sender == sender)]
            page = {"messages": [t.as_json(fake.account) for t in reversed(found)], "next_page_uri": None}
            self._answer(
                200, {**page, "page": 0, "page_size": 50, "first_page_uri": "", "previous_page_uri": None, "uri": ""}
            )

        def _calls(self, path: str, query: dict[str, list[str]]) -> None:
            if path.endswith("/Calls.json"):
                to = query.get("To", [""])[0]
                found = [call.as_json(fake.account) for call in reversed(fake.calls) if not to or call.to == to]
                self._answer(200, {"calls": found, "next_page_uri": None, "page": 0, "page_size": 50, "uri": ""})
            elif call := fake.find_call(path.rsplit("/", 1)[1].removesuffix(".json")):
                self._answer(200, call.as_json(fake.account))
            else:
                self._refuse(404, 20404, "The requested resource was not found")

        def _signed_in(self) -> bool:
            wanted = "Basic " + base64.b64encode(f"{fake.account}:{fake.auth_token}".encode()).decode()
            if self.headers.get("Authorization") == wanted:
                return True
            self._refuse(401, 20003, "Authenticate")
            return False

        def _trouble(self, path: str, params: dict[str, str]) -> bool:
            trouble = fake.troubles[0] if fake.troubles and fake.troubles[0].path == path else None
            if trouble is None:
                return False
            fake.troubles.popleft()
            if trouble.accept:
                (fake.dial if path == "call" else fake.take)(params)
            if trouble.hang_s:
                time.sleep(trouble.hang_s)
                self.close_connection = True
                return True
            if trouble.raw is not None:
                self._answer(trouble.http or 200, trouble.raw)
                return True
            self._refuse(trouble.http, trouble.code, trouble.message)
            return True

    return Handler
