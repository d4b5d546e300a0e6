"""Batches: what goes up comes out the same, and nothing large or foreign gets in."""

from hashlib import sha256

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sync.batch import (
    MOST_PLAIN,
    MOST_RECORDS,
    MOST_WIRE,
    Batch,
    Coding,
    EvidenceBook,
    coding_of,
    join,
    pack,
    read_evidence,
    split,
    unpack,
)
from sync.cardproof import Evidence, SealedCertificate
from sync.errors import Malformed
from sync.records.codec import MOST_BYTES
from sync.wire import write
from tests.sync.strategies import digests, positions
from tests.vectors import examples

EMPTY = Batch(b"", b"", None, (), False, 0, 0)


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_records_come_apart_as_they_were_joined(records: list[bytes]) -> None:
    assert split(join(records)) == records


@given(st.binary(max_size=300) | st.binary(max_size=9).map(lambda tail: join([b"r"]) + tail))
def test_foreign_facts_come_apart_or_are_refused(facts: bytes) -> None:
    try:
        records = split(facts)
    except Malformed:
        return
    assert join(records) == facts


def test_facts_that_are_cut_off_are_refused() -> None:
    whole = join(examples.BYTES[:2])
    ends = {0, 4 + len(examples.BYTES[0]), len(whole)}
    for end in set(range(len(whole))) - ends:
        with pytest.raises(Malformed, match="cut off"):
            split(whole[:end])


def test_a_batch_has_at_most_512_records() -> None:
    assert len(split(join([b"r"] * MOST_RECORDS))) == MOST_RECORDS
    with pytest.raises(Malformed, match="513 records"):
        split(join([b"r"] * (MOST_RECORDS + 1)))


def test_a_record_longer_than_any_is_refused_unread() -> None:
    assert split(join([bytes(MOST_BYTES)])) == [bytes(MOST_BYTES)]
    for facts in (join([bytes(MOST_BYTES + 1)]), b"\xff\xff\xff\xff"):
        with pytest.raises(Malformed, match="record 1"):
            split(facts)


either = pytest.mark.parametrize("coding", Coding)


@either
def test_a_batch_arrives_as_it_left(coding: Coding) -> None:
    for batch in (EMPTY, examples.BATCH):
        body = pack(batch, coding)
        assert unpack(body) == batch
        assert coding_of(body) is coding


def linked(bodies: list[bytes]) -> list[bytes]:
    """Records that name the one before somewhere in their bytes, as those of a chain do."""
    records: list[bytes] = []
    for body in bodies:
        before = sha256(records[-1]).digest() if records else b""
        records.append(body[:9] + before + body[9:])
    return records


@given(
    st.lists(st.binary(max_size=40), max_size=20),
    st.lists(st.binary(max_size=40)),
    st.sampled_from(Coding),
)
def test_a_chain_arrives_with_its_exact_bytes(
    bodies: list[bytes], foreign: list[bytes], coding: Coding
) -> None:
    batch = msgspec.structs.replace(EMPTY, facts=join(linked(bodies) + foreign + linked(bodies)))
    assert unpack(pack(batch, coding)) == batch


def test_the_line_does_not_carry_what_the_chain_already_says() -> None:
    chain = linked([bytes(20)] * MOST_RECORDS)
    body = pack(msgspec.structs.replace(EMPTY, facts=join(chain)), Coding.ROWS)
    assert len(body) < MOST_RECORDS


@given(
    st.lists(
        st.none()
        | st.builds(
            Evidence, positions, st.just("RS256"), digests, st.binary(min_size=64, max_size=80)
        ),
        max_size=20,
    ),
    st.lists(st.builds(SealedCertificate, positions, digests, st.binary(max_size=90)), max_size=4),
)
def test_evidence_arrives_with_its_exact_bytes(
    pieces: list[Evidence | None], certificates: list[SealedCertificate]
) -> None:
    book = write(EvidenceBook(tuple(pieces), tuple(certificates)))
    batch = msgspec.structs.replace(EMPTY, evidence=book)
    body = pack(batch)
    assert unpack(body) == batch
    assert coding_of(body) is Coding.COLUMNS


@given(st.binary(max_size=60))
def test_evidence_that_is_none_arrives_as_it_left(evidence: bytes) -> None:
    batch = msgspec.structs.replace(EMPTY, evidence=evidence)
    assert unpack(pack(batch)) == batch


