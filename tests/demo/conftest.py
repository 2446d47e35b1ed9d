"""The smallest demo, filled once for all tests of this folder: each looks at it, none may change it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]


def manage(folder, *arguments, check=True):
    """Run a management command on the installation in a folder, as somebody at a terminal does."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environ = {**kept, "DATA_DIR": str(folder), "WATCHBOOK_ENV_FILE": "", "LOG_LEVEL": "error"}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0 or not check, done.stderr[-2_000:]
    return done


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A demo of three weeks in a folder of its own, in the database of a real installation: SQLite."""
    folder = tmp_path_factory.mktemp("demo")
    told = manage(folder, "demo", "--size", "tiny", "--seed", "7")
    manage(folder, "prepare")
    yield SimpleNamespace(folder=folder, said=told.stdout, manage=lambda *words, **more: manage(folder, *words, **more))
    shutil.rmtree(folder, ignore_errors=True)
