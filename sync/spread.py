"""From rows to columns: what whoever sends a table does (:mod:`sync.columns` says what it is).

Rows of one shape become a group; a column is coded in whatever way is shortest once compressed.
Each row is written again from what was read of it: one that does not come out byte for byte goes
as it is, in a group of one part.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import zstandard

from sync.columns import (
    DIGEST,
    WIDEST,
    Aside,
    Before,
    Binary,
    Chosen,
    Hex,
    Leaves,
    Numbers,
    Part,
    Plain,
    Same,
    Steps,
    Table,
    array_begins,
)
from sync.wire import write

_LONG = 64
"""Bytes from which a column's values may stand aside. Shorter ones, such as a card's digest, come
in a batch a second time: there a compressor does find them."""
_HEX = re.compile(r"(?:[0-9a-f]{2})+\Z")
_encode = msgspec.msgpack.Encoder().encode
_Shape = tuple[object, ...]
"""By place: the type of a leaf, or how many elements an array has."""


class Spread(NamedTuple):
    """Rows as a table, and what stands aside, in the order in which it is to be read."""

    table: Table
    aside: bytes


def spread(rows: Sequence[bytes], *, chained: bool) -> Spread:
    """Rows as a table; where they are ``chained``, what names the row before is not sent."""
    shaped = [_shaped(row) for row in rows]
    numbers: dict[_Shape, int] = {}
    order = tuple(numbers.setdefault(shape, len(numbers)) for shape, _ in shaped)
    digests = [hashlib.sha256(row).digest() for row in rows]
    first = b""
    groups: list[tuple[Part, ...]] = []
    aside: list[bytes] = []
    for shape, number in numbers.items():
        places = [place for place, group in enumerate(order) if group == number]
        parts: list[Part] = []
        unlinked = chained
        for kind, column in zip(shape, _columns(shaped, places), strict=True):
            if unlinked and kind is bytes and _names_the_one_before(column, places, digests):
                unlinked = False
                first = first if places[0] else column[0]
                parts.append(Before())
            else:
                parts.append(_part(kind, column, aside))
        groups.append(tuple(_merged(parts)))
    return Spread(Table(order, tuple(groups), first), b"".join(aside))


def _columns(shaped: Sequence[tuple[_Shape, list[Any]]], places: Sequence[int]) -> Iterator[Any]:
    """What stands in each place of some rows of one shape."""
    return zip(*(shaped[at][1] for at in places), strict=True)


def _shaped(row: bytes) -> tuple[_Shape, list[Any]]:
    """A row's shape and, by place, what stands there; a row that is not ours has one place."""
    shape: list[object] = []
    values: list[Any] = []
    try:
        _walk(msgspec.msgpack.decode(row), shape, values)
        if b"".join(map(_written, shape, values)) == row:
            return tuple(shape), values
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError, OverflowError):
        pass  # foreign bytes: whatever is wrong with them, they go as they are
    return (None,), [row]


def _walk(value: object, shape: list[object], values: list[Any]) -> None:
    """An array's length, then its elements; anything else is a leaf."""
    if type(value) is list:
        shape.append(len(value))
        values.append(None)
        for one in value:
            _walk(one, shape, values)
    elif type(value) in (int, str, bytes):
        shape.append(type(value))
        values.append(value)
    else:
        shape.append(None)
        values.append(_encode(value))


def _written(kind: object, value: Any) -> bytes:
    """The bytes of one place."""
    if isinstance(kind, int):
        return array_begins(kind)
    data: bytes = value if kind is None else _encode(value)
    return data


def _names_the_one_before(
    column: Sequence[bytes], places: Sequence[int], digests: Sequence[bytes]
) -> bool:
    """Whether each value is the digest of the row before; what stands before row 0 is told."""
    if places == [0] or len(column[0]) > DIGEST:
        return False
    return all(not at or value == digests[at - 1] for value, at in zip(column, places, strict=True))


def _part(kind: object, column: Sequence[Any], aside: list[bytes]) -> Part:
    """A column in the coding that is shortest once compressed."""
    if all(value == column[0] for value in column):
        return Same(_written(kind, column[0]))
    if kind is bytes and _width(column) >= _LONG and len(set(column)) == len(column):
        joined = b"".join(column)
        if len(zstandard.compress(joined)) >= len(joined):
            aside.append(joined)
            return Aside(_width(column))
    codings = list(_codings(kind, column))
    return min(codings, key=lambda part: len(zstandard.compress(write(part))))


def _codings(kind: object, column: Sequence[Any]) -> Iterator[Part]:
    """What a column may be coded as."""
    places: dict[Any, int] = {}
    which = tuple(places.setdefault(value, len(places)) for value in column)
    yield _plain(kind, column)
    if len(places) < len(column):
        yield Chosen(_plain(kind, tuple(places)), which)
    if kind is int:
        steps = (column[0], *(b - a for a, b in pairwise(column)))
        if all(-(2**63) <= step < 2**63 for step in steps):
            yield Steps(steps)


def _plain(kind: object, column: Sequence[Any]) -> Plain:
    """A value a row."""
    if kind is int:
        return Numbers(tuple(column))
    width = _width(column)
    if kind is bytes and 0 < width <= WIDEST:
        return Binary(width, b"".join(column))
    if kind is str and 0 < width <= WIDEST and all(map(_HEX.match, column)):
        return Hex(width // 2, bytes.fromhex("".join(column)))
    return Leaves(tuple(_written(kind, value) for value in column))


def _width(column: Sequence[bytes] | Sequence[str]) -> int:
    """How long each value is; 0 where they are not alike."""
    return len(column[0]) if len(set(map(len, column))) == 1 else 0


def _merged(parts: Sequence[Part]) -> Iterator[Part]:
    """Parts, those together that are the same in all rows and follow one another."""
    same = b""
    for part in parts:
        if isinstance(part, Same):
            same += part.data
            continue
        if same:
            yield Same(same)
        same = b""
        yield part
    if same:
        yield Same(same)
