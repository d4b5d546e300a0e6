"""Rows of MessagePack as columns: what is the same in all of them is said once.

A table is for rows that are alike, as a day's records are. Rows of one shape (the same arrays with
the same types of leaves) are one group; a row of a group is its parts, one after the other: bytes
that all rows share, or the row's own leaf of a column. Whoever restores a table joins parts and
has the exact bytes; it need not know what they mean, and a new kind of record needs nothing here.

What can be computed is not sent: a column may be the digest of the row before. What a compressor
cannot shorten, a long signature, stands aside. A row that is not MessagePack, or spelled in another
way than ours, is a group of one part and goes as it is.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, repeat
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from sync.errors import Malformed
from sync.values import Digest

MOST_ROWS = 512
MOST_PARTS = 32_768
"""Of a table; 512 records that are all of different shapes have no more."""
DIGEST = 32
"""Bytes of a digest."""
WIDEST = 65_535
"""Bytes of the longest value in a column of one width."""
_Ints = Annotated[tuple[int, ...], Meta(max_length=MOST_ROWS)]


class _Part(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of what a group's rows are made of."""


class Same(_Part, frozen=True, tag=0):
    """These bytes in every row."""

    data: bytes


class Numbers(_Part, frozen=True, tag=1):
    """An integer a row."""

    values: _Ints


class Steps(_Part, frozen=True, tag=2):
    """An integer a row: by how much it is more than the row before's of this group (first: 0)."""

    by: _Ints


class Binary(_Part, frozen=True, tag=3):
    """Binary data of one width a row, joined."""

    width: Annotated[int, Meta(ge=1, le=WIDEST)]
    joined: bytes


