"""A certificate authority for one bench and a certificate of localhost under it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Chain:
    """Files in PEM: the authority, the server's certificate, its key."""

    ca: Path
    cert: Path
    key: Path


def make_chain(folder: Path) -> Chain:
    """Make both, on the curve P-256, good for a day."""
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bench authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    root = _certificate(issuer, issuer, authority.public_key()).add_extension(x509.BasicConstraints(True, None), True)
    leaf = _certificate(issuer, subject, own.public_key()).add_extension(names, False)
    chain = Chain(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    pem = serialization.Encoding.PEM
    chain.ca.write_bytes(root.sign(authority, hashes.SHA256()).public_bytes(pem))
    chain.cert.write_bytes(leaf.sign(authority, hashes.SHA256()).public_bytes(pem))
    plain = serialization.NoEncryption()
    chain.key.write_bytes(own.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return chain


def _certificate(issuer: x509.Name, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    begins = datetime.now(UTC) - timedelta(hours=1)
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=1))
    )
