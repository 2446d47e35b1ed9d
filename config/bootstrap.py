"""From a checkout to a running installation. Standard library only: nothing is installed yet.

Every refusal is one sentence and exit code 1.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from config.demo_target import PORT as TARGET_PORT
from config.env import Env, SettingError, read_environment
from config.keys import ensure_keys
from config.supervisor import Supervisor, say

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
# run from wherever up.py was called
RUN_TARGET = "import sys; sys.path.insert(0, sys.argv[1]); from config.demo_target import main; sys.exit(main())"
# settings of a real installation that the demo must not see
LEFT_OUT_OF_DEMO = (
    "DATABASE_URL", "REDIS_URL", "EMAIL_", "TWILIO_", "PAGERDUTY_", "SLACK_", "SECRET_", "SIGNING_", "ENCRYPTION_", "FINGERPRINT_",
)  # fmt: skip


class Refusal(Exception):
    """Watchbook cannot start; the message is the sentence for the operator."""


def main(arguments: Sequence[str]) -> int:
    """Install and, unless told otherwise, run. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="up.py", description="Install Watchbook here and run it.")
    parser.add_argument("what", nargs="?", choices=("run", "install"), default="run")
    parser.add_argument("--dev", action="store_true", help="install the tools for tests and checks too")
    parser.add_argument(
        "--demo", action="store_true", help="run a made-up company in data-demo/, filled the first time"
    )
    chosen = parser.parse_args(arguments)
    try:
        if chosen.what == "install":
            install(ROOT / ".venv", dev=chosen.dev)
            return 0
        return run(demo=chosen.demo)
    except (Refusal, SettingError) as error:
        sys.stderr.write(f"Watchbook cannot start: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def run(*, demo: bool = False) -> int:
    """Check, install, prepare, supervise. demo: with a company that does not exist, in a folder of its own."""
    environ = demo_environment(os.environ) if demo else read_environment(ROOT)
    env = Env(environ)
    host, port = env.text("HOST", "127.0.0.1"), env.integer("PORT", 8000, least=1, most=65535)
    data_dir = env.path("DATA_DIR", ROOT / "data", shown="data")
    check_folder(data_dir)
    lock = take_folder(data_dir)
    check_port(host, port)
    python = install(ROOT / ".venv", dev=False)
    ensure_keys(data_dir)
    manage = (str(python), str(ROOT / "manage.py"))
    if demo:
        fill_demo(manage, environ)
    prepared = prepare(python, environ)
    children: dict[str, tuple[str, ...]] = {"web": (*manage, "web"), "engine": (*manage, "engine")}
    if prepared["demo"]:
        check_port("127.0.0.1", TARGET_PORT)
        children["demo target"] = (str(python), "-c", RUN_TARGET, str(ROOT))
    supervisor = Supervisor(children, child_environment(environ), say)
    code = supervisor.run(lambda: announce(env, host, port, prepared))
    lock.close()
    return code


# Before anything is installed --------------------------------------------------------------------------


def check_folder(folder: Path) -> None:
    """Make DATA_DIR and prove that it can be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Refusal(f"the data folder {folder} cannot be written ({error.strerror}). Set DATA_DIR.") from error


def take_folder(folder: Path) -> IO[str]:
    """Take the folder's lock for as long as the returned file is open: two engines on one file is one too many."""
    file = (folder / "up.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        raise Refusal(f"it already runs in {folder} (process {owner}).") from None
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file


def check_port(host: str, port: int) -> None:
    """Refuse a port somebody listens on, or that this user may not open."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except PermissionError:
            raise Refusal(f"this user may not open port {port}. Choose one above 1023 with PORT=.") from None
        except socket.gaierror:
            raise Refusal(f"HOST={host} is not an address of this machine.") from None
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise Refusal(f"HOST={host} is not an address of this machine.") from None
            raise Refusal(f"port {port} is in use by another program. Choose another with PORT=.") from None


# Installation ------------------------------------------------------------------------------------------


def install(venv: Path, *, dev: bool) -> Path:
    """Make the environment and install the lock if that was not done already; return its Python.

    The stamp names interpreter and lock, so a changed lock or a new Python installs again and
    everything else costs nothing.
    """
    python = venv / "bin" / "python"
    lock = ROOT / LOCKS[dev]
    stamp = venv / f".{lock.name}"
    mark = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if python.exists() and stamp.is_file() and stamp.read_text(encoding="ascii") == mark:
        return python
    say(f"Installing the packages of {lock.name}; the first time this takes about a minute.")
    make_venv(venv, python)
    install_lock(python, lock)
    stamp.write_text(mark, encoding="ascii")
    return python


def make_venv(venv: Path, python: Path) -> None:
    """Make the virtual environment with uv, if it is there, or with this Python's own module."""
    if python.exists() and succeeds([str(python), "-c", "pass"]):
        return
    uv = shutil.which("uv")
    if uv and succeeds([uv, "venv", "--quiet", "--allow-existing", "--seed", "--python", sys.executable, str(venv)]):
        return
    try:
        import ensurepip  # noqa: F401
        import venv as _venv  # noqa: F401
    except ImportError:
        raise Refusal(
            "this Python has no venv module. Install it (Debian and Ubuntu: apt install python3-venv) and run this again."
        ) from None
    try:
        venv.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"the folder {venv} cannot be written ({error.strerror}).") from error
    made = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "venv", "--clear", str(venv)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise Refusal(f"the virtual environment {venv} cannot be made: {last_line(made.stdout + made.stderr)}")


def install_lock(python: Path, lock: Path) -> None:
    """Install with uv if it is there, else with pip: wheels only, every hash checked, nothing resolved.

    The lock is complete, so the installer must not look for dependencies: older pips (23.2, of Python 3.11) then
    take the newest release that satisfies `coverage[toml]>=…`, find no hash for it and refuse.

    uv does not read pip's configuration, where a company's mirror is named, so pip is asked whenever uv fails.
    """
    uv = shutil.which("uv")
    rules = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock)]
    if uv and succeeds([uv, "pip", "install", "--quiet", "--python", str(python), *rules]):
        return
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", *rules]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise Refusal(f"the packages cannot be installed: {last_line(done.stderr)}")


