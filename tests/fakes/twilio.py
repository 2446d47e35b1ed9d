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
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from urllib.parse import urlencode, urlsplit

from tests.fakes.twilio_door import Trouble, handler
from tests.fakes.twilio_messages import Call, Text

ACCOUNT = "AC" + "0" * 32
TOKEN = "twilio-auth-token"


class UnexpectedText(AssertionError):
    """A text went out that the test did not expect, or one it expected did not."""


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
        self.standing = "active"
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
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler(self))
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
