"""Reading the certificate that libcurl hands over, also from a handshake that failed."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

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
