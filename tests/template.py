"""An empty database with all migrations done, made once and copied: doing them costs a quarter of a minute of a core each time.

Kept in pytest's cache under a digest of every migration and of the packages, so that a change of either makes a new one.
"""

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".pytest_cache" / "databases"
CLONED = "watchbook_migrated_"


def copy_to(target: Path) -> None:
    """Put a copy at `target`, an SQLite file that does not exist yet."""
    shutil.copyfile(_template(), target)


def _template() -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    made = CACHE / f"{_digest()}.sqlite3"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker makes it, the others wait
        if not made.exists():
            for old in CACHE.glob("*.sqlite3"):
                old.unlink()
            _make(made)
    return made


def clone(server: str, name: str) -> None:
    """Make a database `name` on the PostgreSQL server of a URL, as a copy of one whose migrations are done."""
    made = f"{CLONED}{_digest()}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock, psycopg.connect(server, autocommit=True) as line:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = [
            row[0] for row in line.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [CLONED])
        ]
        if made not in known:
            for old in known:
                line.execute(f'DROP DATABASE IF EXISTS "{old}"')
            line.execute(f'CREATE DATABASE "{made}"')
            try:
                _migrate(DATABASE_URL=urlunsplit(urlsplit(server)._replace(path=f"/{made}")))
            except BaseException:
                line.execute(f'DROP DATABASE "{made}" WITH (FORCE)')
                raise
        line.execute(f'CREATE DATABASE "{name}" TEMPLATE "{made}"')


def _digest() -> str:
    digest = hashlib.sha256()
    for source in [*sorted(ROOT.glob("*/migrations/*.py")), *sorted(ROOT.glob("requirements*.lock"))]:
        digest.update(f"{source.relative_to(ROOT)}\0".encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _make(made: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="watchbook-template-") as folder:
        _migrate(DATA_DIR=folder)
        with closing(sqlite3.connect(Path(folder) / "watchbook.sqlite3")) as database:
            draft = made.with_suffix(".draft")
            draft.unlink(missing_ok=True)
            database.execute("VACUUM INTO ?", (str(draft),))  # one file, whatever is still in the log beside it
            draft.rename(made)


def _migrate(**settings: str) -> None:
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "WATCHBOOK_ENV_FILE": ""}
    for name in ("DATABASE_URL", "REDIS_URL"):
        environ.pop(name, None)
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"],
        env=environ | settings, cwd=ROOT, check=True,
    )  # fmt: skip
