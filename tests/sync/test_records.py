"""Records: one fact, one spelling; whatever else arrives is refused and harms nobody."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import Malformed
from sync.records import (
    NodeNotice,
    Record,
    TicketIssued,
    decode,
    encode,
    frame,
    read_all,
    readable,
)
from sync.records.codec import MOST_BYTES
from tests.sync.strategies import records
from tests.vectors import examples

SPEND = examples.RECORDS[2]
DATA = examples.BYTES[2]
ISSUED = examples.RECORDS[5]


def elements(data: bytes = DATA) -> list[Any]:
    """The record as nested lists, to be spoiled."""
    whole: list[Any] = msgspec.msgpack.decode(data)
    return whole


def spoiled(path: tuple[int, ...], value: object) -> bytes:
    whole = elements()
    at = whole
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return msgspec.msgpack.encode(whole)


@given(records)
def test_every_record_reads_back_as_itself(record: Record) -> None:
    data = encode(record)

    assert decode(data) == record
    assert encode(decode(data)) == data


@given(records, records)
def test_two_facts_never_share_bytes(one: Record, other: Record) -> None:
    assert (encode(one) == encode(other)) == (one == other)


@given(records, st.data())
def test_one_changed_byte_is_another_record_or_none(record: Record, data: st.DataObject) -> None:
    good = encode(record)
    place = data.draw(st.integers(0, len(good) - 1))
    changed = bytearray(good)
    changed[place] ^= data.draw(st.integers(1, 255))

    try:
        read = decode(bytes(changed))
    except Malformed:
        return
    assert read != record
    assert encode(read) == bytes(changed)


@given(st.binary(max_size=300))
def test_foreign_bytes_are_refused_in_words(data: bytes) -> None:
    frame(data)
    try:
        record = decode(data)
    except Malformed:
        return
    assert encode(record) == data


@given(st.lists(records.map(encode) | st.binary(max_size=20), max_size=6), st.integers(0, 400))
def test_what_comes_together_is_read_as_each_by_itself(rows: list[bytes], shift: int) -> None:
    assert read_all(rows) == list(map(readable, rows))

    together = b"".join(rows)  # cut elsewhere: the same bytes, and other records
    moved = [together[:shift], together[shift:]]
    assert read_all(moved) == list(map(readable, moved))


def test_the_kind_is_what_stands_in_the_bytes() -> None:
    assert [record.kind for record in examples.RECORDS] == [
        elements(data)[6][0] for data in examples.BYTES
    ]


@given(records)
def test_the_outside_of_a_record_can_be_read_without_its_body(record: Record) -> None:
    outside = frame(encode(record))

    assert outside is not None
    assert (outside.node, outside.epoch, outside.seq) == (record.node, record.epoch, record.seq)
    assert outside.prev == record.prev


@pytest.mark.parametrize("path", [(), (5,), (6,), (6, 7)])
def test_a_missing_or_an_extra_element_is_refused(path: tuple[int, ...]) -> None:
    for change in ("missing", "extra"):
        whole = elements()
        at = whole
        for step in path:
            at = at[step]
        if change == "missing":
            at.pop()
        else:
            at.append(0)
        with pytest.raises(Malformed, match="not a record"):
            decode(msgspec.msgpack.encode(whole))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param((6, 0), "spent", id="unknown kind"),
        pytest.param((6, 0), 3, id="a kind that is a number"),
        pytest.param((0,), 0, id="version 0"),
        pytest.param((0,), 2, id="a version of tomorrow"),
        pytest.param((1,), "141305-b2108-1111", id="small letters in a node"),
        pytest.param((1,), "１４１３０５-B2108-1111", id="full-width digits in a node"),
        pytest.param((1,), "141305-B2108-1111\n", id="a line feed behind a node"),
        pytest.param((2,), "0-0123456789abcdef", id="epoch 0"),
        pytest.param((2,), "3-0123456789abcdef\n", id="a line feed behind an epoch"),
        pytest.param((3,), 0, id="seq 0"),
        pytest.param((3,), 2**53, id="seq too large"),
        pytest.param((3,), 3.0, id="a float"),
        pytest.param((3,), True, id="a boolean"),
        pytest.param((3,), "3", id="a number as text"),
        pytest.param((3,), None, id="nothing"),
        pytest.param((4,), bytes(33), id="a digest too long"),
        pytest.param((5, 0), -1, id="a moment before 1970"),
        pytest.param((5, 0), 2**63, id="a moment no database holds"),
        pytest.param((5, 1), 4, id="an unknown clock state"),
        pytest.param((5, 2), 2**64 - 1, id="a hub time no database holds"),
        pytest.param((6, 1), "14130", id="a municipality too short"),
        pytest.param((6, 1), "141305\n", id="a line feed behind a municipality"),
        pytest.param((6, 1), "१४१३०५", id="digits of another script"),
        pytest.param((6, 2), "00112233445566FF", id="capitals in an account"),
        pytest.param((6, 3), 0, id="no points"),
        pytest.param((6, 3), -300, id="less than no points"),
        pytest.param((6, 3), 10_000_000, id="too many points"),
        pytest.param((6, 3), 300.0, id="points as a float"),
        pytest.param((6, 4), "T1", id="an unknown tier"),
        pytest.param((6, 5), bytes(31), id="a card digest too short"),
        pytest.param((6, 6), -1, id="a negative attempt"),
        pytest.param((6, 7, 1), 2**31 + 1, id="an incarnation too large"),
        pytest.param((6, 7, 5), [[1, 0]], id="an expiry of no points"),
        pytest.param((6, 7, 5), [[1, 1]] * 65, id="too many expiries"),
    ],
)
def test_a_value_out_of_bounds_is_refused(path: tuple[int, ...], value: object) -> None:
    with pytest.raises(Malformed):
        decode(spoiled(path, value))
    assert read_all([DATA, spoiled(path, value), DATA]) == [SPEND, None, SPEND]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param((3,), 2**53 - 1, id="the last seq"),
        pytest.param((6, 3), 9_999_999, id="the largest amount"),
        pytest.param((6, 7, 5), [[1, 1]] * 64, id="many expiries"),
        pytest.param((4,), b"", id="no record before"),
    ],
)
def test_the_bounds_themselves_are_accepted(path: tuple[int, ...], value: object) -> None:
    data = spoiled(path, value)
    assert encode(decode(data)) == data


@pytest.mark.parametrize(
    ("canonical", "other"),
    [
        pytest.param(b"\x97\x01", b"\x97\xcc\x01", id="uint 8 for a fixint"),
        pytest.param(b"\x97\x01", b"\x97\xd0\x01", id="int 8 for a fixint"),
        pytest.param(b"\x97\x01", b"\xdc\x00\x07\x01", id="array 16 for a fixarray"),
        pytest.param(b"\xb1141305", b"\xd9\x11141305", id="str 8 for a fixstr"),
        pytest.param(b"\xc4\x20", b"\xc5\x00\x20", id="bin 16 for bin 8"),
        pytest.param(b"\xb1141305", b"\xc4\x11141305", id="bytes for text"),
    ],
)
def test_another_spelling_of_the_same_values_is_no_record(canonical: bytes, other: bytes) -> None:
    assert canonical in DATA
    with pytest.raises(Malformed):
        decode(DATA.replace(canonical, other, 1))


def test_bytes_behind_a_record_are_refused() -> None:
    for tail in (b"\0", b"\xc0", DATA):
        with pytest.raises(Malformed):
            decode(DATA + tail)


def test_a_record_that_is_cut_off_is_refused() -> None:
    for end in range(len(DATA)):
        with pytest.raises(Malformed):
            decode(DATA[:end])


def test_a_record_is_never_longer_than_its_bound() -> None:
    assert isinstance(ISSUED.body, TicketIssued)
    twenty = msgspec.structs.replace(ISSUED.body, tickets=ISSUED.body.tickets * 20)
    assert len(encode(msgspec.structs.replace(ISSUED, body=twenty))) < MOST_BYTES
    with pytest.raises(Malformed, match="longest is 4096"):
        decode(DATA.ljust(MOST_BYTES + 1, b"\0"))


def test_a_record_that_nobody_could_read_is_not_written() -> None:
    for wrong in (
        msgspec.structs.replace(SPEND, seq=0),
        msgspec.structs.replace(SPEND, v=2),
        msgspec.structs.replace(SPEND, body=NodeNotice("what", "x" * 201)),
        msgspec.structs.replace(SPEND, body=NodeNotice("what", "x" * 5000)),
    ):
        with pytest.raises(Malformed):
            encode(wrong)


def test_issued_tickets_are_worth_their_sum() -> None:
    assert isinstance(ISSUED.body, TicketIssued)
    assert ISSUED.body.points == 500


@pytest.mark.parametrize("nested", [b"\x91" * 4000, b"\x81\xc0" * 2000, b"\x81\x90\x01" * 1000])
def test_bytes_made_to_hurt_a_reader_have_no_frame(nested: bytes) -> None:
    poison = b"\x97\x01\xa1a\xa1b\x01\xc4\x00" + nested

    assert frame(poison) is None
    with pytest.raises(Malformed):
        decode(poison)


def test_a_record_of_tomorrow_shows_its_outside_but_does_not_read() -> None:
    tomorrow = spoiled((6,), ["ticket.voided", {"new": [1.5]}])

    outside = frame(tomorrow)
    assert outside is not None
    assert outside.seq == 3
    with pytest.raises(Malformed, match="not a record"):
        decode(tomorrow)
