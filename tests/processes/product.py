"""The product, started as an operator starts it: embedded under its supervisor, or grown on PostgreSQL and Redis.

Time is scaled by settings alone. Nothing of the product is imported here but what runs in the child processes.
"""

import base64
import os
import subprocess
import sys
import threading
from pathlib import Path

from tests import template
from tests.processes.peers import Process, answers, free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
KEY = base64.b64encode(b"p" * 32).decode()

# `up.py` without its installation: the packages are those of this test run. The back-off is scaled like all time.
UP = """
import sys
from pathlib import Path
from config import bootstrap, supervisor
bootstrap.install = lambda venv, dev: Path(sys.executable)
supervisor.FIRST_WAIT_S, supervisor.LONGEST_WAIT_S = 0.2, 0.5
sys.exit(bootstrap.main([]))
"""

FAST = {
    "TICK_S": "0.25",
    "WATCHDOG_AFTER_S": "1.5",
    "PLAN_WINDOW_S": "1",
    "HANDOVER_MS": "100",
    "SEND_DEADLINE_S": "2",
    "SEND_LEASE_S": "3",
    "RETRY_DELAYS_S": "0.5,1,2",
    "RECONCILE_AFTER_S": "2",
    # one phone stands for many people's here
    "PAGE_LIMITS_SMS": "none",
    "PAGE_LIMITS_VOICE": "none",
    "PAGE_LIMITS_EMAIL": "none",
    "TWILIO_TEXTS_PER_S": "0",
    "TWILIO_CALLS_PER_S": "0",
}


class Product:
    """What both ways of running have in common. `folder` holds data and logs; `pace` the settings that scale time."""

    def __init__(self, folder, twilio, smtp, *, pace=FAST, **settings):
        self.folder = Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "log"
        self.armed = self.folder / "fail_point"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(ROOT),
            "WATCHBOOK_ENV_FILE": "",
            "DATA_DIR": str(self.folder / "data"),
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "EMAIL_URL": smtp.url,
            "TWILIO_ACCOUNT_SID": twilio.account,
            "TWILIO_AUTH_TOKEN": twilio.auth_token,
            "TWILIO_FROM": twilio.number,
            "TWILIO_BASE_URL": twilio.url,
            "FAIL_POINTS_ENABLED": "yes",
            "WATCHBOOK_FAIL_POINT_FILE": str(self.armed),
            "LOG_LEVEL": "warning",
            **pace,
            **settings,
        }

    database_file = None

    def manage(self, *arguments, stdin="", check=True):
        """Run a management command; return what it wrote to standard output, or the whole result without `check`."""
        done = subprocess.run(
            [PYTHON, str(ROOT / "manage.py"), *arguments],
            env=self.environ, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if not check:
            return done
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout.strip()

    def wait_until_ready(self):
        wait_for("the web process answers", lambda: answers(self.port), within=90)

    def arm(self, fail_point):
        """Let the next process that reaches the place die there."""
        draft = self.armed.with_suffix(".draft")
        draft.write_text(fail_point)
        draft.rename(self.armed)

    @property
    def struck(self):
        """Whether the armed place was reached, and somebody died there."""
        return not self.armed.exists()

    def disarm(self):
        self.armed.unlink(missing_ok=True)

    def said(self):
        """The log of all processes, for the message of a failed test."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""


class Embedded(Product):
    """`python3 up.py`: one supervisor, a web and an engine process, SQLite."""

    database_file = property(lambda self: self.folder / "data" / "watchbook.sqlite3")
    _up = None

    def prepare(self):
        """Make keys and database; the first start does the same."""
        self.manage("prepare")
        return self

    def migrated(self):
        """Begin with a database whose migrations are done; the first start of all does them itself."""
        self.database_file.parent.mkdir(mode=0o700, exist_ok=True)
        template.copy_to(self.database_file)
        return self

    def start(self):
        self._up = Process("up", [PYTHON, "-c", UP], self.environ, self.log)
        self._up.start()
        self.wait_until_ready()
        return self

    def children(self):
        """Process ids of web and engine, by name, as the system knows them."""
        found = {}
        for pid in Path(f"/proc/{self._up.popen.pid}/task/{self._up.popen.pid}/children").read_text().split():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            found[command[-2].decode()] = int(pid)
        return found

    def kill_everything(self):
        """As a power cut: SIGKILL for supervisor, web and engine at once."""
        pids = [self._up.popen.pid, *self.children().values()]
        for pid in pids:
            kill_tree(pid)
        self._up.popen.wait()
        # a worker started by another thread is no child in /proc; it ends by its lifeline, a moment later
        wait_for("nothing answers any more", lambda: not answers(self.port), within=10)

    def stop(self):
        if self._up is not None:
            self._up.stop()


class Grown(Product):
    """PostgreSQL and Redis: a web process, two workers, two beats; whoever dies is started again, as systemd does."""

    def __init__(self, folder, twilio, smtp, database, broker, **settings):
        keys = dict.fromkeys(("SECRET_KEY", "FINGERPRINT_KEY", "SIGNING_KEY", "SEAL_KEY"), KEY)
        where = {"DATABASE_URL": database.url, "REDIS_URL": broker.url, "DATABASE_POOL": "16"}
        super().__init__(folder, twilio, smtp, **keys, ENCRYPTION_KEYS=f"k1:{KEY}", **where, **settings)
        celery = [PYTHON, "-m", "celery", "-A", "config"]
        queues = ["-Q", "engine,deliver,slow,probe.local", "-P", "threads", "-c", "8"]
        commands = {
            "web": [PYTHON, str(ROOT / "manage.py"), "web"],
            **{f"worker{n}": [*celery, "worker", "-n", f"worker{n}@here", *queues] for n in (1, 2)},
            **{f"beat{n}": [*celery, "beat"] for n in (1, 2)},
        }
        self.processes = {name: Process(name, command, self.environ, self.log) for name, command in commands.items()}
        self._stopping = threading.Event()
        self._held_down = set()
        self._keeper = None

    def prepare(self):
        self.manage("prepare")
        return self

    def start(self):
        self._stopping.clear()
        self._held_down.clear()
        for process in self.processes.values():
            process.start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()
        self.wait_until_ready()
        return self

    def _keep(self):
        while not self._stopping.wait(0.2):
            for name, process in self.processes.items():
                if not process.alive and name not in self._held_down:
                    process.start()

    def hold_down(self, *names):
        """Kill these and do not start them again."""
        self._held_down.update(names)
        for name in names:
            self.processes[name].kill()

    def release(self):
        """Let those that were held down be started again."""
        self._held_down.clear()

    def kill_everything(self):
        self._stopping.set()
        self._keeper.join()
        for process in self.processes.values():
            process.kill()

    def stop(self):
        self._stopping.set()
        if self._keeper is None:
            return
        self._keeper.join()
        for process in self.processes.values():
            process.popen.terminate()
        for process in self.processes.values():
            process.stop()


def kill_tree(pid):
    """SIGKILL for a process and all that it started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        return
    for child in children:
        kill_tree(int(child))
