"""The part of a bench that measures, in a process of its own: it has Django and none of this machine's settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def environment(folder: Path | str, *more: str) -> dict[str, str]:
    """What a process on this data folder gets to see; `more` names variables it keeps besides."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", *more)}
    return {**kept, "DATA_DIR": str(folder), "WATCHBOOK_ENV_FILE": "", "LOG_LEVEL": "error"}


def command(name: str, *arguments: str) -> list[str]:
    """Start `bench.inside.NAME`; the process belongs into ROOT."""
    return [sys.executable, "-m", "bench.inside", name, *arguments]


def told(name: str, *arguments: str, environ: dict[str, str]) -> Any:
    """Run `bench.inside.NAME` to its end and return the JSON of its last line."""
    done = subprocess.run(
        command(name, *arguments), cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])
