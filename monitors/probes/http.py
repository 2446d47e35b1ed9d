"""The HTTP probe: one check is one request, or several when it follows redirects, on new connections.

Redirects are followed here and not by libcurl, so that each hop is resolved, guarded and timed. The rules
(which method a redirect keeps, what another origin is never sent) are in docs/monitoring.md.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pycurl

from accounts.egress.guard import EgressRules, Refusal, refuse_name
from accounts.egress.sockets import guarded_opener, prepare
from monitors.kinds.http import HttpSecrets, HttpTarget, accepted_ranges
from monitors.kinds.text import TargetError, read_url
from monitors.probes.certificates import read_chain
from monitors.probes.loop import CurlLoop
from monitors.probes.sentences import Attempt, explain, seconds
from monitors.probes.trace import Hop, HttpCheck, Outcome, Place, Trace, place_of

BODY_CAP = 1_048_576  # bytes read of an answer, after which the connection is closed
SAMPLE = 600
USER_AGENT = b"User-Agent: Watchbook"
REDIRECTS = frozenset({301, 302, 303, 307, 308})


def compile_check(target: HttpTarget, secrets: HttpSecrets, *, timeout_s: float, curious: bool = False) -> HttpCheck:
    """Make the request of a target: done once for a version of a monitor, then used for each check."""
    lines = [_line(name, value) for name, value in secrets.headers]
    names = {name.lower() for name, _ in secrets.headers}
    credentials = list(lines)
    if secrets.basic:
        pair = base64.b64encode(":".join(secrets.basic).encode()).decode()
        credentials.append(_line("Authorization", f"Basic {pair}"))
    if secrets.bearer:
        credentials.append(_line("Authorization", f"Bearer {secrets.bearer}"))
    plain = [] if "user-agent" in names else [USER_AGENT]
    if secrets.body and "content-type" not in names:
        plain.append(_line("Content-Type", _content_type(secrets.body)))
    return HttpCheck(
        url=target.url,
        place=place_of(target.url),
        method=target.method,
        timeout_s=timeout_s,
        headers=(*plain, b"Expect:"),
        credentials=tuple(credentials),
        body=secrets.body.encode(),
        accepted=accepted_ranges(target.accepted_status),
        accepted_text=target.accepted_status,
        keyword=target.keyword.encode(),
        keyword_present=target.keyword_present,
        redirects=target.redirects,
        curious=curious,
    )


class HttpRun:
    """One check on its way through a loop. `finished(trace)` is called once, from the loop's `step`."""

    __slots__ = (
        "_at_home", "_body", "_check", "_finished", "_followed", "_handle", "_loop", "_method", "_place", "_read", "_refusal", "_rules",
        "_send_body", "_started", "_url", "trace",
    )  # fmt: skip

    def __init__(self, loop: CurlLoop, check: HttpCheck, rules: EgressRules, finished: Callable[[Trace], None]) -> None:
        self._loop, self._check, self._rules, self._finished = loop, check, rules, finished
        self._url, self._method, self._send_body = check.url, check.method, bool(check.body)
        self._place, self._at_home = check.place, True
        self._body: list[bytes] = []
        self._read = self._followed = 0
        self._refusal: Refusal | None = None
        self._handle: Any = None
        self._started = time.monotonic()
        self.trace = Trace()

    def start(self) -> None:
        """Send the request of the current hop, or end the run if its name may not be called."""
        refusal = refuse_name(self._place.host)
        if refusal is not None:
            self._end(Outcome.BLOCKED, "blocked", self._redirected(refusal.sentence))
            return
        self._body, self._read, self._refusal = [], 0, None
        self._handle = handle = self._loop.handle()
        self._prepare(handle)
        self._loop.start(handle, self._answered)

    def _prepare(self, handle: Any) -> None:
        check = self._check
        prepare(handle)
        handle.setopt(pycurl.URL, self._url)
        handle.setopt(pycurl.OPENSOCKETFUNCTION, guarded_opener(self._rules, self._refused))
        handle.setopt(pycurl.WRITEFUNCTION, self._write)
        handle.setopt(pycurl.TIMEOUT_MS, max(int(self._left() * 1000), 1))
        handle.setopt(pycurl.HTTPHEADER, [*check.headers, *(check.credentials if self._at_home else ())])
        if check.curious:
            handle.setopt(pycurl.OPT_CERTINFO, 1)
        if self._method == "HEAD":
            handle.setopt(pycurl.NOBODY, 1)
        elif self._send_body or self._method == "POST":
            handle.setopt(pycurl.POSTFIELDS, check.body if self._send_body else b"")
        if self._method not in ("GET", "HEAD"):
            handle.setopt(pycurl.CUSTOMREQUEST, self._method)

    def _write(self, data: bytes) -> int:
        """Take a piece of the body; a number other than its length makes libcurl close the connection."""
        self._read += len(data)
        if self._check.keyword or self._check.curious:
            self._body.append(data)
        return 0 if self._read > BODY_CAP else len(data)

    def _refused(self, refusal: Refusal) -> None:
        self._refusal = refusal

    def _left(self) -> float:
        return self._check.timeout_s - (time.monotonic() - self._started)

    def _answered(self, error: int, message: str) -> None:
        """The hop ended: add it up, then follow it, judge it or explain it."""
        handle, trace = self._handle, self.trace
        status = handle.getinfo(pycurl.RESPONSE_CODE)
        self._add_up(handle)
        if error == pycurl.E_WRITE_ERROR and self._read > BODY_CAP:
            error, trace.truncated = 0, True
        if self._check.curious:
            self._look(handle, status)
        if error:
            self._explain(handle, error, message)
        elif status in REDIRECTS and self._check.redirects:
            self._follow(status, handle.getinfo(pycurl.REDIRECT_URL) or "")
        else:
            self._judge(status)

    def _add_up(self, handle: Any) -> None:
        """Add this hop's phases to the trace."""
        trace = self.trace
        total = handle.getinfo(pycurl.TOTAL_TIME_T)
        trace.status = handle.getinfo(pycurl.RESPONSE_CODE)
        marks = [handle.getinfo(info) for info in (MARKS if self._place.secure else PLAIN_MARKS)]
        spent = _phases(marks, total, answered=bool(trace.status))
        if len(spent) == 4:
            spent.insert(2, 0)  # no TLS
        trace.dns_us += spent[0]
        trace.connect_us += spent[1]
        trace.tls_us += spent[2]
        trace.wait_us += spent[3]
        trace.transfer_us += spent[4]
        trace.total_us += total
        trace.body_bytes = min(self._read, BODY_CAP)

    def _look(self, handle: Any, status: int) -> None:
        trace = self.trace
        trace.hops.append(Hop(self._url, status, handle.getinfo(pycurl.PRIMARY_IP) or ""))
        trace.content_type = handle.getinfo(pycurl.CONTENT_TYPE) or ""
        trace.sample = b"".join(self._body)[:SAMPLE].decode("utf-8", "replace")
        if self._place.secure and not trace.certificate:
            trace.certificate = read_chain(handle.getinfo(pycurl.INFO_CERTINFO))

    def _explain(self, handle: Any, error: int, message: str) -> None:
        if self._refusal is not None:
            self._end(Outcome.BLOCKED, "blocked", self._redirected(self._refusal.sentence))
            return
        attempt = Attempt(
            at=self._place,
            timeout_s=self._check.timeout_s,
            os_errno=handle.getinfo(pycurl.OS_ERRNO),
            verify_result=handle.getinfo(pycurl.SSL_VERIFYRESULT),
            resolved=handle.getinfo(pycurl.NAMELOOKUP_TIME_T) > 0,
            connected=handle.getinfo(pycurl.CONNECT_TIME_T) > 0,
            secured=handle.getinfo(pycurl.APPCONNECT_TIME_T) > 0,
            answered=self.trace.status > 0,
        )
        code, sentence = explain(error, message, attempt)
        self._end(Outcome.FAILED, code, self._redirected(sentence))

    def _follow(self, status: int, location: str) -> None:
        """Go on to where the answer points, if it may be followed."""
        check = self._check
        self._followed += 1
        if self._followed > check.redirects:
            self._end(Outcome.FAILED, "redirects", f"It redirects more than {check.redirects} times.")
            return
        try:
            url = read_url(location)
        except TargetError:
            where = location[:100] or "nowhere"
            self._end(Outcome.FAILED, "redirects", f"It redirects to {where}, which is not an address to follow.")
            return
        if self._left() <= 0:
            sentence = f"Its redirects did not end within {seconds(check.timeout_s)}."
            self._end(Outcome.FAILED, "timeout", sentence)
            return
        self._url, self._place = url, place_of(url)
        self._at_home = _is_home(check.place, self._place)
        if (status == 303 and self._method != "HEAD") or (status in (301, 302) and self._method == "POST"):
            self._method, self._send_body = "GET", False
        if self._send_body and not self._at_home:
            sentence = f"It redirects a request with a body to {self._place}, which is never sent to another host."
            self._end(Outcome.FAILED, "redirects", sentence)
            return
        self.start()

    def _judge(self, status: int) -> None:
        check = self._check
        if not any(low <= status <= high for low, high in check.accepted):
            self._end(Outcome.FAILED, "status", f"Answered {status}, expected {check.accepted_text}.")
            return
        if check.keyword and (check.keyword in b"".join(self._body)) != check.keyword_present:
            words = check.keyword.decode()[:80]
            within = " in its first megabyte" if self.trace.truncated else ""
            verb = "does not contain" if check.keyword_present else "contains"
            self._end(Outcome.FAILED, "keyword", f"The answer {verb} “{words}”{within}.")
            return
        self._end(Outcome.OK, "", "")

    def _redirected(self, sentence: str) -> str:
        return sentence if self._url == self._check.url else f"It redirects to {self._url[:120]}. {sentence}"

    def _end(self, outcome: Outcome, code: str, sentence: str) -> None:
        trace = self.trace
        trace.outcome, trace.code, trace.sentence = outcome, code, sentence
        self._handle, self._body = None, []
        self._finished(trace)


