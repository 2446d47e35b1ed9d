"""A site of ours to be watched: answers 200, or whatever `status` says, on a port of its own."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site(ThreadingHTTPServer):
    daemon_threads = True
    status = 200

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/health"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"status": "ok"}'
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """A test says what it saw itself."""


@contextmanager
def running_site():
    site = Site(("127.0.0.1", 0), _Answer)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        site.shutdown()
        site.server_close()
