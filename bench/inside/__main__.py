"""Set Django up, then call `main(…)` of one module of this package: `python -m bench.inside availability`.

The modules import Django's models at their top, so they are imported after the set-up and not before.
"""

from __future__ import annotations

import importlib
import os
import sys

import django

from bench.inside.stopped import stop_the_clock

# what has to be done while nobody has taken hold of the clock yet
FIRST = {"pages": stop_the_clock}


def main(name: str, *arguments: str) -> None:
    """Run one."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if name in FIRST:
        FIRST[name]()
    django.setup()
    importlib.import_module(f"bench.inside.{name}").main(*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
