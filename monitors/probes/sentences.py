"""From what libcurl says to a code and a sentence that a person understands at 03:00."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

import pycurl

from monitors.probes.trace import Place

CONNECT_ERRORS = {
    errno.ECONNREFUSED: ("refused", "{place} refused the connection."),
    errno.EHOSTUNREACH: ("unreachable", "{place} cannot be reached: there is no way to that host."),
    errno.ENETUNREACH: ("unreachable", "{place} cannot be reached: there is no way to that network."),
    errno.ECONNRESET: ("reset", "{place} closed the connection while it was being opened."),
    errno.ETIMEDOUT: ("timeout", "{place} did not take the connection in time."),
    errno.EACCES: ("unreachable", "This machine may not open a connection to {place}."),
    errno.EPERM: ("unreachable", "This machine may not open a connection to {place}."),
    errno.EADDRNOTAVAIL: ("unreachable", "This machine has no address from which {place} can be called."),
}

# Results of OpenSSL's verification, of which libcurl hands on the number.
CERTIFICATE_ERRORS = {
    9: "is not valid yet",
    10: "has expired",
    18: "is self-signed",
    19: "ends in a root that is not trusted",
    20: "was issued by somebody who is not trusted",
    21: "comes without the certificates between it and a trusted root",
    23: "was revoked",
    26: "is not meant for a server",
    62: "is for another name",
    64: "is for another address",
    66: "has a key that is too weak",
    67: "was issued with a key that is too weak",
    68: "was signed in a way that is too weak",
}

WEIRD_REPLY, STREAM, TOO_LARGE = 8, 92, 100  # numbers of libcurl for which pycurl has no name

PLAIN = {
    pycurl.E_UNSUPPORTED_PROTOCOL: ("protocol", "{place} did not speak HTTP."),
    WEIRD_REPLY: ("protocol", "{place} did not speak HTTP."),
    pycurl.E_GOT_NOTHING: ("empty", "{place} closed the connection without an answer."),
    pycurl.E_SEND_ERROR: ("reset", "{place} broke the connection while the request was sent."),
    pycurl.E_RECV_ERROR: ("reset", "{place} broke the connection before its answer was complete."),
    pycurl.E_PARTIAL_FILE: ("reset", "{place} ended its answer before it was complete."),
    TOO_LARGE: ("protocol", "{place} sent headers that are too large."),
    pycurl.E_URL_MALFORMAT: ("url", "The address cannot be called as it is written."),
    pycurl.E_BAD_CONTENT_ENCODING: ("encoding", "{place} sent a compressed answer that cannot be unpacked."),
    pycurl.E_HTTP2: ("protocol", "{place} broke the rules of HTTP/2."),
    STREAM: ("protocol", "{place} broke the rules of HTTP/2."),
}
TLS_ERRORS = {
    pycurl.E_SSL_CONNECT_ERROR,
    pycurl.E_PEER_FAILED_VERIFICATION,
    pycurl.E_SSL_ISSUER_ERROR,
    pycurl.E_SSL_CERTPROBLEM,
    pycurl.E_SSL_CIPHER,
    pycurl.E_SSL_CACERT_BADFILE,
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known of a failed request: where it went and how far it came."""

    at: Place
    timeout_s: float
    os_errno: int = 0
    verify_result: int = 0
    resolved: bool = False
    connected: bool = False
    secured: bool = False
    answered: bool = False
    family: str = "any"
    client: bool = False


def explain(error: int, message: str, attempt: Attempt) -> tuple[str, str]:
    """Return (code, sentence) for an error number of libcurl. message: its own words, for the rest."""
    if error == pycurl.E_OPERATION_TIMEDOUT:
        return "timeout", _timeout(attempt)
    if error == pycurl.E_COULDNT_CONNECT:
        return _connect(attempt)
    if error in TLS_ERRORS:
        return "tls", _tls(message, attempt)
    if error == pycurl.E_COULDNT_RESOLVE_HOST:
        kind = "an address" if attempt.family == "any" else f"an IPv{attempt.family} address"
        return "dns", f"The name {attempt.at.host} could not be resolved to {kind}."
    said = message.lower()
    if error == pycurl.E_RECV_ERROR and "alert" in said and ("certificate" in said or "unknown ca" in said):
        return "tls", _refused_client(said, attempt)
    if error in (pycurl.E_RECV_ERROR, pycurl.E_SEND_ERROR) and attempt.client and not attempt.answered:
        return "reset", f"{attempt.at} broke the connection after it was shown the client certificate."
    if error == pycurl.E_RECV_ERROR and "chunk" in said:
        return "protocol", f"{attempt.at} sent an answer in chunks that cannot be read."
    code, sentence = PLAIN.get(error, ("other", "{place}: " + message.replace("{", "").replace("}", "")[:120]))
    return code, sentence.format(place=attempt.at, host=attempt.at.host)


def _refused_client(said: str, attempt: Attempt) -> str:
    if "required" in said:
        return f"{attempt.at} asks for a client certificate, and there is none."
    return f"{attempt.at} did not accept the client certificate."


def seconds(value: float) -> str:
    """`10 s`, `0.5 s`."""
    return f"{value:g} s"


def _timeout(attempt: Attempt) -> str:
    within = seconds(attempt.timeout_s)
    if not attempt.resolved:
        return f"The name {attempt.at.host} was not resolved to an address within {within}."
    if not attempt.connected:
        return f"{attempt.at} did not take the connection within {within}."
    if attempt.at.secure and not attempt.secured:
        return f"{attempt.at} did not finish the TLS handshake within {within}."
    if not attempt.answered:
        return f"{attempt.at} took the request and did not answer within {within}."
    return f"{attempt.at} began its answer and did not finish it within {within}."


def _connect(attempt: Attempt) -> tuple[str, str]:
    known = CONNECT_ERRORS.get(attempt.os_errno)
    if known:
        return known[0], known[1].format(place=attempt.at)
    why = os.strerror(attempt.os_errno) if attempt.os_errno else "no address of it took the connection"
    return "unreachable", f"{attempt.at} cannot be reached: {why}."


def _tls(message: str, attempt: Attempt) -> str:
    fault = CERTIFICATE_ERRORS.get(attempt.verify_result)
    if fault is None and ("subject name" in message or "does not match" in message):
        fault = CERTIFICATE_ERRORS[62]
    if fault:
        return f"The certificate of {attempt.at.host} {fault}."
    if "wrong version number" in message or "packet length too long" in message:
        return f"{attempt.at} does not speak TLS; its address may have to begin with http://."
    return f"{attempt.at} failed the TLS handshake: {message[:120]}."
