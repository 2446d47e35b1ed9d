"""The folder docs/ beside manage.py: which pages and pictures there are, and each page rendered once per content.

Only names that the folder lists are ever opened, so nothing that stands in an address can lead out of it.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

from django.conf import settings

from config.docs.render import Rendered, render

FOLDER: Path = settings.BASE_DIR / "docs"
INDEX = "index"
PAGE_FILE = re.compile(r"([a-z][a-z0-9-]*)\.md")
PICTURE_FILE = re.compile(r"[a-z0-9][a-z0-9-]*\.png")

_kept: dict[str, tuple[str, Rendered]] = {}  # name → (SHA-256 of the file, what was made of it)


def names() -> list[str]:
    """The pages, without `.md`, in alphabetical order."""
    return sorted(match[1] for path in _listed(FOLDER) if (match := PAGE_FILE.fullmatch(path.name)))


def page(name: str) -> Rendered | None:
    """The page of this name as it stands on the disk now; None if there is none."""
    if name not in names():
        return None
    content = (FOLDER / f"{name}.md").read_bytes()
    digest = sha256(content).hexdigest()
    kept = _kept.get(name)
    if kept is None or kept[0] != digest:
        kept = _kept[name] = (digest, render(content.decode()))
    return kept[1]


def picture(name: str) -> Path | None:
    """The file of a picture that pages show; None if there is none."""
    found = (path for path in _listed(FOLDER / "pictures") if path.name == name)
    return next((path for path in found if PICTURE_FILE.fullmatch(path.name)), None)


def _listed(folder: Path) -> list[Path]:
    """The files of a folder, none if it is not there: an installation without docs/ still works."""
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