MARKS = (
    pycurl.NAMELOOKUP_TIME_T,
    pycurl.CONNECT_TIME_T,
    pycurl.APPCONNECT_TIME_T,
    pycurl.STARTTRANSFER_TIME_T,
)
PLAIN_MARKS = (MARKS[0], MARKS[1], MARKS[3])


def run_alone(check: HttpCheck, rules: EgressRules) -> Trace:
    """Run one check by itself and return its trace."""
    loop = CurlLoop()
    traces: list[Trace] = []
    try:
        HttpRun(loop, check, rules, traces.append).start()
        while not traces:
            loop.step(1.0)
    finally:
        loop.close()
    return traces[0]


def _phases(marks: list[int], total: int, *, answered: bool) -> list[int]:
    """Microseconds of each phase, from the instants at which each ended and the total.

    A phase that was not reached took nothing, and the one that failed took the rest. After a failure
    libcurl sets the last mark although there was no answer, so it counts only with one.
    """
    spent, before = [0] * (len(marks) + 1), 0
    for index, mark in enumerate(marks if answered else marks[:-1]):
        if mark <= 0:
            spent[index] = max(total - before, 0)
            return spent
        spent[index], before = max(mark - before, 0), max(mark, before)
    spent[-1 if answered else -2] = max(total - before, 0)
    return spent


def _line(name: str, value: str) -> bytes:
    """A header with no value is written with a semicolon, or libcurl would take it as "do not send"."""
    return f"{name}: {value}".encode() if value else f"{name};".encode()


def _content_type(body: str) -> str:
    try:
        json.loads(body)
    except ValueError:
        return "text/plain; charset=utf-8"
    return "application/json"


def _is_home(home: Place, place: Place) -> bool:
    """Whether a hop stays at the origin of the monitor's address, or goes to the same host in TLS."""
    if place.host != home.host:
        return False
    return place == home or (place.secure and place.port == 443 and home.port == 80)
