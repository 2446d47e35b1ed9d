"""What an HTTP check may ask of an answer and of the connection, against real servers."""

import getpass
import shutil
import socket
import subprocess
import time
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization

from monitors.kinds import KINDS, TargetError
from monitors.probes.registry import compile_check, described, run_once
from monitors.probes.trace import Outcome
from tests.monitors.authority import Signer
from tests.monitors.conftest import LOOPBACK
from tests.monitors.site import Site, serving

ORDER = (
    '{"status": "ok", "orders": [{"id": 1, "state": "paid"}, {"id": 2, "state": "open"}], "queue": 12, "ready": true}'
)


def check(url, *, rules=LOOPBACK, timeout_s=5.0, curious=False, secrets=None, **target):
    kind = KINDS["http"]
    held = kind.read_secrets(secrets or {})
    made = compile_check(
        "http", kind.read_target({"url": url, **target}, held), held, timeout_s=timeout_s, curious=curious
    )
    return run_once(made, rules, now=datetime.now(UTC))


class TestJson:
    @pytest.mark.parametrize(
        ("path", "operator", "value"),
        [
            ("$.status", "equals", "ok"),
            ("$.status", "exists", ""),
            ("$.error", "absent", ""),
            ("$.queue", "less", "20"),
            ("$.queue", "equals", "12.0"),
            ("$.ready", "equals", "true"),
            ("$.orders[*].id", "more", "0"),
            ("$.orders[?@.id == 2].state", "equals", "open"),
            ("$.orders[*].state", "matches", "^(paid|open)$"),
            ("$..state", "differs", "lost"),
            ("$.orders[-1]['state']", "contains", "pe"),
        ],
    )
    def test_an_answer_that_is_as_it_should_be_is_good(self, site, path, operator, value):
        site.text = ORDER
        assert check(site.url, json_path=path, json_operator=operator, json_value=value).sentence == ""

    @pytest.mark.parametrize(
        ("path", "operator", "value", "sentence"),
        [
            ("$.status", "equals", "up", "$.status is “ok”; expected: $.status equals up."),
            ("$.orders[*].state", "equals", "paid", "$.orders[*].state is “open”; expected: $.orders[*].state equals paid."),
            ("$.missing", "equals", "x", "$.missing is not there; expected: $.missing equals x."),
            ("$.status", "absent", "", "$.status is “ok”; expected: $.status is not there."),
            ("$.status", "less", "5", "$.status is “ok”; expected: $.status is less than 5."),
            ("$.ready", "equals", "1", "$.ready is “true”; expected: $.ready equals 1."),
        ],
    )  # fmt: skip
    def test_any_other_is_told_by_what_was_found(self, site, path, operator, value, sentence):
        site.text = ORDER
        trace = check(site.url, json_path=path, json_operator=operator, json_value=value)
        assert (trace.code, trace.sentence) == ("json", sentence)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("<html>", "The answer is not JSON: it begins with “<html>”."),
            ("", "The answer is empty."),
            ('{"a": NaN}', "The answer is not JSON"),
            ("[" * 5000, "The answer is not JSON"),
        ],
    )
    def test_what_is_no_json_is_named(self, site, text, words):
        site.text = text
        assert words in check(site.url, json_path="$.a").sentence

    def test_a_long_answer_is_looked_at_beside_the_other_checks(self, site):
        site.text = '{"rows": [' + ",".join(f'{{"id": {n}, "state": "ok"}}' for n in range(20_000)) + "]}"
        assert check(site.url, json_path="$.rows[*].state", json_operator="equals", json_value="ok").ok
        trace = check(site.url, json_path="$.rows[0].id", json_operator="equals", json_value="0", body_cap=1000)
        assert trace.sentence == "The answer is longer than 1,000 bytes, so its JSON cannot be read."

    @pytest.mark.parametrize(
        "path",
        ["status", "$.a..b..c", "$[*,*][*,*]", "$[?@..a]", "$[?$[*]]", "$[?@.a][?@.b]", "$[?match(@.a,'(a+)+$')]", "$." + "a" * 300],
    )  # fmt: skip
    def test_a_path_that_could_hold_up_others_is_refused_when_it_is_written(self, path):
        kind = KINDS["http"]
        with pytest.raises(TargetError) as refused:
            kind.read_target({"url": "http://a.example/", "json_path": path}, kind.read_secrets({}))
        assert refused.value.field == "json_path"


