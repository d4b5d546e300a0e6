"""The chain of one epoch: each record names the digest of the one before.

It is checked over bytes, so that a record this program cannot read does not hide the ones behind
it. A chain cannot show that its unsynced tail was cut off; the second path and the hub's cursor do.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count

from sync.errors import Malformed
from sync.records import Frame, Record, frame
from sync.values import Digest, EpochId, NodeId

NOTHING = Digest(b"")
"""What stands before record 1."""


class ChainBroken(Malformed):
    """A record does not follow the one before it. ``seq`` says which."""

    def __init__(self, seq: int, message: str) -> None:
        super().__init__(f"record {seq}: {message}")
        self.seq = seq


def digest(data: bytes) -> Digest:
    """The digest by which a record is named."""
    return Digest(hashlib.sha256(data).digest())


def follow(
    node: NodeId, epoch: EpochId, first: int, prev: Digest, records: Sequence[bytes]
) -> list[Digest]:
    """Check that ``records`` continue a chain at ``first`` after ``prev``; give their digests.

    Bytes whose frame cannot be read pass here (they are judged later); the digest of what follows
    them, or the signed head, covers them. Raises ChainBroken.
    """
    digests = list(map(digest, records))
    check_links(node, epoch, links(first, prev, map(frame, records), digests))
    return digests


Link = tuple[int, Record | Frame | None, Digest]
"""A record's place, what it says (None: unreadable), and the digest of the one before."""


def links(
    first: int, prev: Digest, read: Iterable[Record | Frame | None], digests: Iterable[Digest]
) -> Iterator[Link]:
    """Records that are read already, with what stands before each."""
    return zip(count(first), read, chain((prev,), digests), strict=False)


def check_links(node: NodeId, epoch: EpochId, some: Iterable[Link]) -> None:
    """As :func:`follow`, where records are read and their digests known. Raises ChainBroken."""
    for seq, seen, prev in some:
        if seen is None:
            continue
        if seen.seq != seq or seen.node != node or seen.epoch != epoch:
            raise ChainBroken(seq, f"it says {seen.node} {seen.epoch} {seen.seq}")
        if seen.prev != prev:
            raise ChainBroken(seq, "it does not name the record before it")