def succeeds(command: Sequence[str]) -> bool:
    """Whether the command ends with 0."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def last_line(text: str) -> str:
    """Return the last line that says something: where tools put the reason."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given."


# Running -----------------------------------------------------------------------------------------------


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the children see: `.env` included, so that they need not find it themselves."""
    return {**environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}


def demo_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the demo: a folder, a database and keys of its own, and no way out to anybody.

    `.env` is not read: it speaks of the real installation, whose providers, database and signing key are not for this.
    """
    kept = {name: value for name, value in environ.items() if not name.startswith(LEFT_OUT_OF_DEMO)}
    return {**kept, "DATA_DIR": environ.get("DATA_DIR") or str(ROOT / "data-demo"), "WATCHBOOK_ENV_FILE": ""}


def fill_demo(manage: Sequence[str], environ: Mapping[str, str]) -> None:
    """Fill the demo unless it was filled before; what the command prints is for the person at the terminal."""
    done = subprocess.run(  # noqa: S603
        [*manage, "demo"], env=child_environment(environ), stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stderr if "Traceback" in done.stderr else "")
        raise Refusal(last_line(done.stderr).removeprefix("CommandError: "))


def prepare(python: Path, environ: Mapping[str, str]) -> dict[str, object]:
    """Migrate, collect static files, make a set-up link; return what `manage.py prepare` printed."""
    done = subprocess.run(  # noqa: S603
        [str(python), str(ROOT / "manage.py"), "prepare"],
        env=child_environment(environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stderr if "Traceback" in done.stderr else "")
        raise Refusal(last_line(done.stderr).removeprefix("Watchbook cannot start: ").removeprefix("CommandError: "))
    return json.loads(done.stdout.splitlines()[-1])


def announce(env: Env, host: str, port: int, prepared: Mapping[str, object]) -> None:
    """Say where Watchbook is as soon as it answers."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host if host != "0.0.0.0" else "127.0.0.1", port), timeout=1).close()  # noqa: S104
            break
        except OSError:
            time.sleep(0.05)
    say(f"Watchbook is at {env.web_address('PUBLIC_URL', f'http://127.0.0.1:{port}')}/")
    if prepared["setup"]:
        say(f"Set it up within the hour: {prepared['setup']}")
    say("Ctrl-C stops it.")
