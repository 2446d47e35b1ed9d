"""`make bench NAME=idle`: run one bench, or all; each figure is one JSON line on standard output.

A bench is a module of this folder with `run() -> Iterator[Figure]`; a soak is one with `soak()`. What it measures in a
process with Django stands in the package `inside`.
Progress goes to standard error. Exit code 1 if a bar does not hold.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from bench.figures import show

FOLDER = Path(__file__).parent
NO_BENCH = {"__init__", "__main__", "chain", "child", "figures", "house", "peers", "target"}


def names() -> list[str]:
    """Return the benches of this folder."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in NO_BENCH)


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("name", nargs="?", choices=names(), help="one bench; all without it")
    parser.add_argument("--soak", action="store_true", help="run the long form")
    chosen = parser.parse_args()
    good = True
    for name in [chosen.name] if chosen.name else names():
        module = importlib.import_module(f"bench.{name}")
        measure = getattr(module, "soak" if chosen.soak else "run", None)
        if measure is None:
            sys.stderr.write(f"{name}: nothing to soak\n" if chosen.soak else f"{name}: no run()\n")
            continue
        sys.stderr.write(f"{name} …\n")
        for figure in measure():
            good = show(figure) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