class Hex(_Part, frozen=True, tag=4):
    """A text a row: these bytes in lower-case hexadecimal, ``width`` of them each, joined."""

    width: Annotated[int, Meta(ge=1, le=WIDEST // 2)]
    joined: bytes


class Leaves(_Part, frozen=True, tag=5):
    """A piece of MessagePack a row, as it is."""

    values: Annotated[tuple[bytes, ...], Meta(max_length=MOST_ROWS)]


class Chosen(_Part, frozen=True, tag=6):
    """Few values in many rows: the values, and which of them (from 0) each row has."""

    of: Numbers | Binary | Hex | Leaves
    which: Annotated[
        tuple[Annotated[int, Meta(ge=0, lt=MOST_ROWS)], ...], Meta(max_length=MOST_ROWS)
    ]


class Aside(_Part, frozen=True, tag=7):
    """Binary data of one width a row, which stands aside."""

    width: Annotated[int, Meta(ge=1, le=WIDEST)]


class Before(_Part, frozen=True, tag=8):
    """The SHA-256 of the row before, whatever its group: 32 bytes of binary data."""


Plain = Numbers | Binary | Hex | Leaves
Column = Same | Steps | Plain | Chosen | Aside
Part = Column | Before


class Table(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Rows as columns."""

    order: Annotated[
        tuple[Annotated[int, Meta(ge=0, lt=MOST_ROWS)], ...], Meta(max_length=MOST_ROWS)
    ]
    """Which group each row is of."""
    groups: Annotated[tuple[tuple[Part, ...], ...], Meta(max_length=MOST_ROWS)]
    before: Annotated[bytes, Meta(max_length=DIGEST)]
    """The digest before the first row, where a part of it is one; else empty."""


# ---- what stands before a value (MessagePack) ----------------------------------------------------

_encode = msgspec.msgpack.Encoder().encode


@lru_cache(maxsize=256)
def array_begins(length: int) -> bytes:
    """What stands before the elements of an array."""
    return _encode((None,) * length)[:-length] if length else _encode(())


@lru_cache(maxsize=256)
def _binary_begins(length: int) -> bytes:
    """What stands before binary data."""
    return _encode(bytes(length))[:-length] if length else _encode(b"")


@lru_cache(maxsize=256)
def _text_begins(length: int) -> bytes:
    """What stands before a text of one byte a character."""
    return _encode("0" * length)[:-length]


# ---- from columns to rows ------------------------------------------------------------------------


class Shelf:
    """What stands aside, taken from its beginning."""

    def __init__(self, aside: bytes) -> None:
        self._aside = aside
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next bytes; raises Malformed when they are not there."""
        self._at += size
        if self._at > len(self._aside):
            raise Malformed("columns: what should stand aside is cut off")
        return self._aside[self._at - size : self._at]

    def must_be_empty(self) -> None:
        """Raise Malformed when something is left."""
        if self._at != len(self._aside):
            raise Malformed("columns: more stands aside than belongs to them")


def restore(table: Table, shelf: Shelf, longest: int) -> list[bytes]:
    """The rows of a table that does not name its rows; raises Malformed."""
    streams = _streams(table, shelf, longest)
    if any(tails is not None for _, tails in streams):
        raise Malformed("columns: rows that name the row before, where none is named")
    heads = [iter(heads) for heads, _ in streams]
    return [next(heads[group]) for group in table.order]


def restore_chain(table: Table, shelf: Shelf, longest: int) -> tuple[list[bytes], list[Digest]]:
    """The rows of a table and their digests; raises Malformed."""
    streams = _streams(table, shelf, longest)
    rows: list[bytes] = []
    digests: list[Digest] = []
    before = table.before
    sha256 = hashlib.sha256
    for group in table.order:
        heads, tails = streams[group]
        row = next(heads)
        if tails is not None:
            row = b"".join((row, _BEGIN_DIGEST[len(before)], before, next(tails)))
        before = sha256(row).digest()
        rows.append(row)
        digests.append(Digest(before))
    return rows, digests


_BEGIN_DIGEST = tuple(_binary_begins(length) for length in range(DIGEST + 1))
"""What stands before a digest; before record 1 there is an empty one."""


class _Stream(NamedTuple):
    """A group's rows as they come: up to the digest of the row before, and from there on."""

    heads: Iterator[bytes]
    tails: Iterator[bytes] | None
    """None: the rows do not name the row before."""


def _streams(table: Table, shelf: Shelf, longest: int) -> list[_Stream]:
    counts = Counter(table.order)
    if len(counts) != len(table.groups) or any(group >= len(counts) for group in counts):
        raise Malformed(f"columns: {len(table.groups)} groups; {len(counts)} have rows")
    if sum(map(len, table.groups)) > MOST_PARTS:
        raise Malformed(f"columns: the most parts of a table are {MOST_PARTS}")
    return [_stream(parts, counts[at], shelf, longest) for at, parts in enumerate(table.groups)]


def _stream(parts: Sequence[Part], count: int, shelf: Shelf, longest: int) -> _Stream:
    """A group's rows. Raises Malformed before any is put together that is longer than it may be."""
    if sum(isinstance(part, Before) for part in parts) > 1:
        raise Malformed("columns: a row that names the row before it twice")
    heads: list[Iterable[bytes]] = []
    tails: list[Iterable[bytes]] = []
    side, size = heads, 0
    for part in parts:
        if isinstance(part, Before):
            side = tails
            size += len(_BEGIN_DIGEST[DIGEST]) + DIGEST
        else:
            cells, most = _cells(part, count, shelf)
            side.append(cells)
            size += most
    if size > longest:
        raise Malformed(f"columns: a row of {size} bytes; the most is {longest}")
    return _Stream(_joined(heads), _joined(tails) if side is tails else None)


def _joined(columns: Sequence[Iterable[bytes]]) -> Iterator[bytes]:
    """Rows of these columns, without end where all rows are alike: who asks knows how many."""
    return map(b"".join, zip(*columns, strict=False)) if columns else repeat(b"")


def _cells(part: Column, count: int, shelf: Shelf) -> tuple[Iterable[bytes], int]:
    """A column's pieces of the rows, and how long the longest is."""
    if isinstance(part, Same):
        return repeat(part.data), len(part.data)
    if isinstance(part, Aside):
        return _binary(part.width, shelf.take(part.width * count)), part.width + 3
    if isinstance(part, Chosen):
        values = _values(part.of)
        if len(part.which) != count or max(part.which) >= len(values):
            raise Malformed("columns: a choice of what is not there, or not one a row")
        return list(map(values.__getitem__, part.which)), max(map(len, values))
    values = _values(part)
    if len(values) != count:
        raise Malformed(f"columns: {len(values)} values for {count} rows")
    return values, max(map(len, values))


def _values(part: Plain | Steps) -> Sequence[bytes]:
    """Values as they stand in the rows."""
    if isinstance(part, Leaves):
        return part.values
    if isinstance(part, Binary):
        return _binary(part.width, part.joined)
    if isinstance(part, Hex):
        begin = _text_begins(2 * part.width)
        return [begin + text.hex().encode() for text in _cut(part.width, part.joined)]
    numbers = accumulate(part.by) if isinstance(part, Steps) else part.values
    try:
        return list(map(_encode, numbers))
    except OverflowError:
        raise Malformed("columns: a number beyond 64 bits") from None


def _binary(width: int, joined: bytes) -> list[bytes]:
    begin = _binary_begins(width)
    return [begin + data for data in _cut(width, joined)]


def _cut(width: int, joined: bytes) -> list[bytes]:
    """Values of one width, which were joined."""
    if len(joined) % width or len(joined) > width * MOST_ROWS:
        raise Malformed(f"columns: {len(joined)} bytes are no values of {width} bytes each")
    return [joined[at : at + width] for at in range(0, len(joined), width)]
