"""A Twilio that is ours: takes texts and calls over HTTP, reports on them with signed callbacks, sends signed texts back.

In a test: `with FakeTwilio(auth_token=…) as twilio:` on a free port, in threads of this process. As a process of its own:
`python -m tests.fakes.twilio --port 0 --auth-token … --callback-base http://127.0.0.1:8000`; it prints one JSON line with its
address and is steered over `/fake/…` (see `FakeTwilio.control`).

Expectation style: `twilio.expect(to, "SEV1", …)` waits for a text with these words and takes it; `verify_nothing_else()`
fails for texts and calls nobody expected. `twilio.expect_call(to)` waits for a call, which the test then lets ring, be picked up
(by a person who presses keys, or by a machine), be busy, or ring out. Nothing here imports Watchbook.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree

ACCOUNT = "AC" + "0" * 32
TOKEN = "twilio-auth-token"


class UnexpectedText(AssertionError):
    """A text went out that the test did not expect, or one it expected did not."""


@dataclass
class Text:
    """One message as Twilio keeps it."""

    sid: str
    to: str
    sender: str
    body: str
    params: dict[str, str]
    created: datetime
    status: str = "queued"
    error_code: str = ""
    expected: bool = False
    callbacks: list[tuple[str, int]] = field(default_factory=list)

    def as_json(self, account: str) -> dict:
        when = format_datetime(self.created)
        return {
            "sid": self.sid, "account_sid": account, "to": self.to, "from": self.sender, "body": self.body,
            "status": self.status, "error_code": int(self.error_code) if self.error_code else None, "error_message": None,
            "date_created": when, "date_sent": when, "date_updated": when, "direction": "outbound-api",
            "num_segments": "1", "num_media": "0", "api_version": "2010-04-01", "price": None, "price_unit": "USD",
            "messaging_service_sid": None, "uri": f"/2010-04-01/Accounts/{account}/Messages/{self.sid}.json",
            "subresource_uris": {},
        }  # fmt: skip


class Call:
    """One call as Twilio keeps it, and the phone at its other end.

    The test moves it: `ring`, then `pick_up` and `press`, or `busy`, `no_answer`, `machine`. Each reports to the
    status address as Twilio does, unless `quiet`. `said` is everything that was spoken so far.
    """

    def __init__(self, fake: FakeTwilio, sid: str, params: dict[str, str]) -> None:
        self.fake, self.sid, self.params = fake, sid, params
        self.to, self.sender = params.get("To", ""), params.get("From", "")
        self.created = datetime.now(UTC)
        self.status, self.expected, self.quiet = "queued", False, False
        self.said: list[str] = []
        self.callbacks: list[tuple[str, int]] = []
        self.answers: list[int] = []
        # where the conversation stands: the address that takes a key, and what follows if none comes
        self._listening = ""
        self._rest: list[ElementTree.Element] = []

    def as_json(self, account: str) -> dict:
        when = format_datetime(self.created)
        return {
            "sid": self.sid, "account_sid": account, "to": self.to, "from": self.sender, "status": self.status,
            "date_created": when, "date_updated": when, "start_time": when, "end_time": None, "duration": None,
            "direction": "outbound-api", "answered_by": None, "api_version": "2010-04-01", "price": None,
            "price_unit": "USD", "uri": f"/2010-04-01/Accounts/{account}/Calls/{self.sid}.json", "subresource_uris": {},
        }  # fmt: skip

    @property
    def heard(self) -> str:
        """Everything that was spoken, as one text."""
        return " ".join(self.said)

    # what the network does

    def report(self, status: str, *, token: str | None = None, **more: str) -> int:
        """Move the call on and post the signed callback to where its caller wanted it; return the HTTP status."""
        self.status = status
        address = self.params.get("StatusCallback", "")
        if self.quiet or not address:
            return 0
        answer = self.fake.poster(address, {**self.form(status), **more}, token)[0]
        self.callbacks.append((status, answer))
        return answer

    def form(self, status: str = "") -> dict[str, str]:
        """What Twilio sends with every request about a call."""
        return {
            "AccountSid": self.fake.account, "ApiVersion": "2010-04-01", "CallSid": self.sid,
            "CallStatus": status or self.status, "Called": self.to, "Caller": self.sender, "Direction": "outbound-api",
            "From": self.sender, "To": self.to,
        }  # fmt: skip

    def ring(self) -> Call:
        self.report("initiated")
        self.report("ringing")
        return self

    def busy(self) -> None:
        self.report("initiated")
        self.report("busy", SipResponseCode="486")

    def no_answer(self) -> None:
        self.ring()
        self.report("no-answer")

    def fail(self, sip: str) -> None:
        self.report("failed", SipResponseCode=sip)

    def pick_up(self) -> str:
        """Somebody, or something, answers: our words are asked for; return them."""
        self.ring()
        self.report("in-progress")
        if "Twiml" in self.params:
            return self._follow(ElementTree.fromstring(self.params["Twiml"]))
        return self._ask(self.params["Url"], self.form())

    def press(self, key: str) -> str:
        """A key, while we listen; return what is said to it."""
        assert self._listening, f"nobody listens for a key; said so far: {self.heard}"
        return self._ask(self._listening, {**self.form(), "Digits": key, "FinishedOnKey": "", "msg": "Gather End"})

    def say_nothing(self) -> str:
        """Let the time for a key run out; return what is said then."""
        self._listening = ""
        return self._follow(self._rest)

    def hang_up(self) -> None:
        if self.status == "in-progress":
            self.report("completed", CallDuration="12")

    def machine(self) -> None:
        """A voice mail picks up, hears everything and never presses a key."""
        self.pick_up()
        while self.status == "in-progress":
            self.say_nothing()

    def _ask(self, address: str, form: dict[str, str]) -> str:
        status, body = self.fake.poster(address, form, None)
        self.answers.append(status)
        if status != 200:
            self.said.append("We are sorry, an application error has occurred. Goodbye.")
            self.hang_up()
            return self.said[-1]
        return self._follow(ElementTree.fromstring(body))

    def _follow(self, verbs) -> str:
        """Carry out TwiML until it waits for a key, leads elsewhere, or is over; return what was said."""
        self._listening, before = "", len(self.said)
        rest = list(verbs)
        while rest:
            verb = rest.pop(0)
            if verb.tag == "Say":
                self.said.append(verb.text or "")
            elif verb.tag == "Gather":
                self.said += [say.text or "" for say in verb.iter("Say")]
                self._listening, self._rest = verb.get("action", ""), rest
                return " ".join(self.said[before:])
            elif verb.tag == "Redirect":
                self._ask(verb.text or "", self.form())
                return " ".join(self.said[before:])
            elif verb.tag == "Hangup":
                break
        self.hang_up()
        return " ".join(self.said[before:])


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


def signature(token: str, url: str, params: dict[str, str]) -> str:
    """X-Twilio-Signature of a form post, by Twilio's published rule."""
    text = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


