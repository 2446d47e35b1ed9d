"""The HTTP probe: one check is one request, or several when it follows redirects, on new connections.

Redirects are followed here and not by libcurl, so that each hop is resolved, guarded and timed. The rules
(which method a redirect keeps, what another origin is never sent) are in docs/monitoring.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pycurl
import structlog

from accounts.egress.guard import EgressRules, Refusal, refuse_name
from accounts.egress.sockets import guarded_opener, prepare
from monitors.kinds.text import TargetError, read_url
from monitors.probes.certificates import read_chain
from monitors.probes.judging import GOOD, Told, Verdict, judge_body, judge_headers
from monitors.probes.loop import CurlLoop
from monitors.probes.sentences import Attempt, explain, seconds
from monitors.probes.trace import Hop, HttpCheck, Outcome, Place, Trace, place_of

log = structlog.get_logger(__name__)

SAMPLE = 600
ASIDE_BYTES = 16_384  # a longer body is looked at in a thread of its own
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class HttpRun:
    """One check on its way through a loop. `finished(trace)` is called once, from the loop's `step`."""

    __slots__ = (
        "_at_home", "_body", "_check", "_finished", "_followed", "_handle", "_headers", "_loop", "_method", "_place", "_read", "_refusal", "_rules",
        "_send_body", "_started", "_url", "trace",
    )  # fmt: skip

    def __init__(self, loop: CurlLoop, check: HttpCheck, rules: EgressRules, finished: Callable[[Trace], None]) -> None:
        self._loop, self._check, self._rules, self._finished = loop, check, rules, finished
        self._url, self._method, self._send_body = check.url, check.method, bool(check.body)
        self._place, self._at_home = check.place, True
        self._body: list[bytes] = []
        self._headers: list[tuple[str, str]] = []
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
        self._body, self._headers, self._read, self._refusal = [], [], 0, None
        self._handle = handle = self._loop.handle()
        self._prepare(handle)
        self._loop.start(handle, self._answered)

    def _prepare(self, handle: Any) -> None:
        check = self._check
        prepare(handle)
        handle.setopt(pycurl.URL, self._url)
        if self._place.secure:
            handle.setopt(pycurl.SSL_EC_CURVES, GROUPS)
        handle.setopt(pycurl.OPENSOCKETFUNCTION, guarded_opener(self._rules, self._refused))
        handle.setopt(pycurl.WRITEFUNCTION, self._write)
        handle.setopt(pycurl.TIMEOUT_MS, max(int(self._left() * 1000), 1))
        handle.setopt(pycurl.HTTPHEADER, [*check.headers, *(check.credentials if self._at_home else ())])
        if check.curious:
            handle.setopt(pycurl.OPT_CERTINFO, 1)
        if check.header_rules:
            handle.setopt(pycurl.HEADERFUNCTION, self._header)
        self._choose(handle)
        if self._method == "HEAD":
            handle.setopt(pycurl.NOBODY, 1)
        elif self._send_body or self._method == "POST":
            handle.setopt(pycurl.POSTFIELDS, check.body if self._send_body else b"")
        if self._method not in ("GET", "HEAD"):
            handle.setopt(pycurl.CUSTOMREQUEST, self._method)

    def _choose(self, handle: Any) -> None:
        """What a monitor may choose of the connection. Certificates are used at home only, like credentials."""
        check = self._check
        if check.http_version != "1.1":
            handle.setopt(pycurl.HTTP_VERSION, VERSION_OF[check.http_version, self._place.secure])
        if check.ip_family != "any":
            handle.setopt(pycurl.IPRESOLVE, pycurl.IPRESOLVE_V4 if check.ip_family == "4" else pycurl.IPRESOLVE_V6)
        if check.compressed:
            handle.setopt(pycurl.ACCEPT_ENCODING, "gzip, deflate, br")
        if check.ca and self._at_home:
            handle.setopt(pycurl.CAINFO_BLOB, check.ca)
        if check.client_certificate and self._at_home:
            handle.setopt(pycurl.SSLCERT_BLOB, check.client_certificate)
            handle.setopt(pycurl.SSLKEY_BLOB, check.client_key)

    def _write(self, data: bytes) -> int:
        """Take a piece of the body, decoded; a number other than its length makes libcurl close the connection."""
        self._read += len(data)
        if self._check.keeps_body:
            self._body.append(data)
        return 0 if self._read > self._check.body_cap else len(data)

    def _header(self, line: bytes) -> None:
        """Take a line of the headers; those of an interim answer are forgotten."""
        if line.startswith(b"HTTP/"):
            self._headers = []
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if colon:
            self._headers.append((name.strip().lower(), value.strip()))

    def _refused(self, refusal: Refusal) -> None:
        self._refusal = refusal

    def _left(self) -> float:
        return self._check.timeout_s - (time.monotonic() - self._started)

    def _answered(self, error: int, message: str) -> None:
        """The hop ended: add it up, then follow it, judge it or explain it."""
        handle, trace = self._handle, self.trace
        status = handle.getinfo(pycurl.RESPONSE_CODE)
        self._add_up(handle)
        if error == pycurl.E_WRITE_ERROR and self._read > self._check.body_cap:
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
        trace.body_bytes = min(self._read, self._check.body_cap)
        trace.http_version = SPOKEN.get(handle.getinfo(pycurl.INFO_HTTP_VERSION), "")

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
            family=self._check.ip_family,
            client=bool(self._check.client_certificate) and self._at_home,
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
        """Look at the answer; a long body aside, so that no other check waits for it."""
        check = self._check
        if check.http_version == "2" and self.trace.http_version != "2":
            sentence = f"Answered over HTTP/{self.trace.http_version or '?'}, and HTTP/2 was asked for."
            self._close(("version", sentence))
            return
        wrong = self._status_wrong(status) or judge_headers(check, self._headers)
        if (wrong != GOOD and not check.health) or not (check.keyword or check.regex or check.json or check.health):
            self._close(wrong)
            return
        body, truncated = b"".join(self._body)[: check.body_cap], self.trace.truncated
        if len(body) <= ASIDE_BYTES:
            self._take(wrong, _judge_safely(check, body, truncated))
        else:
            work = partial(_judge_safely, check, body, truncated)
            self._loop.aside(work, lambda judged: self._take(wrong, judged))

    def _status_wrong(self, status: int) -> Verdict | None:
        for low, high in self._check.accepted:
            if low <= status <= high:
                return None
        return "status", f"Answered {status}, expected {self._check.accepted_text}."

    def _take(self, wrong: Verdict, judged: tuple[Verdict, Told]) -> None:
        """A health document that names what fails says more than its status; any other does not."""
        verdict, self.trace.dependencies = judged
        self._close(verdict if wrong == GOOD or verdict[1].startswith("Failing:") else wrong)

    def _close(self, verdict: Verdict) -> None:
        self._end(Outcome.OK if verdict == GOOD else Outcome.FAILED, *verdict)

    def _redirected(self, sentence: str) -> str:
        return sentence if self._url == self._check.url else f"It redirects to {self._url[:120]}. {sentence}"

    def _end(self, outcome: Outcome, code: str, sentence: str) -> None:
        trace = self.trace
        trace.outcome, trace.code, trace.sentence = outcome, code, sentence
        self._handle, self._body = None, []
        self._finished(trace)


