"""What the HTTP probe sends, follows, accepts and says, against real servers."""

import socket
from datetime import UTC, datetime

import pytest

from accounts.egress.guard import EgressRules
from monitors.kinds.http import read_secrets, read_target
from monitors.kinds.web import BODY_CAP
from monitors.probes import http
from monitors.probes.registry import compile_check, run_once
from monitors.probes.trace import PHASES, Outcome
from tests.monitors.conftest import LOOPBACK
from tests.monitors.site import Site, certificate, serving, tls

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def check(url, *, rules=LOOPBACK, timeout_s=5.0, secrets=None, curious=True, **target):
    held = read_secrets(secrets or {})
    made = compile_check("http", read_target({"url": url, **target}, held), held, timeout_s=timeout_s, curious=curious)
    return run_once(made, rules, now=datetime.now(UTC))


def test_a_good_answer_has_its_phases_and_a_sample(site):
    trace = check(site.url)
    assert (trace.outcome, trace.status, trace.sentence) == (Outcome.OK, 200, "")
    assert [name for name, _ in trace.phases()] == list(PHASES)
    assert trace.tls_us == 0
    assert 0 < trace.connect_us + trace.wait_us <= trace.total_us
    assert abs(sum(ms for _, ms in trace.phases()) * 1000 - trace.total_us) <= 5
    assert (trace.sample, trace.body_bytes, trace.content_type) == ("all is well", 11, "text/plain")
    assert [(hop.status, hop.address) for hop in trace.hops] == [(200, "127.0.0.1")]


def test_it_says_who_it_is_and_sends_no_other_headers_of_its_own(site):
    check(site.url)
    assert {name: value for name, value in site.seen[0][2].items() if name != "Host"} == {
        "Accept": "*/*",
        "User-Agent": "Watchbook",
    }


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_arrives(site, method):
    assert check(site.url, method=method).ok
    assert site.seen[0][0] == method


def test_headers_body_and_credentials_arrive(site):
    secrets = {"headers": {"X-Key": "hä?", "X-Empty": ""}, "body": '{"a": 1}', "basic": ["mona", "gehéim"]}
    assert check(site.url, method="POST", secrets=secrets).ok
    _, _, headers, body = site.seen[0]
    assert body == b'{"a": 1}'
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Basic bW9uYTpnZWjDqWlt"
    assert headers["X-Key"].encode("latin-1").decode() == "hä?"
    assert headers["X-Empty"] == ""
    assert "Expect" not in headers


def test_a_token_arrives(site):
    check(site.url, secrets={"bearer": "t0ken"})
    assert site.seen[0][2]["Authorization"] == "Bearer t0ken"


def test_a_status_that_is_not_accepted_is_a_failure(site):
    site.status = 503
    trace = check(site.url)
    assert (trace.outcome, trace.code, trace.status) == (Outcome.FAILED, "status", 503)
    assert trace.sentence == "Answered 503, expected 200-299."
    assert check(site.url, accepted_status="200,500-599").ok


@pytest.mark.parametrize(
    ("keyword", "present", "good"),
    [("all is well", True, True), ("on fire", True, False), ("on fire", False, True), ("well", False, False)],
)
def test_words_are_looked_for(site, keyword, present, good):
    trace = check(site.url, keyword=keyword, keyword_present=present)
    assert trace.ok == good
    if not good:
        assert trace.code == "keyword"
        assert keyword in trace.sentence


def test_words_beyond_ascii_are_found(site):
    site.text = "Alles in Ordnung – schön"
    assert check(site.url, keyword="schön").ok


def test_ten_megabytes_are_not_read(site):
    trace = check(f"{site.url}/huge")
    assert trace.ok
    assert (trace.truncated, trace.body_bytes) == (True, BODY_CAP)
    trace = check(f"{site.url}/huge", keyword="y")
    assert trace.sentence == "The answer does not contain “y” in its first megabyte."


