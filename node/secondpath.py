"""The second path: every commit once more, in another place, better on another disk.

It is rollback check and second copy in one. After each commit the record, its evidence and the
signed head are appended here, written but not synced: it may lag behind the database, it never
leads. When receipts come it is trimmed, but its last head always stays. At the next start its last
head is compared with the database:

    missing   the file is not there: this may be another disk, or somebody took it away
    behind    the *database* ends before it: it is an old copy; the tail here is restored
    differs   another digest for the same record: the node runs on elsewhere as well
    fits      it ends where the database ends, or earlier (it may lag)

A frame is its length (4 bytes, big endian), the first 8 bytes of its SHA-256, then the entry. A
torn end is an end: reading stops there. Like the database, it may be read by its owner only.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

import msgspec
from msgspec import Meta

from sync.errors import Malformed
from sync.values import Digest, EpochId, NodeId
from sync.wire import read, write

_CHECK = 8
_FRAME = 4 + _CHECK
_LONGEST = 1 << 20


class Entry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One commit: the record's bytes (empty after trimming), its evidence and its head."""

    epoch: EpochId
    seq: Annotated[int, Meta(ge=1)]
    digest: Annotated[Digest, Meta(min_length=32, max_length=32)]
    head: Annotated[bytes, Meta(min_length=64, max_length=64)]
    record: bytes
    evidence: bytes
    """The encoded :class:`sync.cardproof.Evidence`, or empty."""


Verdict = Literal["fits", "missing", "behind", "differs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the start found.

    ``tail`` are the entries that the database lacks; ``other`` all those that it does not have so,
    where the file tells another history.
    """

    verdict: Verdict
    tail: tuple[Entry, ...] = ()
    other: tuple[Entry, ...] = ()


class SecondPath:
    """The file of one node in a folder of its own."""

    def __init__(self, folder: Path, node: NodeId) -> None:
        self.file = folder / f"{node}.second"
        self._out: BinaryIO | None = None
        self.trouble = ""
        """Why it could not be written last; empty when it could."""

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.file.is_file()

    def entries(self) -> list[Entry]:
        """All entries up to a torn or foreign end."""
        try:
            return list(_frames(self.file.read_bytes()))
        except OSError:
            return []

    def append(self, entry: Entry) -> None:
        """Write one commit. A path that fails costs a banner, not the sale: see ``trouble``."""
        try:
            if self._out is None:
                self.file.touch(mode=0o600)
                self._out = self.file.open("ab")
            self._out.write(_frame(entry))
            self._out.flush()
            self.trouble = ""
        except OSError as error:
            self.close()
            self.trouble = f"the second path cannot be written: {error.strerror or error}"

    def begin_anew(self, entries: Sequence[Entry]) -> None:
        """Replace the file by these entries; the last one carries the present head."""
        self.close()
        fresh = self.file.with_name(self.file.name + ".new")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            fresh.touch(mode=0o600)
            fresh.write_bytes(b"".join(_frame(entry) for entry in entries))
            fresh.replace(self.file)
            self.trouble = ""
        except OSError as error:
            self.trouble = f"the second path cannot be written: {error.strerror or error}"

    def lay_aside(self) -> None:
        """Keep a file that tells another history under a name of its own, for people to look at."""
        self.close()
        numbers = (self.file.with_name(f"{self.file.name}.other-{n}") for n in count(1))
        try:
            self.file.replace(next(path for path in numbers if not path.exists()))
        except OSError as error:
            self.trouble = f"the second path cannot be laid aside: {error.strerror or error}"

    def close(self) -> None:
        """Let go of the file."""
        if self._out is not None:
            try:
                self._out.close()
            finally:
                self._out = None


def compare(
    entries: Sequence[Entry], *, exists: bool, known: Iterable[tuple[EpochId, int, Digest]]
) -> Comparison:
    """Hold the second path against the database's digests of its newest records.

    ``known`` gives (epoch, seq, digest) of the database for every entry it has.
    """
    if not exists:
        return Comparison(verdict="missing")
    digests = {(epoch, seq): digest for epoch, seq, digest in known}
    if any(digests.get((e.epoch, e.seq), e.digest) != e.digest for e in entries):
        others = (e for e in entries if digests.get((e.epoch, e.seq)) != e.digest and e.record)
        return Comparison(verdict="differs", other=tuple(others))
    lacking = tuple(e for e in entries if (e.epoch, e.seq) not in digests)
    if not lacking:
        return Comparison(verdict="fits")
    return Comparison(verdict="behind", tail=tuple(e for e in lacking if e.record))


def same_disk(one: Path, other: Path) -> bool:
    """Whether both folders lie on one disk, so that one failure takes both."""
    try:
        return one.stat().st_dev == other.stat().st_dev
    except OSError:
        return False


def _frame(entry: Entry) -> bytes:
    body = write(entry)
    return len(body).to_bytes(4, "big") + hashlib.sha256(body).digest()[:_CHECK] + body


def _frames(data: bytes) -> Iterator[Entry]:
    at = 0
    while at + _FRAME <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        check = data[at + 4 : at + _FRAME]
        body = data[at + _FRAME : at + _FRAME + size]
        if size > _LONGEST or len(body) != size or hashlib.sha256(body).digest()[:_CHECK] != check:
            return
        try:
            yield read(body, Entry)
        except Malformed:
            return
        at += _FRAME + size