class TestWordsAndHeaders:
    def test_an_expression_is_searched_for(self, site):
        site.text = "build 1742, all is well"
        assert check(site.url, regex=r"build \d{4}").ok
        assert check(site.url, regex=r"^well").sentence == "The answer does not match “^well”."
        assert check(site.url, regex="build", regex_present=False).sentence == "The answer matches “build”."

    def test_an_expression_that_would_never_end_elsewhere_is_done_at_once(self, site):
        site.text = "a" * 50_000 + "!"
        began = time.monotonic()
        assert check(site.url, regex="(a+)+$").code == "regex"
        assert time.monotonic() - began < 2

    @pytest.mark.parametrize("pattern", ["(", r"(?=look)", r"(a)\1", "a{1001}{1001}"])
    def test_what_re2_does_not_know_is_refused_when_it_is_written(self, pattern):
        kind = KINDS["http"]
        held = kind.read_secrets({})
        with pytest.raises(TargetError) as refused:
            described("http", kind.read_target({"url": "http://a.example/", "regex": pattern}, held), held)
        assert refused.value.field == "regex"

    @pytest.mark.parametrize(
        ("rule", "sentence"),
        [
            ("Content-Type contains plain", ""),
            ("content-type equals text/plain", ""),
            ("X-Missing absent", ""),
            ("Content-Length less 100", ""),
            ("Content-Type matches ^text/", ""),
            ("X-Missing exists", "Header X-Missing is not there; expected: X-Missing is there."),
            ("Content-Type equals text/html", "Header Content-Type is “text/plain”; expected: Content-Type equals text/html."),
            ("Server absent", "Header Server is "),
        ],
    )  # fmt: skip
    def test_headers_are_judged_by_rules(self, site, rule, sentence):
        trace = check(site.url, header_rules=[rule])
        assert trace.sentence.startswith(sentence) if sentence else trace.ok, trace.sentence
        assert trace.code == ("header" if sentence else "")

    @pytest.mark.parametrize(
        ("rule", "words"),
        [
            ("Content-Type", "Write a header, a word and a value"),
            ("Content-Type is json", "Choose one of exists"),
            ("Content-Type contains", "needs a value"),
            ("X-A exists yes", "takes no value"),
            ("Content-Length less many", "compares numbers"),
        ],
    )
    def test_a_wrong_rule_is_refused_with_a_sentence(self, rule, words):
        kind = KINDS["http"]
        with pytest.raises(TargetError, match=words) as refused:
            kind.read_target({"url": "http://a.example/", "header_rules": [rule]}, kind.read_secrets({}))
        assert refused.value.field == "header_rules"

    def test_no_more_is_read_than_the_monitor_says(self, site):
        trace = check(f"{site.url}/huge", keyword="y", body_cap=5000)
        assert (trace.body_bytes, trace.truncated) == (5000, True)
        assert trace.sentence == "The answer does not contain “y” in its first 5,000 bytes."


def key_pem(signer):
    form = serialization.PrivateFormat.PKCS8
    return signer.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@pytest.fixture(scope="module")
def authority():
    return Signer("Larkspur internal", ca=True)


class TestCertificates:
    def test_an_authority_of_ones_own_is_trusted_for_this_monitor_only(self, authority, tmp_path):
        server = Signer("127.0.0.1", by=authority)
        with serving(Site(server.context(tmp_path))) as site:
            assert check(site.url).code == "tls"
            assert check(site.url, ca=authority.pem.decode()).ok
            assert check(site.url, ca=Signer("Somebody else", ca=True).pem.decode()).code == "tls"

    def test_a_client_certificate_is_shown_to_who_asks_for_one(self, authority, tmp_path):
        context = Signer("127.0.0.1", by=authority).context(tmp_path)
        context.verify_mode = 2
        context.load_verify_locations(cadata=authority.pem.decode())
        client, stranger = Signer("probe", by=authority, client=True), Signer("stranger", client=True)
        with serving(Site(context)) as site:
            ca = authority.pem.decode()
            without = check(site.url, ca=ca)
            # the server's alert and its reset race for us
            assert without.code == "reset" or "asks for a client certificate" in without.sentence
            assert not without.ok
            right = {"client_certificate": client.pem.decode(), "client_key": key_pem(client)}
            assert check(site.url, ca=ca, secrets=right).ok
            wrong = {"client_certificate": stranger.pem.decode(), "client_key": key_pem(stranger)}
            refused = check(site.url, ca=ca, secrets=wrong)
            assert refused.code in ("tls", "reset")
            assert "the client certificate" in refused.sentence

    def test_history_has_the_names_and_ends_and_not_the_key(self, authority):
        client = Signer("probe", by=authority, days=30)
        kind = KINDS["http"]
        held = kind.read_secrets({"client_certificate": client.pem.decode(), "client_key": key_pem(client)})
        target = kind.read_target({"url": "https://a.example/", "ca": authority.pem.decode()}, held)
        kept = described("http", target, held).as_json()
        assert kept["client"] == f"probe, until {client.certificate.not_valid_after_utc:%Y-%m-%d}"
        assert kept["authorities"].startswith("Larkspur internal, until ")
        assert "PRIVATE" not in str(kept)
        assert "PRIVATE" not in repr(compile_check("http", target, held, timeout_s=1))

    @pytest.mark.parametrize(
        ("secrets", "target", "field"),
        [
            ({"client_certificate": "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----", "client_key": "-----BEGIN KEY"}, {}, "client_certificate"),
            ({"client_certificate": "own", "client_key": "-----BEGIN PRIVATE KEY-----\nx"}, {}, "client_key"),
            ({"client_certificate": "own", "client_key": "another"}, {}, "client_key"),
            ({}, {"ca": "-----BEGIN CERTIFICATE-----\nx"}, "ca"),
        ],
    )  # fmt: skip
    def test_what_is_no_certificate_is_refused_and_not_quoted(self, authority, secrets, target, field):
        client, another = Signer("probe", by=authority), Signer("another")
        names = {"own": client.pem.decode(), "another": key_pem(another)}
        secrets = {name: names.get(value, value) for name, value in secrets.items()}
        kind = KINDS["http"]
        held = kind.read_secrets(secrets)
        with pytest.raises(TargetError) as refused:
            described("http", kind.read_target({"url": "https://a.example/", **target}, held), held)
        assert refused.value.field == field
        assert "BEGIN" not in refused.value.sentence

    def test_half_a_client_certificate_is_refused(self):
        with pytest.raises(TargetError, match="has a key too"):
            KINDS["http"].read_secrets({"client_key": "-----BEGIN PRIVATE KEY-----"})


