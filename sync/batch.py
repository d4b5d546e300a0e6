"""What goes up: facts, evidence and the head, as one compressed body.

Facts and evidence are separate byte strings, stored separately on both sides. Facts are the exact
bytes of the records, each after its length (4 bytes, big endian), so that the chain can be checked
over bytes that cannot be read.

On the line a batch has one of two codings, which its first bytes tell apart. In rows, one record
comes after the other, without the digest of the record before it. In columns (:mod:`sync.columns`)
what records share is said once as well, and what does not compress stands behind the frame. Either
way whoever reads it has the exact bytes again. Every hub reads rows; a node sends columns to a hub
that says it reads them.
"""

import struct
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec
import zstandard
from msgspec import Meta
from msgspec.structs import replace

from sync.cardproof import Evidence, SealedCertificate
from sync.chain import NOTHING, digest
from sync.columns import Shelf, Table, array_begins, restore, restore_chain
from sync.errors import Malformed
from sync.records.bodies import Counter, Position
from sync.records.codec import MOST_BYTES
from sync.signing import Head
from sync.values import Digest
from sync.wire import read, write


class Coding(StrEnum):
    """How a batch stands on the line: its media type."""

    ROWS = "application/vnd.machikado.records.v1+zstd"
    COLUMNS = "application/vnd.machikado.records.v2"


READ = ", ".join(reversed(Coding))
"""What this program reads, the best first: how a hub says so (``Accept``, RFC 9110, 12.5.1)."""
MOST_RECORDS = 512
MOST_WIRE = 128 * 1024
"""The longest compressed body, in bytes."""
MOST_PLAIN = 4 * 1024 * 1024
"""The longest body once decompressed, in bytes."""
_LENGTH = 4
"""Bytes of the length before each record."""
_MARK = b"MKD2"
"""How a batch in columns begins; a zstd frame begins otherwise."""
_MOST_PIECE = 1200
"""The longest piece of evidence, in bytes."""
_MOST_CERTIFICATE = 8300
"""The longest sealed certificate with its names, in bytes."""
_SHORT = struct.Struct(">IH")
"""Before each record on the line: how many bytes follow, and where in them the digest of the record
before was left out; 0 where it was not."""


