"""TLS as a check wants it: verified as a browser would, and with every certificate looked at, trusted or not."""

from __future__ import annotations

import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from accounts.egress.sockets import ca_file
from monitors.probes.certificates import common_name
from monitors.probes.channel import Channel, chain_of
from monitors.probes.dialing import Call, Fault
from monitors.probes.sentences import CERTIFICATE_ERRORS
from monitors.probes.trace import Certificate, Link, Place

# Of OpenSSL's results: which say that the name does not fit, and which are found only after the name did.
WRONG_NAME = frozenset({62, 63, 64})
AFTER_THE_NAME = frozenset({7, 9, 10})
DAY = timedelta(days=1)


def verifying() -> ssl.SSLContext:
    """A context that trusts what the system trusts and wants the name among the alternative names, as browsers do."""
    context = ssl.create_default_context(cafile=ca_file() or None)
    context.hostname_checks_common_name = False
    return context


def trusting() -> ssl.SSLContext:
    """A context that encrypts and believes anybody, for a person who chose that."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def secure(call: Call, channel: Channel, context: ssl.SSLContext) -> None:
    """Speak TLS on a connection, and keep the chain in the trace. Raises Fault for a chain that is not in order."""
    with call.phase("tls", "did not finish the TLS handshake"):
        try:
            await channel.handshake(context, call.place.host)
        except ssl.SSLCertVerificationError as error:
            call.trace.chain = look(channel, error.verify_code)
            raise Fault("tls", sentence(call.place, error, call.trace.chain)) from None
        except ssl.SSLError as error:
            raise Fault("tls", _broken(call.place, error)) from None
    call.trace.chain = look(channel, 0)


def look(channel: Channel, verify_code: int) -> tuple[Link, ...]:
    """The chain of a handshake: the verified one, or what was sent when it came to none.

    Whether the chain and the name hold is None where OpenSSL stopped before it looked.
    """
    sent = [_fingerprint(der) for der in chain_of(channel.tls, verified=False)]
    ders = chain_of(channel.tls, verified=not verify_code) or chain_of(channel.tls, verified=False)
    chain_ok: bool | None = not verify_code
    hostname_ok: bool | None = True
    if verify_code in WRONG_NAME:
        chain_ok, hostname_ok = None, False
    elif verify_code and verify_code not in AFTER_THE_NAME:
        hostname_ok = None
    links = (read_link(der, position) for position, der in enumerate(ders))
    return tuple(
        Link(**{**link, "chain_ok": chain_ok, "hostname_ok": hostname_ok, "sent": link["sha256"] in sent})
        for link in links
        if link is not None
    )


def weakest(chain: tuple[Link, ...]) -> Link | None:
    """The certificate of a chain that ends first."""
    return min(chain, key=lambda link: link.not_after, default=None)


def shown(chain: tuple[Link, ...]) -> Certificate | None:
    """The server's own certificate, for somebody who looks once."""
    own = next((link for link in chain if not link.position), None)
    return None if own is None else Certificate(own.subject, own.issuer, own.not_after)


def days_left(chain: tuple[Link, ...], now: datetime) -> int | None:
    """Whole days until the first certificate of the chain ends, negative when one has; None without a chain."""
    first = weakest(chain)
    return None if first is None else (first.not_after - now) // DAY


def read_link(der: bytes, position: int) -> dict[str, Any] | None:
    """What a certificate says, as the fields of a Link; None for one that cannot be read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        return {
            "position": position,
            "subject": common_name(certificate.subject)[:200],
            "issuer": common_name(certificate.issuer)[:200],
            "serial": f"{certificate.serial_number:x}",
            "sha256": _fingerprint(der),
            "key_type": _key_type(certificate.public_key()),
            "sans": _names(certificate),
            "not_before": certificate.not_valid_before_utc.astimezone(UTC),
            "not_after": certificate.not_valid_after_utc.astimezone(UTC),
        }
    except (ValueError, TypeError):
        return None


def sentence(place: Place, error: ssl.SSLCertVerificationError, chain: tuple[Link, ...]) -> str:
    """What is wrong with a chain, in words, and with which certificate of it."""
    code = error.verify_code
    fault = CERTIFICATE_ERRORS.get(code)
    if fault is None:
        return f"The certificate of {place.host} is not accepted: {error.verify_message[:120]}."
    if code in WRONG_NAME and chain:
        names = ", ".join(chain[0].sans[:3]) or "no name at all"
        return f"The certificate of {place.host} {fault}: it is for {names}."
    culprit = _culprit(code, chain)
    if culprit is not None and culprit.position:
        return f"A certificate in the chain of {place.host}, {culprit.subject}, {fault}{_when(code, culprit)}."
    return f"The certificate of {place.host} {fault}{_when(code, culprit)}."


def _culprit(code: int, chain: tuple[Link, ...]) -> Link | None:
    """The certificate that a complaint about dates is about: the one that ends first, or the one that begins last."""
    if code == EXPIRED:
        return weakest(chain)
    if code == NOT_YET:
        return max(chain, key=lambda link: link.not_before, default=None)
    return None


def _when(code: int, link: Link | None) -> str:
    if link is None:
        return ""
    day = link.not_after if code == EXPIRED else link.not_before
    return f" ({'on' if code == EXPIRED else 'from'} {day:%Y-%m-%d})"


EXPIRED, NOT_YET = 10, 9


def _broken(place: Place, error: ssl.SSLError) -> str:
    reason = error.reason or ""
    if reason in NOT_TLS:
        return f"{place} does not speak TLS."
    if reason in TOO_OLD:
        return f"{place} speaks only TLS older than 1.2, which is not secure."
    if isinstance(error, ssl.SSLEOFError):
        return f"{place} closed the connection during the TLS handshake."
    words = reason.replace("_", " ").lower() or "no reason was given"
    return f"{place} failed the TLS handshake: {words[:120]}."


NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
    "HTTP_REQUEST",
    "UNEXPECTED_MESSAGE",
}
TOO_OLD = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION"}


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    addresses = (str(address) for address in held.get_values_for_type(x509.IPAddress))
    return (*held.get_values_for_type(x509.DNSName), *addresses)[:SANS_KEPT]


SANS_KEPT = 100


def _key_type(key: object) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    return "Ed448" if isinstance(key, ed448.Ed448PublicKey) else "other"


def _fingerprint(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()
