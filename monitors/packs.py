"""Packs: an hour of one monitor's samples in two or three bytes each, and its phase histograms beside them.

Pure, standard library only. The first byte is the format, so that a pack written today is read by every later
release; the bytes are described in docs/monitoring.md.
"""

from __future__ import annotations

import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, groupby, pairwise
from sys import byteorder
from typing import NamedTuple

HOUR_MS = 3_600_000
OUTCOMES = ("ok", "failed", "blocked", "missed")
RETRY = 0x80
PLAIN, DEFLATED = 1, 2
SHORTEST_DEFLATED = 64  # under this deflate makes nothing shorter, and costs more than all the rest
LARGEST = 0xFFFF_FFFF
FINE = 1  # histogram bins: two an octave, so a length is known to within a quarter
_FIRST = 3 - FINE  # how far eight, the first length that shares its bin, is shifted
_WIDTHS = ((0xFF, 1, "B"), (0xFFFF, 2, "H"), (LARGEST, 4, "I"))
_TYPE_OF = {width: code for _, width, code in _WIDTHS}


class PackError(ValueError):
    """The bytes are no pack of a format this release knows."""


class Sample(NamedTuple):
    """One slot as a pack keeps it. offset_ms: of the slot since the hour began, 0 to 3,599,999.

    lag_ms: how late it started, in whole milliseconds. total: how long it took, in tenths of a millisecond.
    """

    offset_ms: int
    outcome: str
    retry: bool
    lag_ms: int
    total: int


def encode(samples: Sequence[Sample]) -> bytes:
    """Pack samples, in the order of their slots. Values above 2^32 - 1 are kept as that. Raises PackError."""
    offsets = [sample.offset_ms for sample in samples]
    if any(later < earlier for earlier, later in pairwise(offsets)):
        raise PackError("samples are packed in the order of their slots")
    codes = [_code(sample) for sample in samples]
    return join(head(offsets, codes), columns([s.lag_ms for s in samples], [s.total for s in samples]))


def head(offsets: Sequence[int], codes: Sequence[int]) -> bytes:
    """The first part of a pack: how many samples, their slots and their result codes, both as runs."""
    out = bytearray(varint(len(offsets)))
    for value, run in _runs([later - earlier for earlier, later in pairwise((0, *offsets))]):
        out += varint(value) + varint(run)
    for value, run in _runs(codes):
        out.append(value)
        out += varint(run)
    return bytes(out)


def columns(lags: Sequence[int], totals: Sequence[int]) -> tuple[int, bytes]:
    """The second part and its format: lags and totals as columns, each above its least value and as narrow as that."""
    measured = _column(lags) + _column(totals)
    deflated = _deflate(measured) if len(measured) >= SHORTEST_DEFLATED else measured
    return (DEFLATED, deflated) if len(deflated) < len(measured) else (PLAIN, measured)


def join(first: bytes, second: tuple[int, bytes]) -> bytes:
    """A pack out of its two parts."""
    return bytes((second[0],)) + first + second[1]


def decode(pack: bytes) -> list[Sample]:
    """The samples of a pack. Raises PackError for bytes that are none."""
    try:
        return _decode(pack)
    except (IndexError, ValueError, zlib.error) as error:
        raise PackError(f"not a pack: {error}") from error


def slots(pack: bytes) -> list[tuple[int, str, bool]]:
    """Slot, outcome and whether it was a retry of every sample, without the measured half. Raises PackError."""
    try:
        steps, codes, _ = _slots(pack)
    except (IndexError, ValueError) as error:
        raise PackError(f"not a pack: {error}") from error
    return [
        (slot, OUTCOMES[code & ~RETRY], bool(code & RETRY)) for slot, code in zip(accumulate(steps), codes, strict=True)
    ]


def good_totals(pack: bytes) -> list[int]:
    """Totals of the good samples that are no retries, in tenths of a millisecond, without their slots. Raises PackError."""
    try:
        _, codes, at = _slots(pack)
        rest, count = _measured(pack, at), len(codes)
        _, end = _values(rest, 0, count)
        totals, _ = _values(rest, end, count)
    except (IndexError, ValueError, zlib.error) as error:
        raise PackError(f"not a pack: {error}") from error
    return [total for code, total in zip(codes, totals, strict=True) if not code]


def _slots(pack: bytes) -> tuple[list[int], list[int], int]:
    """Steps from slot to slot, codes, and where the measured half begins."""
    if not pack or pack[0] not in (PLAIN, DEFLATED):
        raise PackError(f"format {pack[0] if pack else 'none'} is not known here")
    count, at = _read(pack, 1)
    steps, at = _expand(pack, at, count, number=True)
    codes, at = _expand(pack, at, count, number=False)
    return steps, codes, at


