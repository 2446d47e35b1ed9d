"""The smallest demo, filled once for all tests of this folder: each looks at it, none may change it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAST = {"PASSWORD_HASHERS": "md5"}


def manage(folder, *arguments, check=True):
    """Run a management command on the installation in a folder, as somebody at a terminal does."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environ = {**kept, "DATA_DIR": str(folder), "WATCHBOOK_ENV_FILE": "", "LOG_LEVEL": "error"}
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=environ, capture_output=True, text=True, check=check, timeout=600,
    )  # fmt: skip


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A demo of three weeks in a folder of its own, in the database of a real installation: SQLite."""
    folder = tmp_path_factory.mktemp("demo")
    told = manage(folder, "demo", "--size", "tiny", "--seed", "7")
    yield SimpleNamespace(folder=folder, said=told.stdout, manage=lambda *words, **more: manage(folder, *words, **more))
    shutil.rmtree(folder, ignore_errors=True)
