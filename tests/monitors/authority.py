"""Certificates of every kind, made for a test: a root, an intermediate, and what they sign, in order or not."""

import datetime
import ipaddress
import itertools
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
_number = itertools.count(1)


class Signer:
    """A certificate with its key; signs others if it is an authority. days: until it ends, from now."""

    def __init__(self, name, *, by=None, days=365, since=-400, names=None, ca=False, key=None, client=False):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer, issuer_key = (by.certificate.subject, by.key) if by else (subject, self.key)
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + since * DAY)
            .not_valid_after(now + days * DAY + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
        )
        if by:
            authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
            builder = builder.add_extension(authority, critical=False)
        if not ca:
            held = [_alternative(one) for one in (names if names is not None else [name])]
            if held:
                builder = builder.add_extension(x509.SubjectAlternativeName(held), critical=False)
            usage = x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH]
            )
            builder = builder.add_extension(usage, critical=False)
        self.certificate = builder.sign(issuer_key, hashes.SHA256())

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def context(self, folder, *chain):
        """A server's context that shows this certificate, and those of the chain behind it."""
        file = folder / f"{next(_number)}.pem"
        form = serialization.PrivateFormat.PKCS8
        key = self.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        file.write_bytes(b"".join([key, self.pem, *(one.pem for one in chain)]))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.load_cert_chain(file)
        return context


def weak_key():
    """A key that nobody should use any more."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


def shake(context):
    """What a server does with a connection: the handshake, and then it waits for the client to go."""

    def talk(connection):
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)
        except ssl.SSLError:
            return

    return talk


def _alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
