"""What a target and its secrets may be, and the sentence for each that may not."""

import pytest

from monitors.kinds import TargetError
from monitors.kinds.http import HttpSecrets, read_secrets, read_target
from monitors.kinds.text import read_host, read_url
from monitors.kinds.web import accepted_ranges, read_accepted

NOTHING = HttpSecrets()


@pytest.mark.parametrize(
    ("written", "called"),
    [
        ("https://shop.example.com", "https://shop.example.com/"),
        ("  HTTPS://Shop.Example.COM/Health ", "https://shop.example.com/Health"),
        ("http://shop.example.com:8080/a?b=c#part", "http://shop.example.com:8080/a?b=c"),
        ("https://bücher.example/käse?ü=1", "https://xn--bcher-kva.example/k%C3%A4se?%C3%BC=1"),
        ("http://[2001:DB8::1]:81/", "http://[2001:db8::1]:81/"),
        ("http://10.0.0.1/", "http://10.0.0.1/"),
        ("http://under_score.example/", "http://under_score.example/"),
    ],
)
def test_addresses_are_written_as_they_are_called(written, called):
    assert read_url(written) == called
    assert read_url(called) == called


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "You wrote nothing"),
        ("shop", "must begin with http"),
        ("ftp://shop.example.com/", "must begin with http"),
        ("file:///etc/passwd", "must begin with http"),
        ("javascript:alert(1)", "must begin with http"),
        ("http://", "not a host name"),
        ("http:///path", "not a host name"),
        ("http://user:pass@shop.example.com/", "Leave name and password out"),
        ("http://shop.example.com@evil.example/", "Leave name and password out"),
        ("http://shop.example.com\\@evil.example/", "Write an address such as"),
        ("http://shop .example.com/", "Write an address such as"),
        ("http://shop.example.com/\r\nX-Evil: 1", "Write an address such as"),
        ("http://shop.example.com:0/", "Port 0"),
        ("http://shop.example.com:99999/", "not an address that can be called"),
        ("http://[::1/", "not an address that can be called"),
        ("http://[fe80::1%25eth0]/", "not an IPv6 address"),
        ("http://-bad-.example/", "not a host name"),
        ("http://a..b/", "not a host name"),
        ("http://0x7f.1/", "four numbers"),
        ("http://2130706433/", "four numbers"),
        ("http://127.1/", "four numbers"),
        ("http://0177.0.0.1/", "four numbers"),
        ("http://shop.example.com/" + "x" * 2000, "Write an address such as"),
    ],
)
def test_a_wrong_address_is_refused_with_a_sentence(written, words):
    with pytest.raises(TargetError, match=words) as refused:
        read_url(written)
    assert refused.value.field == "url"


def test_a_long_address_is_quoted_shortly():
    with pytest.raises(TargetError) as refused:
        read_url("http://" + "x" * 5000)
    assert len(str(refused.value)) < 200


def test_hosts_are_in_ascii_and_lower_case():
    assert read_host("EXAMPLE.com") == "example.com"
    assert read_host("2001:DB8:0:0::1") == "2001:db8::1"


@pytest.mark.parametrize(
    ("written", "kept", "ranges"),
    [
        ("200", "200", ((200, 200),)),
        ("200-299, 304", "200-299,304", ((200, 299), (304, 304))),
        ("200 - 204;301", "200-204,301", ((200, 204), (301, 301))),
    ],
)
def test_status_codes_are_read(written, kept, ranges):
    assert read_accepted(written) == kept
    assert accepted_ranges(kept) == ranges


@pytest.mark.parametrize("written", ["", "ok", "20", "600", "299-200", "200-", "2xx", ",".join(["200"] * 21)])
def test_wrong_status_codes_are_refused(written):
    with pytest.raises(TargetError) as refused:
        read_accepted(written)
    assert refused.value.field == "accepted_status"


def target(**given):
    return read_target({"url": "https://shop.example.com/", **given}, NOTHING)


def test_a_target_has_sane_defaults():
    read = target()
    assert (read.method, read.accepted_status, read.redirects, read.keyword) == ("GET", "200-299", 5, "")
    assert (read.host, read.port, read.auth) == ("shop.example.com", 443, "none")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"method": "BREW"}, "method"),
        ({"redirects": 11}, "redirects"),
        ({"redirects": -1}, "redirects"),
        ({"redirects": "many"}, "redirects"),
        ({"keyword": "x" * 501}, "keyword"),
        ({"keyword": "ok", "method": "HEAD"}, "keyword"),
        ({"accepted_status": "fine"}, "accepted_status"),
    ],
)
def test_a_wrong_target_names_its_field(given, field):
    with pytest.raises(TargetError) as refused:
        target(**given)
    assert refused.value.field == field


def test_a_body_needs_a_method_that_carries_one():
    with pytest.raises(TargetError, match="GET request carries no body"):
        read_target({"url": "https://shop.example.com/"}, HttpSecrets(body="x"))


def test_history_gets_names_and_sizes_and_no_values():
    secrets = read_secrets({"headers": {"X-Key": "s3cret"}, "body": "{}", "bearer": "t0ken"})
    kept = read_target({"url": "https://shop.example.com/", "method": "POST"}, secrets).as_json()
    assert (kept["header_names"], kept["body_bytes"], kept["auth"]) == (["X-Key"], 2, "bearer")
    assert "s3cret" not in str(kept)
    assert "t0ken" not in str(kept)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"headers": {"Bad Name": "x"}}, "headers"),
        ({"headers": {"X-A": "b\r\nX-C: d"}}, "headers"),
        ({"headers": {"Content-Length": "5"}}, "headers"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "headers"),
        ({"headers": {f"X-{n}": "v" for n in range(51)}}, "headers"),
        ({"headers": {"X-A": "v" * 9000}}, "headers"),
        ({"headers": {"Authorization": "x"}, "bearer": "t"}, "headers"),
        ({"body": "x" * 64_001}, "body"),
        ({"basic": ["name"]}, "basic"),
        ({"basic": ["na:me", "p"]}, "basic"),
        ({"bearer": "two words"}, "bearer"),
        ({"bearer": "t", "basic": ["n", "p"]}, "bearer"),
    ],
)
def test_wrong_secrets_name_their_field_and_are_not_quoted(given, field):
    with pytest.raises(TargetError) as refused:
        read_secrets(given)
    assert refused.value.field == field
    assert "two words" not in str(refused.value)
