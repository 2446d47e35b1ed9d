"""What goes into a pack comes out of it, whatever an hour held; what is no pack is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.packs import (
    HOUR_MS,
    LARGEST,
    OUTCOMES,
    PackError,
    Sample,
    bin_of,
    decode,
    decode_phases,
    encode,
    encode_phases,
    least_of,
    varint,
)

samples = st.builds(
    Sample,
    offset_ms=st.integers(0, HOUR_MS - 1),
    outcome=st.sampled_from(OUTCOMES),
    retry=st.booleans(),
    lag_ms=st.integers(0, 5) | st.integers(0, LARGEST),
    total=st.integers(1_200, 1_900) | st.integers(0, LARGEST),
)
hours = st.lists(samples, max_size=80).map(sorted)


@given(hours)
def test_an_hour_comes_out_as_it_went_in(hour):
    assert decode(encode(hour)) == hour


@given(st.integers(0, HOUR_MS // 60 - 1), st.lists(st.integers(1_000, 1_255), min_size=60, max_size=60))
def test_an_ordinary_hour_takes_less_than_two_bytes_a_sample(phase, totals):
    hour = [Sample(phase + minute * 60_000, "ok", False, 1, total) for minute, total in enumerate(totals)]
    assert len(encode(hour)) < 120


def test_a_value_too_large_for_its_column_is_kept_as_the_largest():
    assert decode(encode([Sample(0, "ok", False, 2**40, 3), Sample(1, "ok", False, 5, 2**33)])) == [
        Sample(0, "ok", False, LARGEST, 3),
        Sample(1, "ok", False, 5, LARGEST),
    ]


@given(hours.filter(bool), st.data())
def test_a_pack_cut_short_is_refused(hour, data):
    packed = encode(hour)
    cut = packed[: data.draw(st.integers(0, len(packed) - 1))]
    with pytest.raises(PackError):
        decode(cut)


@given(st.binary(max_size=60))
def test_garbage_is_refused_or_read_and_nothing_else(garbage):
    try:
        decode(garbage)
        decode_phases(garbage)
    except PackError as error:
        assert str(error)


def test_a_format_of_a_later_release_is_named():
    with pytest.raises(PackError, match="format 9 is not known"):
        decode(b"\x09rest")


def test_samples_out_of_order_and_unknown_outcomes_are_refused():
    with pytest.raises(PackError, match="order"):
        encode([Sample(5, "ok", False, 0, 0), Sample(4, "ok", False, 0, 0)])
    with pytest.raises(PackError, match="'fine' is no outcome"):
        encode([Sample(5, "fine", False, 0, 0)])


@given(st.lists(st.lists(st.integers(0, 60_000_000), max_size=60), max_size=6))
def test_a_histogram_counts_every_length_once(phases):
    told = decode_phases(encode_phases(phases))
    assert [sum(counted.values()) for counted in told] == [len(lengths) for lengths in phases]


@given(st.integers(0, 10**9))
def test_a_bin_holds_its_lengths_and_is_no_wider_than_half_of_them(us):
    least, above = least_of(bin_of(us)), least_of(bin_of(us) + 1)
    assert least <= us < above
    assert above - least <= max(1, us / 2)


@given(st.integers(0, 2**63))
def test_a_number_has_seven_bits_a_byte(value):
    assert len(varint(value)) == max(1, -(-value.bit_length() // 7))
