"""Writes a pack file by file, in pieces, hashing as it goes: a pack may be larger than memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ledger.cells import csv_line, csv_text, json_object
from ledger.tables import Table
from ledger.texts import REMOVED

SUMS, SIGNATURE = "SHA256SUMS", "SHA256SUMS.sig"


@dataclass(frozen=True)
class Made:
    """One table or day file as it was written: a row of the sheet that says how each was made."""

    file: str
    rows: int
    first_id: str
    last_id: str
    query: str
    version: int
    words: str
    parameters: dict[str, str]
    escaped: int = 0
    redacted: int = 0


@dataclass
class Writer:
    """A folder being filled. `sums`: SHA-256 of each file by path."""

    folder: Path
    sums: dict[str, str] = field(default_factory=dict)

    def text(self, path: str, text: str) -> None:
        """Write a small file."""
        self.pieces(path, [text])

    def pieces(self, path: str, parts: Iterable[str]) -> None:
        """Write a file piece by piece."""
        with _File(self, path) as file:
            for part in parts:
                file.write(part)

    def raw(self, path: str, data: bytes) -> None:
        """Write bytes."""
        with _File(self, path) as file:
            file.write_bytes(data)

    def table(self, table: Table) -> Made:
        """Write a table as CSV, the reference copy, and as JSON; rows are read once."""
        rows, escaped, redacted, first, last = 0, 0, 0, "", ""
        named = next((at for at, name in enumerate(table.columns) if name.endswith("_id")), 0)
        with ExitStack() as stack:
            csv = stack.enter_context(_File(self, f"{table.path}.csv"))
            as_json = stack.enter_context(_File(self, f"{table.path}.json"))
            csv.write(csv_line(table.header)[0])
            as_json.write("[")
            for row in table.rows():
                line, more = csv_line(row)
                csv.write(line)
                as_json.write((",\n" if rows else "\n") + json_object(table.header, row))
                rows, escaped, redacted = rows + 1, escaped + more, redacted + list(row).count(REMOVED)
                last = csv_text(row[named])
                first = first or last
            as_json.write("\n]\n")
        return Made(
            f"{table.path}.csv",
            rows,
            first,
            last,
            table.query,
            table.version,
            table.words,
            table.parameters,
            escaped,
            redacted,
        )

    def listing(self) -> str:
        """The text of SHA256SUMS: every file but itself and its signature, sorted, as `sha256sum -c` reads it."""
        return "".join(f"{digest}  {path}\n" for path, digest in sorted(self.sums.items()))


class _File:
    """One file of the pack while it is written; on the disk when it is closed."""

    def __init__(self, writer: Writer, path: str) -> None:
        self.writer, self.path, self.digest = writer, path, hashlib.sha256()

    def __enter__(self) -> _File:
        target = self.writer.folder / self.path
        target.parent.mkdir(parents=True, exist_ok=True)
        self.file: BinaryIO = target.open("xb")
        return self

    def write(self, text: str) -> None:
        """A lone surrogate is no text to any file; its escape says the same. Damaged bytes of the chain stay as they are."""
        self.write_bytes(text.encode("utf-8", "surrogateescape"))

    def write_bytes(self, data: bytes) -> None:
        self.digest.update(data)
        self.file.write(data)

    def __exit__(self, *failure: object) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        self.writer.sums[self.path] = self.digest.hexdigest()
