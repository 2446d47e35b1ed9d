"""What the fake Twilio keeps: texts, and calls with the phone at their other end, which a test moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree


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

    def __init__(self, fake: Any, sid: str, params: dict[str, str]) -> None:
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