def _measured(pack: bytes, at: int) -> bytes:
    return pack[at:] if pack[0] == PLAIN else zlib.decompress(pack[at:], -zlib.MAX_WBITS)


def _decode(pack: bytes) -> list[Sample]:
    offsets, codes, at = _slots(pack)
    count = len(codes)
    rest = _measured(pack, at)
    lags, end = _values(rest, 0, count)
    totals, end = _values(rest, end, count)
    if end != len(rest):
        raise PackError("bytes are left over")
    slot, samples = 0, []
    for step, code, lag, total in zip(offsets, codes, lags, totals, strict=True):
        slot += step
        samples.append(Sample(slot, OUTCOMES[code & ~RETRY], bool(code & RETRY), lag, total))
    return samples


# Histograms of phases ------------------------------------------------------------------------------


def bin_of(us: int) -> int:
    """The bin of a length in microseconds: exact below eight, then two bins an octave."""
    if us < 8:
        return max(us, 0)
    shift = us.bit_length() - 1 - FINE
    return ((shift - _FIRST) << FINE) + (us >> shift) - (1 << FINE) + 8


def least_of(number: int) -> int:
    """The least length in microseconds that falls into a bin."""
    if number < 8:
        return number
    shift, rest = divmod(number - 8, 1 << FINE)
    return ((1 << FINE) + rest) << (shift + _FIRST)


def encode_phases(phases: Iterable[Iterable[int]]) -> bytes:
    """Lengths in microseconds, phase after phase, as one histogram each: bins with their counts, empty ones left out."""
    out = bytearray()
    for lengths in phases:
        counted = sorted(Counter(map(bin_of, lengths)).items())
        out += varint(len(counted))
        last = 0
        for number, count in counted:
            out += varint(number - last) + varint(count)
            last = number
    return bytes(out)


def decode_phases(packed: bytes) -> list[Mapping[int, int]]:
    """The histograms that `encode_phases` wrote: bin → count, phase after phase. Raises PackError."""
    found: list[Mapping[int, int]] = []
    at, packed = 0, bytes(packed)
    try:
        while at < len(packed):
            entries, at = _read(packed, at)
            number, counted = 0, {}
            for _ in range(entries):
                step, at = _read(packed, at)
                counted[number := number + step], at = _read(packed, at)
            found.append(counted)
    except IndexError as error:
        raise PackError("a histogram ends early") from error
    return found


# Numbers -------------------------------------------------------------------------------------------


def varint(value: int) -> bytes:
    """A whole number of 0 or more, seven bits a byte, the lowest first."""
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _code(sample: Sample) -> int:
    try:
        return OUTCOMES.index(sample.outcome) | (RETRY if sample.retry else 0)
    except ValueError:
        raise PackError(f"{sample.outcome!r} is no outcome; one of {', '.join(OUTCOMES)}") from None


def _runs(values: Iterable[int]) -> Iterator[tuple[int, int]]:
    return ((value, sum(1 for _ in same)) for value, same in groupby(values))


def _expand(data: bytes, at: int, count: int, *, number: bool) -> tuple[list[int], int]:
    """Values written as runs; `number`: as varints, else as single bytes."""
    values: list[int] = []
    while len(values) < count:
        value, at = _read(data, at) if number else (data[at], at + 1)
        run, at = _read(data, at)
        if not 0 < run <= count - len(values):
            raise PackError("a run does not fit")
        values += [value] * run
    return values, at


def _column(values: Sequence[int]) -> bytes:
    """Width, least value, then what each value has above it; the bytes of one significance stand together."""
    least = min(values, default=0)
    span = max(values, default=0) - least
    if not span:
        return b"\x00" + varint(min(least, LARGEST))
    if least + span > LARGEST:
        return _column([min(value, LARGEST) for value in values])
    width, code = next((width, code) for most, width, code in _WIDTHS if span <= most)
    if width == 1:
        return bytes((1, *varint(least), *[value - least for value in values]))
    held = array(code, [value - least for value in values])
    if byteorder == "big":
        held.byteswap()
    raw = held.tobytes()
    return bytes((width, *varint(least))) + b"".join(raw[place::width] for place in range(width))


def _values(data: bytes, at: int, count: int) -> tuple[Sequence[int], int]:
    width = data[at]
    least, at = _read(data, at + 1)
    if width == 0:
        return [least] * count, at
    end = at + width * count
    if width not in _TYPE_OF or end > len(data):
        raise PackError("a column does not fit")
    raw = bytearray(width * count)
    for place in range(width):
        raw[place::width] = data[at + place * count : at + (place + 1) * count]
    held = array(_TYPE_OF[width], bytes(raw))
    if byteorder == "big":
        held.byteswap()
    return [least + value for value in held], end


def _deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, 5)
    return squeeze.compress(data) + squeeze.flush()
