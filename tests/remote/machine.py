"""The machine of a remote location, with a probe as a real process on it."""

import os
import subprocess
import sys
from pathlib import Path

from monitors.remote.parties import engine_keys
from tests.processes.peers import Process

ROOT = Path(__file__).resolve().parents[2]


class Remote:
    """The machine of a remote location: its environment has the broker and the engine's public key, and no more."""

    def __init__(self, folder, broker):
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        self.folder = folder
        self.environ = {
            **kept, "WATCHBOOK_ENV_FILE": "", "DATA_DIR": str(folder), "REDIS_URL": broker.url.replace("//", "//paris:a-password@"), "LOG_LEVEL": "info",
            "ENGINE_KEY": engine_keys().public.text, "HANDOVER_MS": "50",
        }  # fmt: skip
        self.log = folder / "probe.log"
        self.process = None

    def manage(self, *arguments, **environ):
        command = [sys.executable, str(ROOT / "manage.py"), "probe", *arguments]
        given = {name: value for name, value in {**self.environ, **environ}.items() if value}
        return subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=False)

    def start(self):
        command = [sys.executable, str(ROOT / "manage.py"), "probe", "--location", "paris"]
        self.process = Process("probe", command, self.environ, self.log).start()

    def kill(self):
        if self.process is not None:
            self.process.kill()

    @property
    def spooled(self):
        return sum(path.read_bytes().count(b"\n") for path in self.folder.glob("probes/paris/spool/*.jsonl"))