class TestRedirects:
    def test_they_are_followed_and_summed_up(self, site, other_site):
        site.redirect("/", f"{other_site.url}/there")
        trace = check(site.url)
        assert trace.ok
        assert [(hop.url, hop.status) for hop in trace.hops] == [
            (f"{site.url}/", 302),
            (f"{other_site.url}/there", 200),
        ]

    def test_relative_ones_too(self, site):
        site.redirect("/", "there?a=b")
        assert check(site.url).hops[-1].url == f"{site.url}/there?a=b"

    def test_zero_judges_the_first_answer(self, site):
        site.redirect("/", "/there")
        assert check(site.url, redirects=0).sentence == "Answered 302, expected 200-299."
        assert check(site.url, redirects=0, accepted_status="302").ok

    def test_a_circle_ends(self, site):
        site.redirect("/", "/")
        trace = check(site.url, redirects=3)
        assert (trace.code, trace.sentence) == ("redirects", "It redirects more than 3 times.")
        assert len(site.seen) == 4

    @pytest.mark.parametrize(
        ("status", "method", "becomes", "body"),
        [
            (301, "POST", "GET", b""),
            (302, "POST", "GET", b""),
            (303, "PUT", "GET", b""),
            (303, "HEAD", "HEAD", b""),
            (302, "PUT", "PUT", b"x=1"),
            (307, "POST", "POST", b"x=1"),
            (308, "POST", "POST", b"x=1"),
        ],
    )
    def test_methods_follow_the_rules(self, site, status, method, becomes, body):
        site.redirect("/", "/there", status)
        assert check(site.url, method=method, secrets={} if method == "HEAD" else {"body": "x=1"}).ok
        assert (site.seen[1][0], site.seen[1][3]) == (becomes, body)

    def test_another_origin_gets_no_credentials(self, site, other_site):
        site.redirect("/", f"{other_site.url}/")
        check(site.url, secrets={"bearer": "t0ken", "headers": {"X-Key": "s3cret"}})
        assert site.seen[0][2]["X-Key"] == "s3cret"
        assert not {"Authorization", "X-Key"} & set(other_site.seen[0][2])

    def test_the_same_origin_does(self, site):
        site.redirect("/", "/there")
        check(site.url, secrets={"bearer": "t0ken"})
        assert site.seen[1][2]["Authorization"] == "Bearer t0ken"

    def test_another_origin_gets_no_body(self, site, other_site):
        site.redirect("/", f"{other_site.url}/", 307)
        trace = check(site.url, method="POST", secrets={"body": "s3cret"})
        assert trace.code == "redirects"
        assert "never sent to another host" in trace.sentence
        assert other_site.seen == []

    @pytest.mark.parametrize("to", ["ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO"])
    def test_odd_addresses_are_not_followed(self, site, to):
        site.redirect("/", to)
        trace = check(site.url)
        assert (trace.outcome, trace.code) == (Outcome.FAILED, "redirects")
        assert "not an address to follow" in trace.sentence

    @pytest.mark.parametrize("to", ["http://u:p@10.0.0.1/", "http://0x0a.1/", "http://167772161/", "//10.0.0.1/"])
    def test_odd_spellings_are_shown_as_what_they_lead_to(self, site, to):
        site.redirect("/", to)
        trace = check(site.url)
        assert trace.outcome is Outcome.BLOCKED
        assert "It redirects to http://10.0.0.1/." in trace.sentence

    def test_one_without_a_place_to_go_is_no_good_answer(self, site):
        site.redirect("/", "")
        assert not check(site.url).ok

    @pytest.mark.parametrize("to", ["http://169.254.169.254/latest/", "http://metadata.google.internal/"])
    def test_one_to_metadata_is_blocked(self, site, to):
        site.redirect("/", to)
        trace = check(site.url)
        assert (trace.outcome, trace.code) == (Outcome.BLOCKED, "blocked")
        assert f"It redirects to {to}" in trace.sentence
        assert "metadata" in trace.sentence

    def test_one_to_a_private_address_is_blocked(self, site):
        site.redirect("/", "http://10.0.0.1/")
        assert check(site.url).outcome is Outcome.BLOCKED

    def test_all_hops_share_one_timeout(self, site):
        site.redirect("/", "/slow")
        site.delay = 5
        trace = check(site.url, timeout_s=0.4)
        assert trace.code == "timeout"
        assert trace.total_us < 2_000_000


class TestBlocked:
    @pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://[fd00:ec2::254]/", "http://metadata/"])
    def test_metadata_is_never_called(self, url):
        trace = check(url)
        assert (trace.outcome, trace.status) == (Outcome.BLOCKED, 0)
        assert "metadata" in trace.sentence

    def test_loopback_needs_an_allowed_network(self, site):
        trace = check(site.url, rules=EgressRules())
        assert trace.outcome is Outcome.BLOCKED
        assert "no allowed network covers it" in trace.sentence
        assert site.seen == []

    def test_a_name_that_leads_to_loopback_is_stopped_when_the_socket_opens(self, site):
        trace = check(f"http://localhost:{site.server_port}/", rules=EgressRules())
        assert trace.outcome is Outcome.BLOCKED
        assert site.seen == []

    def test_our_own_web_is_never_called(self, site):
        ours = EgressRules(allowed=LOOPBACK.allowed, own_ports=frozenset({site.server_port}))
        trace = check(site.url, rules=ours)
        assert "belongs to Watchbook itself" in trace.sentence
        assert site.seen == []

    def test_a_proxy_of_the_environment_hides_nothing(self, site, monkeypatch):
        monkeypatch.setenv("http_proxy", site.url)
        assert check("http://10.0.0.1/").outcome is Outcome.BLOCKED
        assert site.seen == []


