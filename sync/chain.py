"""The chain of one epoch: each record names the digest of the one before.

It is checked over bytes, so that a record this program cannot read does not hide the ones behind
it. A chain cannot show that its unsynced tail was cut off; the second path and the hub's cursor do.
"""

import hashlib
from collections.abc import Sequence

from sync.errors import Malformed
from sync.records import frame
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
    digests: list[Digest] = []
    for seq, data in enumerate(records, first):
        seen = frame(data)
        if seen is not None:
            if (seen.node, seen.epoch, seen.seq) != (node, epoch, seq):
                raise ChainBroken(seq, f"it says {seen.node} {seen.epoch} {seen.seq}")
            if seen.prev != prev:
                raise ChainBroken(seq, "it does not name the record before it")
        prev = digest(data)
        digests.append(prev)
    return digests
