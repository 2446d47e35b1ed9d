"""Other people's programs beside which we are measured: found on the path, started on free ports, stopped in the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bench.house import free_port

PACKAGES = {"nginx": "nginx-light", "prometheus-blackbox-exporter": "prometheus-blackbox-exporter"}
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_timeout 0; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{http} backlog=4096; location / {{ return 200 "{body}"; }} }}
  server {{ listen 127.0.0.1:{https} ssl backlog=4096; ssl_certificate {cert}; ssl_certificate_key {key};
    ssl_protocols TLSv1.3; ssl_session_tickets off; ssl_session_cache off; location / {{ return 200 "{body}"; }} }}
}}
"""
BLACKBOX = """
modules:
  http: {{prober: http, timeout: 5s, http: {{preferred_ip_protocol: ip4}}}}
  https: {{prober: http, timeout: 5s, http: {{preferred_ip_protocol: ip4, tls_config: {{ca_file: {ca}}}}}}}
"""


def missing(*commands: str) -> list[str]:
    """Debian packages of the commands that are not there."""
    return [PACKAGES[command] for command in commands if find(command) is None]


def find(command: str) -> str | None:
    """Where a command is; servers are often outside the path of a person."""
    return shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@contextlib.contextmanager
def nginx(folder: Path, cert: Path, key: Path) -> Iterator[tuple[int, int]]:
    """A target that answers 64 bytes on a new connection each; yields its ports for HTTP and HTTPS."""
    http, https = free_port(), free_port()
    text = NGINX.format(folder=folder, http=http, https=https, cert=cert, key=key, body="x" * 64)
    (folder / "nginx.conf").write_text(text)
    with _running([str(find("nginx")), "-c", str(folder / "nginx.conf"), "-p", str(folder)], http):
        yield http, https


@contextlib.contextmanager
def blackbox(folder: Path, ca: Path) -> Iterator[tuple[int, int]]:
    """blackbox_exporter on one core; yields its port and its process id."""
    port = free_port()
    (folder / "blackbox.yml").write_text(BLACKBOX.format(ca=ca))
    command = [
        str(find("prometheus-blackbox-exporter")), f"--config.file={folder / 'blackbox.yml'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    with _running(command, port, GOMAXPROCS="1") as pid:
        yield port, pid


@contextlib.contextmanager
def _running(command: list[str], port: int, **environment: str) -> Iterator[int]:
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        _listens(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 10
    needle = f":{port:04X} 00000000:0000 0A"
    while needle not in Path("/proc/net/tcp").read_text():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{process.args} does not listen")
        time.sleep(0.05)
