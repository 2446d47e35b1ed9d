"""Reading the certificate that libcurl hands over, also from a handshake that failed."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from monitors.kinds.text import TargetError
from monitors.probes.trace import Certificate


def read_chain(certinfo: Any) -> Certificate | None:
    """The server's own certificate out of libcurl's CERTINFO; None when there is none that can be read."""
    for entry in certinfo or ():
        pem = dict(entry).get("Cert", "")
        if not pem:
            continue
        try:
            return _describe(x509.load_pem_x509_certificate(pem.encode()))
        except ValueError:
            return None
    return None


def read_authorities(pem: str) -> list[str]:
    """Who is trusted, and until when. Raises TargetError of `ca`."""
    return [f"{common_name(one.subject)}, until {one.not_valid_after_utc:%Y-%m-%d}" for one in _read("ca", pem)]


def read_client(certificate: str, key: str) -> str:
    """Whose a client certificate is, and until when; "" without one. Raises TargetError, quoting nothing."""
    if not certificate:
        return ""
    own = _read("client_certificate", certificate)[0]
    try:
        held = load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise TargetError("client_key", "This is no private key in PEM form without a passphrase.") from None
    if _spki(held.public_key()) != _spki(own.public_key()):
        raise TargetError("client_key", "This key is not that of the client certificate.")
    return f"{common_name(own.subject)}, until {own.not_valid_after_utc:%Y-%m-%d}"


def _read(field: str, pem: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode()) if pem else []
    except ValueError:
        raise TargetError(field, "This is no certificate in PEM form.") from None


def _spki(key: Any) -> bytes:
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _describe(certificate: x509.Certificate) -> Certificate:
    return Certificate(
        subject=common_name(certificate.subject),
        issuer=common_name(certificate.issuer),
        not_after=certificate.not_valid_after_utc.astimezone(UTC),
    )


def common_name(name: x509.Name) -> str:
    """The name a person knows a certificate by: its common name, else its organisation, else all of it."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME) or name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(found[0].value) if found else name.rfc4514_string()
