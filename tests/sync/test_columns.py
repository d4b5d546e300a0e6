"""Columns: any rows come out byte for byte, and a table of anybody's is rows or refused."""

from collections.abc import Sequence
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.columns import (
    MOST_PARTS,
    Aside,
    Before,
    Binary,
    Chosen,
    Hex,
    Leaves,
    Numbers,
    Part,
    Same,
    Shelf,
    Steps,
    Table,
    restore,
    restore_chain,
)
from sync.errors import Malformed
from sync.records import Record, Spend, encode
from sync.records.codec import MOST_BYTES
from sync.spread import spread
from sync.wire import read, write
from tests.sync.strategies import accounts, bodies, digests, records
from tests.vectors import examples

ANY_LENGTH = 1 << 20
"""The longest row, where it is not what a test is about."""

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(-(2**63), 2**64 - 1),
    st.text(max_size=40),
    st.binary(max_size=80),
    accounts,
    digests,
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)
foreign = st.binary(max_size=60) | values.map(msgspec.msgpack.encode)


def back(rows: Sequence[bytes], *, chained: bool = True) -> list[bytes]:
    """What arrives of some rows, by way of a table's bytes."""
    table, aside = spread(rows, chained=chained)
    shelf = Shelf(aside)
    again = read(write(table), Table)
    if not chained:
        restored = restore(again, shelf, ANY_LENGTH)
    else:
        restored, names = restore_chain(again, shelf, ANY_LENGTH)
        assert names == [sha256(row).digest() for row in rows]
    shelf.must_be_empty()
    return restored


def chained(told: Sequence[Record]) -> list[bytes]:
    """Records as one chain."""
    rows: list[bytes] = []
    for seq, record in enumerate(told, 1):
        before = sha256(rows[-1]).digest() if rows else record.prev
        rows.append(encode(msgspec.structs.replace(record, seq=seq, prev=before)))
    return rows


@given(st.lists(records.map(encode) | foreign, max_size=12), st.booleans())
def test_any_mixture_of_rows_comes_out_byte_for_byte(rows: list[bytes], alike: bool) -> None:
    assert back(rows, chained=alike) == rows


@given(st.builds(lambda record, some: (record, some), records, st.lists(bodies, max_size=12)))
def test_a_chain_comes_out_byte_for_byte(day: tuple[Record, list[Spend]]) -> None:
    first, some = day
    rows = chained([msgspec.structs.replace(first, body=body) for body in some])
    assert back(rows) == rows


@given(
    st.lists(st.tuples(st.integers(-(2**63), 2**64 - 1), leaves), min_size=2, max_size=8),
    st.data(),
)
def test_a_record_that_was_spelled_in_another_way_goes_as_it_is(
    rows: list[tuple[object, ...]], data: st.DataObject
) -> None:
    spelled = [msgspec.msgpack.encode(row) for row in rows]
    place = data.draw(st.integers(0, len(spelled) - 1))
    at = data.draw(st.integers(0, len(spelled[place])))
    spelled[place] = spelled[place][:at] + data.draw(st.binary(max_size=3)) + spelled[place][at:]
    assert back(spelled) == spelled


def spend_after_spend(count: int) -> list[bytes]:
    """Sales to five residents by turns, one each second."""
    (example,) = (one for one in examples.RECORDS[:3] if isinstance(one.body, Spend))
    told = []
    for n in range(count):
        at = msgspec.structs.replace(example.at, ms=example.at.ms + 1000 * n)
        who = sha256(bytes((n % 5,)))
        body = msgspec.structs.replace(
            example.body, account=who.hexdigest()[:16], card=who.digest(), points=100 + n % 2
        )
        told.append(msgspec.structs.replace(example, at=at, body=body))
    return chained(told)


def test_what_the_hub_can_compute_is_not_sent() -> None:
    rows = spend_after_spend(100)
    table, aside = spread(rows, chained=True)
    (parts,) = table.groups
    assert aside == b""
    assert parts[1] == Steps((1,) * 100)  # behind version, node and epoch
    assert isinstance(parts[2], Before)
    assert any(isinstance(part, Hex | Chosen) for part in parts)
    assert not any(sha256(row).digest() in write(table) for row in rows)


def test_signatures_stand_aside_and_are_not_compressed() -> None:
    signed = [sha256(bytes((n,))).digest() * 8 for n in range(20)]
    signed = [
        bytes(a ^ b for a, b in zip(one, _noise(n), strict=True)) for n, one in enumerate(signed)
    ]
    rows = [msgspec.msgpack.encode([2, one]) for one in signed]
    table, aside = spread(rows, chained=False)
    assert table.groups == ((Same(rows[0][:-256][:2]), Aside(256)),)
    assert aside == b"".join(signed)