class Batch(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One PUT of records. May carry no records: then it only asks for receipts or ends attempts."""

    facts: bytes
    evidence: bytes
    head: Head | None
    """The node's signature over the last record of the batch; None when there are no records."""
    ended: Annotated[tuple[Position, ...], Meta(max_length=4096)]
    """Attempts of this epoch that ended without a record: their holds are freed at once."""
    closed: bool
    """This epoch sells no more: everything its records do not name is freed."""
    receipted: Counter
    """Last record whose receipt the node has stored."""
    decisions: Counter
    """How many superseding receipts of this epoch the node has stored."""


class EvidenceBook(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The evidence of a batch, one entry a record, and the certificates the hub may lack."""

    pieces: Annotated[tuple[Evidence | None, ...], Meta(max_length=MOST_RECORDS)]
    certificates: Annotated[tuple[SealedCertificate, ...], Meta(max_length=MOST_RECORDS)]


class OpenedBatch(NamedTuple):
    """A batch as it was read from the line."""

    batch: Batch
    """Its facts as they stood on the line; empty where they stood in columns."""
    records: list[bytes]
    """Their exact bytes."""
    digests: list[Digest]
    """One a record."""


class _Book(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An evidence book as columns."""

    pieces: Table
    certificates: Table


class _Columns(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A batch as columns."""

    facts: Table
    evidence: _Book | bytes
    """Bytes where they are no evidence book."""
    head: Head | None
    ended: Annotated[tuple[Position, ...], Meta(max_length=4096)]
    closed: bool
    receipted: Counter
    decisions: Counter


def join(records: Sequence[bytes]) -> bytes:
    """Records one after the other, each after its length."""
    return b"".join(len(data).to_bytes(_LENGTH, "big") + data for data in records)


def split(facts: bytes) -> list[bytes]:
    """Take joined records apart; raises Malformed."""
    records: list[bytes] = []
    at = 0
    while at < len(facts):
        length = facts[at : at + _LENGTH]
        size = int.from_bytes(length, "big")
        data = facts[at + _LENGTH : at + _LENGTH + size]
        if len(length) != _LENGTH or size > MOST_BYTES or len(data) != size:
            raise Malformed(f"batch: record {len(records) + 1} is cut off or too long")
        records.append(data)
        at += _LENGTH + size
    if len(records) > MOST_RECORDS:
        raise Malformed(f"batch: {len(records)} records; the most is {MOST_RECORDS}")
    return records


def _shorten(facts: bytes) -> bytes:
    """Joined records as they go over the line; raises Malformed where `split` does."""
    parts: list[bytes] = []
    before = NOTHING
    for data in split(facts):
        at = max(data.find(before), 0) if before else 0
        bare = data[:at] + data[at + len(before) :] if at else data
        parts += (_SHORT.pack(len(bare), at), bare)
        before = digest(data)
    return b"".join(parts)


def _restore(line: bytes) -> tuple[list[bytes], list[Digest]]:
    """Records with their exact bytes, and their digests, from the line; raises Malformed."""
    records: list[bytes] = []
    digests: list[Digest] = []
    before = NOTHING
    start = 0
    while start < len(line):
        place = f"batch: record {len(records) + 1}"
        if len(records) == MOST_RECORDS or len(line) - start < _SHORT.size:
            raise Malformed(f"{place} is cut off or beyond the {MOST_RECORDS} of a batch")
        size, at = _SHORT.unpack_from(line, start)
        start += _SHORT.size
        bare = line[start : start + size]
        if len(bare) != size or size > MOST_BYTES:
            raise Malformed(f"{place} is cut off or too long")
        if at > (size if before else 0):
            raise Malformed(f"{place} lacks a digest at {at}, where none can stand")
        data = bare[:at] + before + bare[at:] if at else bare
        records.append(data)
        before = digest(data)
        digests.append(before)
        start += size
    return records, digests


def pack(batch: Batch, coding: Coding = Coding.COLUMNS) -> bytes:
    """A batch as it goes over the line. What its columns would not give back goes in rows."""
    if coding is Coding.COLUMNS:
        body = _in_columns(batch)
        if _comes_back(body, batch):
            return body
    return zstandard.compress(write(replace(batch, facts=_shorten(batch.facts))), 3)


def coding_of(body: bytes) -> Coding:
    """Which coding a body is in."""
    return Coding.COLUMNS if body.startswith(_MARK) else Coding.ROWS


def unpack(data: bytes) -> Batch:
    """Read a batch from the line, with its size capped before and after; raises Malformed."""
    opened = open_batch(data)
    return replace(opened.batch, facts=join(opened.records))


def open_batch(data: bytes) -> OpenedBatch:
    """As :func:`unpack`, its records taken apart and digested; raises Malformed."""
    if len(data) > MOST_WIRE:
        raise Malformed(f"batch: {len(data)} bytes; the most is {MOST_WIRE}")
    if coding_of(data) is Coding.COLUMNS:
        return _from_columns(data)
    batch = read(_decompress(data), Batch)
    records, digests = _restore(batch.facts)
    return OpenedBatch(batch, records, digests)


def _decompress(data: bytes) -> bytes:
    """One zstd frame that states its size (RFC 8878, 3.1.1.1.4) and has nothing behind it."""
    try:
        size = zstandard.get_frame_parameters(data).content_size
        if size > MOST_PLAIN:  # also when it is not stated
            raise Malformed(f"batch: more than {MOST_PLAIN} bytes once decompressed")
        return zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Malformed(f"batch: not zstd: {error}") from None


def _in_columns(batch: Batch) -> bytes:
    from sync.spread import spread

    facts = spread(split(batch.facts), chained=True)
    book: _Book | bytes = batch.evidence
    aside = [facts.aside]
    rows = _book_rows(batch.evidence)
    if rows is not None:
        pieces, certificates = (spread(some, chained=False) for some in rows)
        book = _Book(pieces.table, certificates.table)
        aside += [pieces.aside, certificates.aside]
    line = _Columns(
        facts.table,
        book,
        batch.head,
        batch.ended,
        batch.closed,
        batch.receipted,
        batch.decisions,
    )
    frame = zstandard.compress(write(line), 3)
    return b"".join((_MARK, len(frame).to_bytes(_LENGTH, "big"), frame, *aside))


def _from_columns(data: bytes) -> OpenedBatch:
    begin = len(_MARK) + _LENGTH
    end = begin + int.from_bytes(data[len(_MARK) : begin], "big")
    if end > len(data):
        raise Malformed("batch: cut off")
    line = read(_decompress(data[begin:end]), _Columns)
    shelf = Shelf(data[end:])
    records, digests = restore_chain(line.facts, shelf, MOST_BYTES)
    evidence = line.evidence
    if isinstance(evidence, _Book):
        pieces = restore(evidence.pieces, shelf, _MOST_PIECE)
        evidence = _book(pieces, restore(evidence.certificates, shelf, _MOST_CERTIFICATE))
    shelf.must_be_empty()
    batch = Batch(b"", evidence, line.head, line.ended, line.closed, line.receipted, line.decisions)
    return OpenedBatch(batch, records, digests)


def _comes_back(body: bytes, batch: Batch) -> bool:
    """Whether columns give a batch back, byte for byte; how long they are on the line aside."""
    try:
        opened = _from_columns(body)
    except Malformed:
        return False
    return replace(opened.batch, facts=join(opened.records)) == batch


def _book_rows(evidence: bytes) -> tuple[list[bytes], list[bytes]] | None:
    """Pieces and certificates of an evidence book, each as its bytes; None where it is none."""
    try:
        pieces, certificates = msgspec.msgpack.decode(
            evidence, type=tuple[list[msgspec.Raw], list[msgspec.Raw]]
        )
    except (msgspec.MsgspecError, RecursionError):
        return None
    return [bytes(one) for one in pieces], [bytes(one) for one in certificates]


def _book(pieces: Sequence[bytes], certificates: Sequence[bytes]) -> bytes:
    """The bytes of an evidence book."""
    parts = (array_begins(2), array_begins(len(pieces)), *pieces)
    return b"".join((*parts, array_begins(len(certificates)), *certificates))


def read_evidence(data: bytes, records: int) -> EvidenceBook:
    """Read a batch's evidence; raises Malformed unless there is one entry a record."""
    book = read(data, EvidenceBook)
    if len(book.pieces) != records:
        raise Malformed(f"evidence: {len(book.pieces)} entries for {records} records")
    return book
