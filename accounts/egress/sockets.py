"""What every libcurl handle of ours has in common: guarded sockets, no proxy, HTTP only, known roots.

Network library, no Django: probes use it too.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pycurl

from accounts.egress.guard import EgressRules, Refusal, decide

HTTP_ONLY = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)

Opener = Callable[[int, Any], Any]


@lru_cache(maxsize=1)
def ca_file() -> str:
    """The file of trusted roots: SSL_CERT_FILE, else what Python and the system use. "" if there is none.

    The libcurl in the wheel was built on another system and does not know where this one keeps them.
    """
    named = os.environ.get("SSL_CERT_FILE", "")
    candidates = (named, ssl.get_default_verify_paths().cafile or "", *BUNDLES)
    return next((path for path in candidates if path and os.path.exists(path)), "")


class _Descriptor:
    """A socket's descriptor for libcurl, which takes a copy of it: this one is closed when it is dropped.

    A socket object would be dropped unclosed, for which Python composes a warning each time.
    """

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def __del__(self) -> None:
        os.close(self._fd)


def guarded_opener(rules: EgressRules, refused: Callable[[Refusal], None]) -> Opener:
    """Return an OPENSOCKETFUNCTION that opens no socket to an address the rules refuse.

    refused: told each refusal; libcurl then tries the host's next address, or fails to connect.
    """

    def open_socket(purpose: int, address: Any) -> Any:
        host, port = address.addr[0], address.addr[1]
        refusal = decide(host if isinstance(host, str) else host.decode(), port, rules)
        if refusal is not None:
            refused(refusal)
            return pycurl.SOCKET_BAD
        return _Descriptor(socket.SocketType(address.family, address.socktype, address.protocol).detach())

    return open_socket


def prepare(handle: Any) -> None:
    """Set what holds for every outgoing call of ours on a new or reset handle.

    No proxy, also not from the environment: a proxy would hide the address from the guard. NOSIGNAL,
    because handles live in threads. Redirects are never followed by libcurl.
    """
    handle.setopt(pycurl.PROXY, "")
    handle.setopt(pycurl.NOSIGNAL, 1)
    handle.setopt(pycurl.PROTOCOLS, HTTP_ONLY)
    handle.setopt(pycurl.FOLLOWLOCATION, 0)
    handle.setopt(pycurl.FRESH_CONNECT, 1)
    handle.setopt(pycurl.FORBID_REUSE, 1)
    handle.setopt(pycurl.DNS_CACHE_TIMEOUT, 0)
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    bundle = ca_file()
    if bundle:
        handle.setopt(pycurl.CAINFO, bundle)