def _noise(n: int) -> bytes:
    return b"".join(sha256(bytes((n, part))).digest() for part in range(8))


parts = st.one_of(
    st.builds(Same, st.binary(max_size=8)),
    st.builds(Numbers, st.lists(st.integers(-(2**63), 2**64 - 1), max_size=3).map(tuple)),
    st.builds(Steps, st.lists(st.integers(-(2**63), 2**64 - 1), max_size=3).map(tuple)),
    st.builds(Binary, st.integers(1, 4), st.binary(max_size=8)),
    st.builds(Hex, st.integers(1, 4), st.binary(max_size=8)),
    st.builds(Leaves, st.lists(st.binary(max_size=4), max_size=3).map(tuple)),
    st.builds(Aside, st.integers(1, 4)),
    st.builds(Before),
)
choices = st.builds(
    Chosen,
    st.builds(Leaves, st.lists(st.binary(max_size=4), max_size=3).map(tuple)),
    st.lists(st.integers(0, 4), max_size=3).map(tuple),
)
tables = st.builds(
    Table,
    order=st.lists(st.integers(0, 2), max_size=3).map(tuple),
    groups=st.lists(st.lists(parts | choices, max_size=4).map(tuple), max_size=3).map(tuple),
    before=st.binary(max_size=32),
)


@given(tables, st.binary(max_size=12))
def test_a_table_of_anybody_s_is_rows_or_refused(table: Table, aside: bytes) -> None:
    try:
        rows, _ = restore_chain(read(write(table), Table), Shelf(aside), 40)
    except Malformed:
        return
    assert len(rows) == len(table.order)
    assert all(len(row) <= 40 for row in rows)
    assert rows == restore_chain(table, Shelf(aside), 40)[0]


def one_group(rows: int, *parts: Part) -> Table:
    """A table of rows that are alike."""
    return Table((0,) * rows, (parts,), b"")


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (one_group(2, Numbers((1,))), "1 values for 2 rows"),
        (one_group(2, Binary(2, b"abc")), "3 bytes are no values of 2"),
        (one_group(2, Hex(2, b"abcdef")), "3 values for 2 rows"),
        (one_group(1, Binary(1, bytes(513))), "513 bytes are no values"),
        (one_group(2, Chosen(Leaves((b"a",)), (0, 1))), "not there"),
        (one_group(2, Chosen(Leaves(()), (0, 0))), "not there"),
        (one_group(2, Chosen(Leaves((b"a",)), (0,))), "not one a row"),
        (one_group(2, Steps((2**64 - 1, 1))), "beyond 64 bits"),
        (one_group(1, Aside(3)), "cut off"),
        (one_group(1, Before(), Before()), "twice"),
        (one_group(1, *[Same(b"a")] * (MOST_PARTS + 1)), f"most parts of a table are {MOST_PARTS}"),
        (Table((0,), (), b""), "0 groups; 1 have rows"),
        (Table((1, 1), ((), ()), b""), "2 groups; 1 have rows"),
        (Table((0, 2), ((), ()), b""), "2 groups; 2 have rows"),
        (Table((), ((),), b""), "1 groups; 0 have rows"),
    ],
)
def test_a_table_that_does_not_fit_together_is_refused(table: Table, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        restore_chain(table, Shelf(b"ab"), MOST_BYTES)


def test_rows_without_a_chain_name_no_row_before() -> None:
    with pytest.raises(Malformed, match="none is named"):
        restore(one_group(1, Before()), Shelf(b""), MOST_BYTES)


@pytest.mark.parametrize(
    "part",
    [
        Same(bytes(MOST_BYTES + 1)),
        Leaves((bytes(MOST_BYTES),) * 512),
        Chosen(Leaves((bytes(MOST_BYTES),)), (0,) * 512),
    ],
)
def test_a_table_that_would_grow_is_refused_before_it_does(part: Part) -> None:
    table = one_group(512, Same(b"a"), part)
    with pytest.raises(Malformed, match=r"a row of 409\d bytes"):
        restore_chain(table, Shelf(b""), MOST_BYTES)


@given(st.binary(max_size=60))
def test_foreign_bytes_are_no_table(data: bytes) -> None:
    try:
        table = read(data, Table)
        restore_chain(table, Shelf(b""), MOST_BYTES)
    except Malformed:
        return
    assert write(table)
