"""Pages: server time of every main page and API list with a year of history, and the number of their queries.

    python -m bench pages

Server time is the processor time of the request, the database's included, since SQLite runs inside the process:
what a shared machine does meanwhile is left out. The database is the demo at `--size bench` (500 monitors, a year, 1,000 incidents), built once in .bench/ and used again
until the code that makes it changes. The number of queries is compared with a demo of six monitors and three weeks:
a page whose queries grow with its rows has more of them here.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.child import ROOT, environment, told
from bench.figures import Figure, at_most

CACHE = ROOT / ".bench"
BAR_MS = 200


def run() -> Iterator[Figure]:
    """Yield the median of each page, then how many pages take more queries than on a small database."""
    big, small = (told("pages", environ=environment(built(size))) for size in ("bench", "tiny"))
    for name, one in big.items():
        yield at_most("pages", name, one["ms"], "ms", BAR_MS)
    few, many = most_queries(small), most_queries(big)
    worse = [name for name in many if many[name] > few.get(name, many[name])]
    for name in worse:
        sys.stderr.write(f"pages: {name} takes {few[name]} queries on the small demo and {many[name]} on the big one\n")
    yield at_most("pages", "pages whose queries grow with the rows", len(worse), "", 0)


def most_queries(pages: dict[str, dict[str, float]]) -> dict[str, float]:
    """The most queries that any page of a kind takes; the kind is what stands before the comma of its name.

    One incident has a note to look up and another one has not: it is the same page all the same.
    """
    most: dict[str, float] = {}
    for name, one in pages.items():
        kind = name.partition(",")[0]
        most[kind] = max(most.get(kind, 0), one["queries"])
    return most


def built(size: str) -> Path:
    """The folder of a demo of this size, made if it is not there yet."""
    folder = CACHE / f"{size}-{_mark()}"
    if (folder / "done").exists():
        return folder
    for old in CACHE.glob(f"{size}-*"):
        shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(parents=True)
    sys.stderr.write(f"pages: building the {size} demo in {folder}\n")
    began = time.monotonic()
    for command in (["demo", "--size", size], ["prepare"]):
        subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *command], env=environment(folder), stdout=sys.stderr, check=True
        )
    (folder / "done").write_text(f"{time.monotonic() - began:.0f} s\n")
    return folder


def _mark() -> str:
    """Stands for the code that makes the demo and the tables it goes into."""
    digest = hashlib.sha256()
    for path in sorted([*(ROOT / "config" / "demo").glob("*.py"), *ROOT.glob("*/migrations/*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
