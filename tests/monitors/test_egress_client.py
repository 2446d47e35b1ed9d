"""The client for providers: what it may reach, what it says when it fails, and whether the call may have arrived."""

import socket

import pytest

from accounts.egress.client import EgressError, request

pytestmark = pytest.mark.django_db


def test_it_sends_a_form_with_a_name_and_password_and_reads_the_answer(site):
    site.text = '{"sid": "SM1"}'
    answer = request(
        "POST", f"{site.url}/Messages.json", form={"To": "+44 1", "Body": "hä"}, basic=("AC1", "token"),
        timeout=5, provider=site.url,
    )  # fmt: skip
    assert (answer.status, answer.text) == (200, '{"sid": "SM1"}')
    assert answer.headers["content-type"] == "text/plain"
    method, path, headers, body = site.seen[0]
    assert (method, path) == ("POST", "/Messages.json")
    assert body == b"To=%2B44+1&Body=h%C3%A4"
    assert headers["Authorization"] == "Basic QUMxOnRva2Vu"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_status_that_is_not_2xx_is_an_answer(site):
    site.status = 429
    assert request("GET", site.url, timeout=5, provider=site.url).status == 429


def test_a_private_address_needs_to_be_the_providers(site, other_site):
    with pytest.raises(EgressError) as refused:
        request("GET", site.url, timeout=5)
    assert refused.value.kind == "refused"
    assert not refused.value.may_have_arrived
    with pytest.raises(EgressError):
        request("GET", site.url, timeout=5, provider=other_site.url)
    with pytest.raises(EgressError):
        request("GET", site.url, timeout=5, provider="https://127.0.0.1")
    assert site.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://127.0.0.1:6379/_INFO",
        "http://user@127.0.0.1/",
        "http:///nowhere",
        "http://[::1",
    ],
)
def test_it_refuses_odd_addresses_even_of_a_provider(url):
    with pytest.raises(EgressError) as refused:
        request("GET", url, timeout=5, provider=url)
    assert refused.value.kind == "refused"


def test_it_does_not_follow_a_redirect(site, other_site):
    site.redirect("/", other_site.url)
    assert request("GET", f"{site.url}/", timeout=5, provider=site.url).status == 302
    assert other_site.seen == []


def test_nobody_listening_means_that_nothing_arrived():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(EgressError) as failed:
            request("POST", url, timeout=5, provider=url)
    assert failed.value.kind == "connect"
    assert not failed.value.may_have_arrived


def test_a_slow_answer_may_have_arrived(site):
    site.delay = 1.0
    with pytest.raises(EgressError) as failed:
        request("POST", site.url, timeout=0.2, provider=site.url)
    assert failed.value.kind == "timeout"
    assert failed.value.may_have_arrived


def test_a_connection_broken_after_the_request_may_have_arrived(site):
    with pytest.raises(EgressError) as failed:
        request("POST", f"{site.url}/silence", timeout=5, provider=site.url)
    assert failed.value.may_have_arrived


def test_too_long_an_answer_is_cut_off(site):
    with pytest.raises(EgressError) as failed:
        request("GET", f"{site.url}/huge", timeout=5, provider=site.url)
    assert failed.value.kind == "too_large"


def test_a_header_cannot_smuggle_another(site):
    with pytest.raises(ValueError, match="line break"):
        request("GET", site.url, headers={"X-A": "b\r\nX-C: d"}, timeout=5, provider=site.url)
    assert site.seen == []


def test_the_proxy_of_the_environment_is_not_used(site, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert request("GET", site.url, timeout=5, provider=site.url).status == 200