def test_what_columns_would_not_give_back_goes_in_rows() -> None:
    long = [msgspec.msgpack.encode([b"x" * one, b"y" * other]) for one, other in FAR_APART]
    batch = msgspec.structs.replace(EMPTY, facts=join(long))
    body = pack(batch)
    assert unpack(body) == batch
    assert coding_of(body) is Coding.ROWS


FAR_APART = ((4000, 10), (10, 4000))
"""Lengths of two leaves in two records: together the longest of each are no record any more."""


def in_columns(behind: bytes = b"", longer: int = 0) -> bytes:
    """An empty batch in columns, its frame's length or what stands behind it spoilt."""
    frame = zstandard.compress(msgspec.msgpack.encode(EMPTY_COLUMNS))
    return b"MKD2" + (len(frame) + longer).to_bytes(4, "big") + frame + behind


EMPTY_COLUMNS = [[[], [], b""], b"", None, [], False, 0, 0]


def test_columns_have_nothing_behind_them_that_they_do_not_use() -> None:
    assert unpack(in_columns()) == EMPTY
    for spoilt in (in_columns(b"x"), in_columns(longer=-1), in_columns(longer=1), b"MKD2"):
        with pytest.raises(Malformed):
            unpack(spoilt)


def on_the_line(facts: bytes) -> bytes:
    return zstandard.compress(write(msgspec.structs.replace(EMPTY, facts=facts)))


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (b"\0\0\0\1\0", "record 1 is cut off"),
        (b"\0\0\0\2\0\0r", "record 1 is cut off"),
        (b"\0\0\x10\1\0\0" + bytes(MOST_BYTES + 1), "record 1 is cut off or too long"),
        (b"\0\0\0\2\0\1rr", "record 1 lacks a digest at 1"),
        (b"\0\0\0\1\0\0r\0\0\0\1\0\2r", "record 2 lacks a digest at 2"),
        (b"\0\0\0\0\0\0" * (MOST_RECORDS + 1), "record 513 is .* beyond the 512"),
    ],
)
def test_facts_on_the_line_that_are_not_whole_are_refused(facts: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        unpack(on_the_line(facts))


@given(st.binary(max_size=300))
def test_foreign_bytes_are_no_batch(data: bytes) -> None:
    with pytest.raises(Malformed):
        unpack(data)
    with pytest.raises(Malformed):
        unpack(zstandard.compress(b"\x01" + data))
    with pytest.raises(Malformed):
        unpack(b"MKD2" + data)


def test_a_batch_that_is_too_long_is_not_even_opened() -> None:
    with pytest.raises(Malformed, match=f"{MOST_WIRE + 1} bytes"):
        unpack(bytes(MOST_WIRE + 1))


def test_a_decompression_bomb_is_refused_before_it_goes_off() -> None:
    stated = zstandard.compress(bytes(MOST_PLAIN + 1), 19)
    unstated = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(MOST_PLAIN + 1))
    for bomb in (stated, unstated):
        assert len(bomb) < 1000
        with pytest.raises(Malformed, match="once decompressed"):
            unpack(bomb)


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    bomb = bytearray(zstandard.compress(bytes(100_000)))
    stated = zstandard.get_frame_parameters(bytes(bomb)).content_size.to_bytes(4, "little")
    place = bytes(bomb).index(stated)
    bomb[place : place + 4] = (10).to_bytes(4, "little")
    with pytest.raises(Malformed, match="not zstd"):
        unpack(bytes(bomb))


def test_a_batch_is_one_frame_with_nothing_behind_it() -> None:
    good = pack(EMPTY)
    for other in (good + good, good + b"x", good[:-1], b"junk" + good):
        with pytest.raises(Malformed):
            unpack(other)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ended": (0,)},
        {"ended": (2**53,)},
        {"ended": (1,) * 4097},
        {"receipted": -1},
        {"receipted": 2**64 - 1},
        {"decisions": 2**63},
    ],
)
def test_numbers_that_no_database_holds_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        unpack(pack(msgspec.structs.replace(EMPTY, **wrong)))


def test_evidence_has_one_entry_a_record() -> None:
    data = write(examples.BOOK)

    assert read_evidence(data, 3) == examples.BOOK
    for records in (0, 2, 4):
        with pytest.raises(Malformed, match=f"3 entries for {records} records"):
            read_evidence(data, records)
    with pytest.raises(Malformed):
        read_evidence(b"", 0)
    assert read_evidence(write(EvidenceBook((), ())), 0).pieces == ()
