"""A real web site on a port of its own, whose pages do what tests of checks need, good and bad."""

import contextlib
import datetime
import http.server
import ipaddress
import ssl
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class Site(http.server.ThreadingHTTPServer):
    """Answers 200 "all is well" until told otherwise. `seen` holds what was asked for, in order."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Page)
        self.seen = []
        self.status = 200
        self.text = "all is well"
        self.delay = 0.0
        self.goes_to = {}
        self.secure = context is not None
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self):
        return f"{'https' if self.secure else 'http'}://127.0.0.1:{self.server_port}"

    def redirect(self, path, to, status=302):
        """From now on `path` answers with a redirect."""
        self.goes_to[path] = (status, to)

    def handle_error(self, request, client_address):
        """A client that hangs up is what some tests are about."""


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        if self.path in self.server.goes_to:
            status, to = self.server.goes_to[self.path]
            self.write(status, b"", {"Location": to})
        elif self.path == "/silence":
            self.close_connection = True
        elif self.path == "/half":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this")
            self.close_connection = True
        elif self.path == "/huge":
            self.write(200, b"x" * 10_000_000, {})
        elif self.path == "/trickle":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            self.wfile.flush()
            time.sleep(5)
        elif self.path == "/gibberish":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            self.close_connection = True
        else:
            time.sleep(self.server.delay)
            self.write(self.server.status, self.server.text.encode(), {"Content-Type": "text/plain"})

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def write(self, status, body, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        """Tests speak for themselves."""


@contextlib.contextmanager
def serving(site):
    """Serve until the block ends."""
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        site.server_close()
        thread.join(5)


def certificate(folder, *, days=30, name="127.0.0.1", authority=None):
    """A certificate for a loopback site and its key, as files; self-signed unless an authority signs it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    alternative = x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    signer_key, issuer = authority or (key, subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 60 * DAY)
        .not_valid_after(now + days * DAY)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
    )
    made = builder.sign(signer_key, hashes.SHA256())
    stem = folder / f"{name}-{days}-{'signed' if authority else 'self'}"
    certificate_file, key_file = stem.with_suffix(".pem"), stem.with_suffix(".key")
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file, (key, subject)


def tls(certificate_file, key_file):
    """A server's context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return context
