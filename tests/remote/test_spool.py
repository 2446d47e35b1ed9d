"""The spool: what is in it is on the disk, survives a death at any instant, and leaves when it is answered for."""

import json

import pytest

from monitors.remote import spool as spool_module
from monitors.remote.spool import Batch, Spool


def batch(number, count=1):
    return Batch(f"b{number}", json.dumps({"number": number}), count)


def lines(folder):
    return [json.loads(line)["id"] for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def ids(spool, most=100, but=frozenset()):
    return [one.id for one in spool.waiting(most, but=but)]


def test_what_is_added_is_on_the_disk_and_comes_out_oldest_first(tmp_path):
    spool = Spool(tmp_path)
    for number in range(3):
        spool.add(batch(number, count=2))
    assert lines(tmp_path) == ["b0", "b1", "b2"]
    assert (ids(spool), ids(spool, 1), ids(spool, but={"b0"}), spool.count) == (
        ["b0", "b1", "b2"],
        ["b0"],
        ["b1", "b2"],
        6,
    )


def test_another_process_finds_it_again(tmp_path):
    for number in range(3):
        Spool(tmp_path).add(batch(number))
    assert ids(Spool(tmp_path)) == ["b0", "b1", "b2"]


def test_a_line_that_was_cut_off_by_a_death_costs_nothing_else(tmp_path):
    first = Spool(tmp_path)
    first.add(batch(0))
    (path,) = tmp_path.glob("*.jsonl")
    with path.open("ab") as file:
        file.write(b'{"id":"b1","bo')
    second = Spool(tmp_path)
    second.add(batch(2))
    assert ids(Spool(tmp_path)) == ["b0", "b2"]


def test_what_is_answered_leaves_the_disk(tmp_path):
    spool = Spool(tmp_path)
    for number in range(3):
        spool.add(batch(number))
    spool.drop(["b0", "b2", "never heard of"])
    assert ids(spool) == ["b1"]
    spool.drop(["b1"])
    assert (ids(spool), list(tmp_path.iterdir())) == ([], [])
    spool.add(batch(3))
    assert ids(Spool(tmp_path)) == ["b3"]


def test_full_segments_are_followed_by_new_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 60)
    spool = Spool(tmp_path)
    for number in range(4):
        spool.add(batch(number))
    assert len(list(tmp_path.iterdir())) > 1
    spool.drop(["b0", "b1"])
    assert ids(Spool(tmp_path)) == ["b2", "b3"]


def test_a_spool_that_is_full_lets_the_oldest_go_and_counts_it(tmp_path, monkeypatch):
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 60)
    monkeypatch.setattr(spool_module, "MOST_BYTES", 200)
    spool = Spool(tmp_path)
    for number in range(12):
        spool.add(batch(number))
    assert spool.dropped > 0
    assert ids(spool)[-1] == "b11"
    assert len(ids(spool)) + spool.dropped == 12


def test_a_disk_that_refuses_is_said_and_harms_nothing(tmp_path, monkeypatch):
    spool = Spool(tmp_path)
    spool.add(batch(0))
    real = spool_module.os.write

    def full(file, data):
        real(file, data[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool_module.os, "write", full)
    with pytest.raises(OSError, match="No space"):
        spool.add(batch(1))
    monkeypatch.setattr(spool_module.os, "write", real)
    spool.add(batch(2))
    assert ids(Spool(tmp_path)) == ["b0", "b2"] == ids(spool)
