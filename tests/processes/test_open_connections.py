"""A browser keeps six connections open and a proxy many more: the next request is answered all the same."""

import http.client
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.processes
MANY = 24


def test_connections_that_stay_open_keep_nobody_waiting(house):
    where = urlsplit(house.product.url)
    held = [http.client.HTTPConnection(where.hostname, where.port, timeout=10) for _ in range(MANY)]
    try:
        for connection in held:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            assert not answer.will_close, "the connection is meant to stay open"
    finally:
        for connection in held:
            connection.close()