class TestFailures:
    def test_nobody_listens(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            trace = check(f"http://127.0.0.1:{port}/")
        assert (trace.code, trace.sentence) == ("refused", f"127.0.0.1:{port} refused the connection.")

    def test_a_name_without_an_address(self):
        trace = check("http://nobody.invalid/")
        assert (trace.code, trace.sentence) == (
            "dns",
            "The name nobody.invalid could not be resolved to an address.",
        )

    def test_no_way_to_the_host(self, monkeypatch):
        trace = check("http://127.0.0.1:1/", timeout_s=1)
        assert trace.outcome is Outcome.FAILED

    def test_no_answer_in_time(self, site):
        site.delay = 5
        trace = check(site.url, timeout_s=0.3)
        assert trace.code == "timeout"
        assert trace.sentence.endswith("took the request and did not answer within 0.3 s.")

    def test_an_answer_that_does_not_end(self, site):
        trace = check(f"{site.url}/trickle", timeout_s=0.3)
        assert trace.sentence.endswith("began its answer and did not finish it within 0.3 s.")

    def test_no_answer_at_all(self, site):
        trace = check(f"{site.url}/silence")
        assert (trace.code, trace.sentence.partition(" ")[2]) == ("empty", "closed the connection without an answer.")

    def test_half_an_answer(self, site):
        trace = check(f"{site.url}/half")
        assert (trace.outcome, trace.code) == (Outcome.FAILED, "reset")

    def test_no_http(self, site):
        trace = check(f"{site.url}/gibberish")
        assert (trace.code, trace.sentence.partition(" ")[2]) == ("protocol", "did not speak HTTP.")

    def test_tls_where_none_is_spoken(self, site):
        trace = check(site.url.replace("http:", "https:"))
        assert trace.code == "tls"
        assert "does not speak TLS" in trace.sentence


class TestCertificates:
    @pytest.fixture
    def folder(self, tmp_path_factory):
        return tmp_path_factory.mktemp("certificates")

    @pytest.fixture
    def trusted(self, folder, monkeypatch):
        """A root that this machine trusts, for the length of a test."""
        file, _, authority = certificate(folder, name="Test root", days=900)
        monkeypatch.setattr("accounts.egress.sockets.ca_file", lambda: str(file))
        return authority

    def test_a_trusted_one_is_read(self, folder, trusted):
        file, key, _ = certificate(folder, days=61, authority=trusted)
        with serving(Site(tls(file, key))) as site:
            trace = check(site.url)
        assert trace.ok, trace.sentence
        assert trace.tls_us > 0
        assert trace.certificate_days in (60, 61)
        assert (trace.certificate.subject, trace.certificate.issuer) == ("127.0.0.1", "Test root")

    def test_an_expired_one_is_shown_and_refused(self, folder, trusted):
        file, key, _ = certificate(folder, days=-3, authority=trusted)
        with serving(Site(tls(file, key))) as site:
            trace = check(site.url)
        assert (trace.code, trace.sentence) == ("tls", "The certificate of 127.0.0.1 has expired.")
        assert trace.certificate_days < 0

    def test_a_self_signed_one_is_refused(self, folder, trusted):
        file, key, _ = certificate(folder)
        with serving(Site(tls(file, key))) as site:
            trace = check(site.url)
        assert trace.sentence == "The certificate of 127.0.0.1 is self-signed."

    def test_one_for_another_name_is_refused(self, folder, trusted):
        file, key, _ = certificate(folder, name="other.example", authority=trusted)
        with serving(Site(tls(file, key))) as site:
            trace = check(site.url)
        assert trace.code == "tls"
        assert "is for another" in trace.sentence


def test_a_check_that_is_not_curious_keeps_neither_sample_nor_hops(site):
    trace = check(site.url, curious=False)
    assert trace.ok
    assert (trace.sample, trace.hops, trace.certificate) == ("", [], None)


def test_each_check_opens_a_connection_of_its_own(site):
    loop = http.CurlLoop()
    made = compile_check("http", read_target({"url": site.url}, read_secrets({})), read_secrets({}), timeout_s=5)
    traces = []
    try:
        for _ in range(3):
            http.HttpRun(loop, made, LOOPBACK, traces.append).start()
            while len(loop):
                loop.step(1.0)
    finally:
        loop.close()
    assert [trace.connect_us > 0 for trace in traces] == [True] * 3
