"""A record and its exact bytes.

The bytes are the record: encoded once, at creation, then stored, signed, hashed and kept as they
are. What does not encode back to the same bytes is not a record.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta

from sync.clock import At
from sync.errors import Malformed
from sync.records.bodies import Account, AnyBody, Epoch, Position, Spend, Town
from sync.values import EpochId, NodeId

VERSION = 1
KNOWN_VERSIONS = (1,)
"""The versions this program can read."""
MOST_BYTES = 4096
"""The longest record, in bytes; enough for 20 tickets."""


_Node = Annotated[NodeId, Meta(pattern=r"\A[0-9]{6}-[A-Z][A-Z0-9]{0,11}-[A-Z0-9]{1,8}\Z")]
_Writer = tuple[_Node, Epoch]
_Wallet = tuple[Town, Account]


class Record(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One fact of one node: ``[v, node, epoch, seq, prev, at, body]``."""

    v: Annotated[int, Meta(ge=1, le=255)]
    node: NodeId
    epoch: EpochId
    """These two are checked by :func:`decode`: once for all that a node writes."""
    seq: Position
    prev: Annotated[bytes, Meta(max_length=32)]
    """SHA-256 of the previous record's bytes; empty for record 1."""
    at: At
    body: AnyBody

    @property
    def kind(self) -> str:
        """The body's kind as it stands in the bytes."""
        return str(self.body.__struct_config__.tag)


class Frame(msgspec.Struct, frozen=True, array_like=True):
    """The outside of a record whose body this program may not know."""

    v: int
    node: str
    epoch: str
    seq: int
    prev: bytes
    at: msgspec.Raw
    body: msgspec.Raw


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)
_frames = msgspec.msgpack.Decoder(Frame)


def encode(record: Record) -> bytes:
    """The record's bytes. Refuses what could not be read back."""
    data = _encoder.encode(record)
    if len(data) > MOST_BYTES:
        raise Malformed(f"a record of {len(data)} bytes; the longest is {MOST_BYTES}")
    if decode(data) != record:
        raise Malformed("a record that does not read back as itself")
    return data


def decode(data: bytes) -> Record:
    """Read a record.

    Raises Malformed on unknown kinds or versions, extra or missing elements, trailing bytes,
    floats, numbers out of bounds, and on anything that does not encode back to the same bytes.
    """
    if len(data) > MOST_BYTES:
        raise Malformed(f"a record of {len(data)} bytes; the longest is {MOST_BYTES}")
    try:
        record = _decoder.decode(data)
        _check_writer(record.node, record.epoch)
        if type(record.body) is Spend:
            _check_wallet(record.body.municipality, record.body.account)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed(f"not a record: {error}") from None
    if record.v not in KNOWN_VERSIONS:
        raise Malformed(f"a record of version {record.v}; this program knows {KNOWN_VERSIONS}")
    if _encoder.encode(record) != data:
        raise Malformed("not a record: another spelling of the same content")
    return record


def readable(data: bytes) -> Record | None:
    """The record, or None for bytes that are none."""
    try:
        return decode(data)
    except Malformed:
        return None


def read_all(rows: Sequence[bytes]) -> list[Record | None]:
    """As :func:`readable` for each: what is the same in many of them is looked at once."""
    return _read_alike(rows) or list(map(readable, rows))


def _read_alike(rows: Sequence[bytes]) -> list[Record | None]:
    """The records where all can be read; else nothing."""
    try:
        records = list(map(_decoder.decode, rows))
        spends = [record.body for record in records if type(record.body) is Spend]
        for node, epoch in {(record.node, record.epoch) for record in records}:
            _check_writer(node, epoch)
        for town, account in {(spend.municipality, spend.account) for spend in spends}:
            _check_wallet(town, account)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return []
    exact = (
        max(map(len, rows), default=0) <= MOST_BYTES
        and {record.v for record in records}.issubset(KNOWN_VERSIONS)
        and list(map(_encoder.encode, records)) == list(rows)
    )
    return [*records] if exact else []


@lru_cache(maxsize=4096)
def _check_writer(node: str, epoch: str) -> None:
    """Whether a record's node and epoch are names of such; raises ValidationError."""
    msgspec.convert((node, epoch), _Writer)


@lru_cache(maxsize=16_384)
def _check_wallet(town: str, account: str) -> None:
    """As :func:`_check_writer`, for whose points a spend takes."""
    msgspec.convert((town, account), _Wallet)


def frame(data: bytes) -> Frame | None:
    """The outside of bytes that may be a record of a newer program, or None."""
    try:
        return _frames.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