class FakeTwilio:
    """The server, its memory, and what a test asks of it."""

    def __init__(
        self, *, account: str = ACCOUNT, auth_token: str = TOKEN, number: str = "+15005550006", port: int = 0,
        callback_base: str = "", report: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.account, self.auth_token, self.number = account, auth_token, number
        # where callbacks really go, when that is not the address they are signed for
        self.callback_base = callback_base
        self.report = report
        self.texts: list[Text] = []
        self.calls: list[Call] = []
        # how a call reaches us; a test without a server of ours puts its own way here
        self.poster = lambda address, params, token: self.post(address, params, token=token)
        self.requests: list[tuple[str, str]] = []
        self.troubles: deque[Trouble] = deque()
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread: threading.Thread | None = None

    # running

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> FakeTwilio:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> FakeTwilio:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # what a test says

    def fail_next(self, *, times: int = 1, **trouble: object) -> None:
        """Make the next calls go wrong: `http=500`, `http=400, code=21211`, `hang_s=6`, `hang_s=6, accept=True`."""
        self.troubles.extend(Trouble(**trouble) for _ in range(times))  # type: ignore[arg-type]

    def expect(self, to: str, *words: str, within: float = 5.0) -> Text:
        """Wait for a text to `to` with all these words, take it off the list of the unexpected, return it."""
        deadline = time.monotonic() + within
        with self._changed:
            while True:
                for text in self.texts:
                    if not text.expected and text.to == to and all(word in text.body for word in words):
                        text.expected = True
                        return text
                left = deadline - time.monotonic()
                if left <= 0:
                    raise UnexpectedText(f"No text to {to} with {words}. There are: {self._unexpected()}")
                self._changed.wait(left)

    def expect_call(self, to: str, *, within: float = 5.0) -> Call:
        """Wait for a call to `to`, take it off the list of the unexpected, return it."""
        deadline = time.monotonic() + within
        with self._changed:
            while True:
                for call in self.calls:
                    if not call.expected and call.to == to:
                        call.expected = True
                        return call
                left = deadline - time.monotonic()
                if left <= 0:
                    raise UnexpectedText(f"No call to {to}. There are: {self._unexpected()}")
                self._changed.wait(left)

    def verify_nothing_else(self) -> None:
        """Fail if texts or calls went out that no `expect` took."""
        with self._lock:
            if self._unexpected():
                raise UnexpectedText(f"Nobody expected: {self._unexpected()}")

    def _unexpected(self) -> list[tuple[str, str]]:
        texts = [(text.to, text.body) for text in self.texts if not text.expected]
        return texts + [(call.to, "a call") for call in self.calls if not call.expected]

    # what Twilio does

    def take(self, params: dict[str, str]) -> Text:
        with self._changed:
            number = len(self.texts) + 1
            digest = hashlib.md5(f"{number}{params}".encode()).hexdigest()
            text = Text(
                f"SM{digest}",
                params.get("To", ""),
                params.get("From", ""),
                params.get("Body", ""),
                params,
                datetime.now(UTC),
            )
            self.texts.append(text)
            self._changed.notify_all()
        if self.report:
            threading.Thread(target=self._report_all, args=(text,), daemon=True).start()
        return text

    def dial(self, params: dict[str, str]) -> Call:
        with self._changed:
            digest = hashlib.md5(f"{len(self.calls)}{params}".encode()).hexdigest()
            call = Call(self, f"CA{digest}", params)
            self.calls.append(call)
            self._changed.notify_all()
        return call

    def find_call(self, sid: str) -> Call | None:
        with self._lock:
            return next((call for call in self.calls if call.sid == sid), None)

    def find(self, sid: str) -> Text | None:
        with self._lock:
            return next((text for text in self.texts if text.sid == sid), None)

    def status_params(self, text: Text, status: str, error_code: str = "") -> dict[str, str]:
        """The form of a status callback."""
        params = {
            "AccountSid": self.account, "ApiVersion": "2010-04-01", "From": text.sender, "To": text.to,
            "MessageSid": text.sid, "SmsSid": text.sid, "MessageStatus": status, "SmsStatus": status,
        }  # fmt: skip
        return {**params, "ErrorCode": error_code} if error_code else params

    def report_status(self, text: Text, status: str, error_code: str = "", *, token: str | None = None) -> int:
        """Move a text on and post the signed callback to where its sender wanted it; return the HTTP status."""
        text.status, text.error_code = status, error_code
        address = text.params.get("StatusCallback", "")
        if not address:
            return 0
        answer = self.post(address, self.status_params(text, status, error_code), token=token)[0]
        text.callbacks.append((status, answer))
        return answer

    def _report_all(self, text: Text) -> None:
        for status in self.report:
            name, _, code = status.partition(":")
            self.report_status(text, name, code)

    def sms_params(self, sender: str, body: str, *, sid: str = "") -> dict[str, str]:
        """The form of a text that somebody sent to our number."""
        made = sid or "SM" + hashlib.md5(f"{sender}{body}{time.time_ns()}".encode()).hexdigest()
        return {
            "AccountSid": self.account, "ApiVersion": "2010-04-01", "Body": body, "From": sender, "FromCountry": "GB",
            "MessageSid": made, "NumMedia": "0", "NumSegments": "1", "SmsMessageSid": made, "SmsSid": made,
            "SmsStatus": "received", "To": self.number, "ToCountry": "US",
        }  # fmt: skip

    def send_sms(
        self, address: str, sender: str, body: str, *, sid: str = "", token: str | None = None
    ) -> tuple[int, str]:
        """Post an inbound text, signed, to our inbound address; return (HTTP status, TwiML)."""
        return self.post(address, self.sms_params(sender, body, sid=sid), token=token)

    def post(self, address: str, params: dict[str, str], *, token: str | None = None) -> tuple[int, str]:
        """POST a form signed for `address`; it is delivered to `callback_base` when one is set. token "": unsigned."""
        parts = urlsplit(address)
        where = address
        if self.callback_base:
            where = self.callback_base.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")
        request = urllib.request.Request(where, data=urlencode(params).encode(), method="POST")
        key = self.auth_token if token is None else token
        if key:
            request.add_header("X-Twilio-Signature", signature(key, address, params))
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except OSError as error:
            return 0, str(error)

    # steering from another process

    def control(self, path: str, params: dict[str, str]) -> object:
        """`/fake/texts`, `/fake/fail`, `/fake/report`, `/fake/inbound`, `/fake/config`: JSON in, JSON out."""
        if path == "/fake/texts":
            with self._lock:
                return [
                    {**text.as_json(self.account), "params": text.params, "callbacks": text.callbacks}
                    for text in self.texts
                ]
        if path == "/fake/fail":
            times = int(params.pop("times", 1))
            self.fail_next(times=times, **params)
            return {"ok": True}
        if path == "/fake/report":
            text = self.find(params["sid"])
            return {
                "http": self.report_status(text, params["status"], str(params.get("error_code", ""))) if text else 404
            }
        if path == "/fake/inbound":
            status, body = self.send_sms(
                params["url"], params["from"], params["body"], sid=params.get("sid", ""), token=params.get("token")
            )
            return {"http": status, "body": body}
        if path == "/fake/config":
            self.report = tuple(params.get("report", self.report))
            self.callback_base = params.get("callback_base", self.callback_base)
            return {"ok": True}
        return None


def _handler(fake: FakeTwilio) -> type[BaseHTTPRequestHandler]:
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


def main(arguments: list[str] | None = None) -> None:
    """Run until the process is ended; print one line of JSON with the address first."""
    parser = argparse.ArgumentParser(description="A fake Twilio.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--account", default=ACCOUNT)
    parser.add_argument("--auth-token", default=TOKEN)
    parser.add_argument("--number", default="+15005550006")
    parser.add_argument("--callback-base", default="", help="where callbacks really go, if not to the signed address")
    parser.add_argument("--report", default="", help="statuses to report for every text, such as sent,delivered")
    chosen = parser.parse_args(arguments)
    fake = FakeTwilio(
        account=chosen.account, auth_token=chosen.auth_token, number=chosen.number, port=chosen.port,
        callback_base=chosen.callback_base, report=tuple(filter(None, chosen.report.split(","))),
    )  # fmt: skip
    sys.stdout.write(json.dumps({"url": fake.url, "account": fake.account, "number": fake.number}) + "\n")
    sys.stdout.flush()
    fake.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
