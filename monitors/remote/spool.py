"""What a probe saw and could not deliver yet: append-only files, each line forced onto the disk before it is sent.

A segment is deleted when the engine has answered for every batch in it. After a restart whatever is left is sent again;
what the engine has already collapses there. No Django here.
"""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

SEGMENT_BYTES = 1_000_000
MOST_BYTES = 256_000_000


@dataclass
class _Segment:
    path: Path
    size: int = 0
    batches: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Batch:
    """One line: results of one hand-over. body: what is sent, as text."""

    id: str
    body: str
    count: int


class Spool:
    """Batches in order, oldest first. May be used from two threads: one adds, one sends and drops."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, Batch] = OrderedDict()
        self._segments: list[_Segment] = []
        self._file: int | None = None
        self.dropped = 0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in sorted(folder.glob("*.jsonl")):
            self._load(path)

    def add(self, batch: Batch) -> None:
        """Keep a batch: when this returns it is on the disk. Raises OSError when the disk refuses."""
        line = json.dumps({"id": batch.id, "body": batch.body, "count": batch.count}, separators=(",", ":")) + "\n"
        with self._lock:
            segment = self._open()
            try:
                _write(self._file_of(segment), line.encode())
            except OSError:
                self._close()  # half a line may stand there: the next one goes into a file of its own
                raise
            segment.size += len(line)
            segment.batches.add(batch.id)
            self._waiting[batch.id] = batch
            self._bound()

    def waiting(self, most: int, *, but: frozenset[str] | set[str] = frozenset()) -> list[Batch]:
        """The oldest batches that are not among `but`."""
        with self._lock:
            found = []
            for batch in self._waiting.values():
                if batch.id not in but:
                    found.append(batch)
                    if len(found) == most:
                        break
            return found

    def drop(self, ids: list[str] | tuple[str, ...]) -> None:
        """The engine has these."""
        with self._lock:
            for one in ids:
                if self._waiting.pop(one, None) is not None:
                    for segment in self._segments:
                        segment.batches.discard(one)
            for segment in [held for held in self._segments if not held.batches]:
                self._remove(segment)

    @property
    def count(self) -> int:
        """Results that wait."""
        with self._lock:
            return sum(batch.count for batch in self._waiting.values())

    def close(self) -> None:
        """Let go of the file; what is in it stays."""
        with self._lock:
            self._close()

    def _load(self, path: Path) -> None:
        segment = _Segment(path, path.stat().st_size)
        for line in path.read_bytes().splitlines():
            try:
                told = json.loads(line)
                batch = Batch(str(told["id"]), str(told["body"]), int(told["count"]))
            except (ValueError, KeyError, TypeError):
                continue  # the last line of a process that died while it wrote: it was never sent
            segment.batches.add(batch.id)
            self._waiting[batch.id] = batch
        self._segments.append(segment)
        if not segment.batches:
            self._remove(segment)

    def _open(self) -> _Segment:
        """The segment that is written to; a new one when the last is full or was left by an earlier process."""
        if self._file is not None and self._segments[-1].size < SEGMENT_BYTES:
            return self._segments[-1]
        self._close()
        last = int(self._segments[-1].path.stem) if self._segments else 0
        segment = _Segment(self._folder / f"{last + 1:08d}.jsonl")
        self._file = os.open(segment.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        _sync_folder(self._folder)
        self._segments.append(segment)
        return segment

    def _file_of(self, segment: _Segment) -> int:
        if self._file is None:
            raise OSError(f"{segment.path} is not open")
        return self._file

    def _bound(self) -> None:
        """The oldest segment goes when the spool is full: better than a full disk, and counted."""
        while len(self._segments) > 1 and sum(segment.size for segment in self._segments) > MOST_BYTES:
            oldest = self._segments[0]
            for one in oldest.batches:
                batch = self._waiting.pop(one, None)
                self.dropped += batch.count if batch else 0
            self._remove(oldest)

    def _remove(self, segment: _Segment) -> None:
        if segment is self._segments[-1]:
            self._close()
        self._segments.remove(segment)
        segment.path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
    os.fsync(file)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