class TestFamilies:
    def test_a_name_without_an_address_of_the_family_is_said_so(self, site):
        trace = check(site.url.replace("127.0.0.1", "ip4.localhost"), ip_family="6", timeout_s=2)
        assert not trace.ok
        assert check(site.url.replace("127.0.0.1", "localhost"), ip_family="4").ok

    def test_an_address_of_the_other_family_is_refused_when_it_is_written(self):
        kind = KINDS["http"]
        with pytest.raises(TargetError, match="IPv4 address"):
            kind.read_target({"url": "http://10.0.0.1/", "ip_family": "6"}, kind.read_secrets({}))


@pytest.fixture(scope="module")
def nginx(tmp_path_factory):
    """A server that speaks HTTP/2 and compresses."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not program:
        pytest.skip("needs nginx (Debian package nginx-light)")
    folder, authority = tmp_path_factory.mktemp("nginx"), Signer("Test root", ca=True)
    server = Signer("127.0.0.1", by=authority)
    (folder / "server.pem").write_bytes(server.pem + key_pem(server).encode())
    (folder / "page.txt").write_text("all is well, " * 4000)
    ports = [free_port(), free_port()]
    (folder / "nginx.conf").write_text(f"""
        daemon off; user {getpass.getuser()}; pid {folder}/pid; error_log {folder}/error; events {{}}
        http {{ access_log off; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
          uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5; gzip on; gzip_types *; types {{ text/plain txt; }}
          server {{ listen 127.0.0.1:{ports[0]} ssl http2; root {folder}; ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem; }}
          server {{ listen 127.0.0.1:{ports[1]} ssl; root {folder}; ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem; }} }}""")
    with subprocess.Popen([program, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error")]) as running:
        for port in ports:
            wait_for(port)
        yield *(f"https://127.0.0.1:{port}/page.txt" for port in ports), authority.pem.decode()
        running.terminate()


class TestVersions:
    def test_the_version_that_is_asked_for_is_spoken(self, nginx):
        both, _, ca = nginx
        spoken = {version: check(both, ca=ca, http_version=version).http_version for version in ("any", "1.1", "2")}
        assert spoken == {"any": "2", "1.1": "1.1", "2": "2"}

    def test_a_server_without_http_2_fails_who_asks_for_it(self, nginx):
        _, old, ca = nginx
        trace = check(old, ca=ca, http_version="2")
        assert (trace.outcome, trace.code) == (Outcome.FAILED, "version")
        assert trace.sentence == "Answered over HTTP/1.1, and HTTP/2 was asked for."
        assert check(old, ca=ca, http_version="any").ok

    def test_a_compressed_answer_is_unpacked(self, nginx):
        both, _, ca = nginx
        trace = check(
            both, ca=ca, compressed=True, keyword="all is well", header_rules=["Content-Encoding equals gzip"]
        )
        assert trace.ok, trace.sentence
        assert trace.body_bytes == 52_000


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def wait_for(port):
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            assert time.monotonic() < end, "nginx did not start"
            time.sleep(0.02)