# Without the hybrid with ML-KEM, whose keys cost a sixth of a check; no answer to a check is worth keeping from
# tomorrow's computers. It is not offered at all: a server that prefers it would ask for a second round, which would
# be measured as slowness.
GROUPS = "X25519:P-256:X448:P-384:P-521"
VERSION_OF = {
    ("any", True): pycurl.CURL_HTTP_VERSION_2TLS,
    ("any", False): pycurl.CURL_HTTP_VERSION_1_1,
    ("2", True): pycurl.CURL_HTTP_VERSION_2TLS,
    ("2", False): pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
}
SPOKEN = {
    pycurl.CURL_HTTP_VERSION_1_0: "1.0",
    pycurl.CURL_HTTP_VERSION_1_1: "1.1",
    pycurl.CURL_HTTP_VERSION_2_0: "2",
    pycurl.CURL_HTTP_VERSION_3: "3",
}
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


def _judge_safely(check: HttpCheck, body: bytes, truncated: bool) -> tuple[Verdict, Told]:
    """An answer that breaks a reader is a bad answer; it must not end the checks of all others."""
    try:
        return judge_body(check, body, truncated=truncated)
    except Exception as error:
        log.exception("answer_not_judged", url=check.url)
        return ("other", f"The answer could not be looked at: {type(error).__name__}."), None


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


def _is_home(home: Place, place: Place) -> bool:
    """Whether a hop stays at the origin of the monitor's address, or goes to the same host in TLS."""
    if place.host != home.host:
        return False
    return place == home or (place.secure and place.port == 443 and home.port == 80)
