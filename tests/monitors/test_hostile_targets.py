"""Targets that mean harm, or are badly broken: each check ends in time in a named error, and no other one is late."""

import functools
import itertools
import socketserver
import threading
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from accounts.egress.guard import EgressRules
from monitors.engine.findings import Job, Slot
from monitors.engine.prober import Prober
from monitors.kinds import KINDS
from monitors.probes import http
from monitors.probes.registry import compile_check, run_once
from monitors.probes.trace import Outcome
from tests.monitors.conftest import LOOPBACK

TIMEOUT_S = 0.5
LATE_S = 0.25  # what a neighbour may start late beside them; a loaded machine alone takes some of it
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def forever(piece, every=0.0):
    """A piece again and again, until the client goes."""
    while True:
        yield piece
        time.sleep(every)


@functools.cache
def bomb():
    """A hundred megabytes in a hundred kilobytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()
    return [HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed]


# path -> what is sent, the code of the failure, and words of its sentence; "" for an answer that was cut and is good
HOSTILE = {
    "/slow-headers": (lambda: itertools.chain([HEAD], forever(b"X", 0.05)), "timeout", "did not finish it within 0.5 s"),
    "/endless-headers": (lambda: itertools.chain([HEAD], forever(b"X-A: b\r\n" * 500)), "protocol", "headers that are too large"),
    "/one-long-header": (lambda: [HEAD + b"X-A: " + b"a" * 400_000 + b"\r\n\r\n"], "protocol", "headers that are too large"),
    "/interim-for-ever": (lambda: forever(b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.001), "timeout", "within 0.5 s"),
    "/slow-body": (lambda: itertools.chain([CHUNKED], forever(b"1\r\nx\r\n", 0.05)), "timeout", "did not finish it within 0.5 s"),
    "/endless-body": (lambda: itertools.chain([CHUNKED], forever(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")), "", ""),
    "/bomb": (bomb, "", ""),
    "/broken-gzip": (lambda: [HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"], "encoding", "cannot be unpacked"),
    "/chunk-size-is-no-number": (lambda: [CHUNKED + b"ZZZ\r\nhello\r\n"], "protocol", "chunks that cannot be read"),
    "/chunk-too-long": (lambda: [CHUNKED + b"FFFFFFFFFFFFFFFFFF\r\nhello\r\n"], "protocol", "chunks that cannot be read"),
    "/chunks-do-not-end": (lambda: [CHUNKED + b"5\r\nhello\r\n"], "reset", "before it was complete"),
    "/length-too-long": (lambda: [HEAD + b"Content-Length: 1000\r\n\r\nhello"], "reset", "before it was complete"),
    "/length-negative": (lambda: [HEAD + b"Content-Length: -5\r\n\r\nhello"], "protocol", "did not speak HTTP"),
    "/two-lengths": (lambda: [HEAD + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\nhello"], "protocol", "did not speak HTTP"),
    "/nul-in-header": (lambda: [HEAD + b"X-A: \x00\r\n\r\n"], "protocol", "did not speak HTTP"),
    "/redirect-loop": (lambda: [b"HTTP/1.1 302 Found\r\nLocation: /redirect-loop\r\nContent-Length: 0\r\n\r\n"], "redirects", "more than 5 times"),
    "/to-metadata": (lambda: [b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"], "blocked", "metadata"),
    "/to-mapped": (lambda: [b"HTTP/1.1 302 Found\r\nLocation: http://[::ffff:10.0.0.1]/\r\nContent-Length: 0\r\n\r\n"], "blocked", "no allowed network covers it"),
    "/to-file": (lambda: [b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"], "redirects", "not an address to follow"),
}  # fmt: skip


class Talk(socketserver.BaseRequestHandler):
    """Reads the request and says what its path asks for, until the client goes."""

    def handle(self):
        request = b""
        while b"\r\n\r\n" not in request:
            more = self.request.recv(4096)
            if not more:
                return
            request += more
        path = request.split(b" ")[1].decode()
        self.server.asked.append(path)
        try:
            for piece in HOSTILE[path][0]() if path in HOSTILE else [HEAD + b"Content-Length: 2\r\n\r\nok"]:
                self.request.sendall(piece)
        except OSError:
            return


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
    block_on_close = False
    request_queue_size = 128


@pytest.fixture(scope="module")
def server():
    bomb()
    with Server(("127.0.0.1", 0), Talk) as running:
        running.asked = []
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running
        running.shutdown()


def compiled(url, *, timeout_s=TIMEOUT_S, **target):
    kind = KINDS["http"]
    held = kind.read_secrets({})
    return compile_check(
        "http", kind.read_target({"url": url, "compressed": True, **target}, held), held, timeout_s=timeout_s
    )


def here(server, path):
    return f"http://127.0.0.1:{server.server_address[1]}{path}"


@pytest.mark.parametrize("path", HOSTILE)
def test_each_ends_within_its_timeout_and_says_what_is_wrong(server, path):
    _, code, words = HOSTILE[path]
    began = time.monotonic()
    trace = run_once(compiled(here(server, path)), LOOPBACK, now=datetime.now(UTC))
    assert time.monotonic() - began < TIMEOUT_S + 1
    assert (trace.code, trace.ok) == (code, code == ""), trace.sentence
    assert words in trace.sentence
    assert trace.body_bytes <= 1 << 20
    assert trace.truncated is (code == "")


@pytest.mark.parametrize("path", ["/endless-body", "/bomb"])
def test_what_is_cut_is_judged_by_what_was_read_and_says_so(server, path):
    trace = run_once(compiled(here(server, path), keyword="well"), LOOPBACK, now=datetime.now(UTC))
    assert trace.sentence == "The answer does not contain “well” in its first megabyte."
    trace = run_once(compiled(here(server, path), json_path="$.status", body_cap=1000), LOOPBACK, now=datetime.now(UTC))
    assert trace.sentence == "The answer is longer than 1,000 bytes, so its JSON cannot be read."


@pytest.mark.parametrize(
    "host", ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"]
)
def test_an_address_in_another_spelling_is_the_same_address(server, host):
    url = f"http://{host}:{server.server_address[1]}/"
    before = len(server.asked)
    trace = run_once(compiled(url), EgressRules(), now=datetime.now(UTC))
    assert (trace.outcome, trace.code) == (Outcome.BLOCKED, "blocked")
    assert len(server.asked) == before


def test_a_name_that_turns_private_between_two_requests_is_stopped_when_the_socket_opens(server, monkeypatch):
    port, prepare = server.server_address[1], http.prepare
    turns = iter(["127.0.0.1", "10.0.0.1"])

    def answer(handle):
        prepare(handle)
        handle.setopt(http.pycurl.RESOLVE, [f"-flip.example:{port}", f"flip.example:{port}:{next(turns)}"])

    monkeypatch.setattr(http, "prepare", answer)
    began = time.monotonic()
    trace = run_once(compiled(f"http://flip.example:{port}/redirect-loop"), LOOPBACK, now=datetime.now(UTC))
    assert (trace.outcome, trace.code) == (Outcome.BLOCKED, "blocked")
    assert "10.0.0.1 is not on the public internet" in trace.sentence
    assert time.monotonic() - began < TIMEOUT_S + 1


def test_no_other_check_is_late_beside_them(server):
    """A neighbour is checked ten times a second while every hostile target is checked four times over."""
    findings = []
    prober = Prober(lambda found, ended: findings.extend(found))
    prober.start()
    start = time.time() + 0.3
    neighbour = compiled(here(server, "/neighbour"), timeout_s=2)
    slots = [slot(1, start + n / 10, neighbour) for n in range(20)]
    for number, path in enumerate(HOSTILE, 2):
        check = (
            replace(compiled(here(server, path)), regex="x+y|[^x]{3}$")
            if path in ("/bomb", "/endless-body")
            else compiled(here(server, path))
        )
        slots += [slot(number, start + n / 2, check) for n in range(4)]
    prober.submit(Job(1, tuple(slots), LOOPBACK))
    end = time.monotonic() + 15
    while len(findings) < len(slots) or not prober.idle():
        assert time.monotonic() < end, "a check did not end"
        time.sleep(0.02)
    prober.stop()
    ours = [one for one in findings if one.monitor_id == 1]
    assert [one.trace.code for one in ours] == [""] * 20
    assert max(one.lag_us for one in ours) < LATE_S * 1_000_000
    assert max(one.trace.total_us for one in findings) < (TIMEOUT_S + 1) * 1_000_000


def slot(monitor, due, check):
    planned = datetime.fromtimestamp(due, UTC)
    return Slot(
        due=due, planned_at=planned, retry=False, monitor_id=monitor, monitor_version=1, location_id=1, interval_s=5,
        check=check,
    )  # fmt: skip
