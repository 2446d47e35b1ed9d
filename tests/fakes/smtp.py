"""A real SMTP server on a free port that keeps what it is given. Expectation style, like the fake Twilio.

In a test: `with FakeSmtp() as smtp:` and `EMAIL_URL=smtp.url`. As a process: `python -m tests.fakes.smtp --port 0`; it prints
one JSON line with its address and then one JSON line for every letter.
"""

from __future__ import annotations

import argparse
import email
import json
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from email.message import Message
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class UnexpectedLetter(AssertionError):
    """A letter went out that the test did not expect, or one it expected did not."""


@dataclass
class Letter:
    """One e-mail as it arrived."""

    to: tuple[str, ...]
    sender: str
    message: Message
    expected: bool = False

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def body(self) -> str:
        return self.message.get_content()  # type: ignore[attr-defined]


class FakeSmtp:
    """The server, its letters, and what a test asks of it."""

    def __init__(self, *, port: int = 0, on_letter: object = None) -> None:
        self.letters: list[Letter] = []
        self.rcpt_replies: deque[str] = deque()
        self.data_replies: deque[str] = deque()
        self.slow_s = 0.0
        self._on_letter = on_letter
        self._changed = threading.Condition()
        self._controller = Controller(self, hostname="127.0.0.1", port=port or _free_port())

    @property
    def port(self) -> int:
        return self._controller.port

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=no"

    def start(self) -> FakeSmtp:
        self._controller.start()
        return self

    def stop(self) -> None:
        self._controller.stop()

    def __enter__(self) -> FakeSmtp:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def settings(self) -> dict[str, object]:
        """Django's settings that lead here."""
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": self.port, "EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False, "EMAIL_HOST_USER": "",
            "EMAIL_HOST_PASSWORD": "",
        }  # fmt: skip

    def expect(self, to: str, *words: str, within: float = 5.0) -> Letter:
        """Wait for a letter to `to` whose subject and body hold these words, take it, return it."""
        deadline = time.monotonic() + within
        with self._changed:
            while True:
                for letter in self.letters:
                    said = letter.subject + "\n" + letter.body
                    if not letter.expected and to in letter.to and all(word in said for word in words):
                        letter.expected = True
                        return letter
                left = deadline - time.monotonic()
                if left <= 0:
                    raise UnexpectedLetter(f"No letter to {to} with {words}. There are: {self._unexpected()}")
                self._changed.wait(left)

    def verify_nothing_else(self) -> None:
        """Fail if letters arrived that no `expect` took."""
        with self._changed:
            if self._unexpected():
                raise UnexpectedLetter(f"Nobody expected: {self._unexpected()}")

    def _unexpected(self) -> list[tuple[tuple[str, ...], str]]:
        return [(letter.to, letter.subject) for letter in self.letters if not letter.expected]

    # aiosmtpd's hooks

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list) -> str:
        if self.rcpt_replies:
            return self.rcpt_replies.popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.slow_s:
            time.sleep(self.slow_s)
        if self.data_replies:
            return self.data_replies.popleft()
        message = email.message_from_bytes(envelope.content or b"", policy=default)
        letter = Letter(tuple(envelope.rcpt_tos), envelope.mail_from or "", message)
        with self._changed:
            self.letters.append(letter)
            self._changed.notify_all()
        if callable(self._on_letter):
            self._on_letter(letter)
        return "250 Message accepted for delivery"


def _free_port() -> int:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def _print(letter: Letter) -> None:
    line = {
        "to": list(letter.to),
        "subject": letter.subject,
        "body": letter.body,
        "message_id": letter.message["Message-ID"],
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> None:
    """Run until the process is ended."""
    parser = argparse.ArgumentParser(description="A fake mail server.")
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args(arguments)
    fake = FakeSmtp(port=chosen.port, on_letter=_print).start()
    sys.stdout.write(json.dumps({"url": fake.url, "port": fake.port}) + "\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
