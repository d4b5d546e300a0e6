"""Opening what nodes have sealed to the hub: a shift's content key, and the evidence under it.

The hub keeps evidence as it came. It is opened to be checked, and once more to go back to its shop
with the verdict that it is no good; when a month's sealing key is shredded, no more.
"""

from collections.abc import Collection

from hub.core import Core
from hub.intake.lines import kept, kept_along
from hub.keys import KeyRing
from hub.points.case import Line
from hub.store.database import Tx
from sync.chain import digest
from sync.errors import Malformed, NotAuthentic
from sync.records import Record, ShiftOpened, readable
from sync.sealing import Sealer, open_content_key


def content_key(keys: KeyRing, record: Record | None) -> bytes | None:
    """The content key (32 bytes) that a shift's first record seals; None if it does not open."""
    if record is None or not isinstance(record.body, ShiftOpened):
        return None
    try:
        return open_content_key(record.body.content_key, keys.sealing(record.body.sealing_key))
    except (Malformed, NotAuthentic):
        return None


def stored(tx: Tx, line: Line, seq: int) -> Record | None:
    """A record of a line, or of what a branch shares; None if there is none or it is unreadable."""
    found = kept_along(tx, line, seq - 1, seq)
    return readable(found[0].data) if found else None


def opened_evidence(core: Core, tx: Tx, line: Line, seqs: Collection[int]) -> dict[int, bytes]:
    """What lies sealed in the evidence of these records, by seq; without what does not open."""
    if not seqs:
        return {}
    opened: dict[int, bytes] = {}
    sealers: dict[int, Sealer | None] = {}
    for one in kept(tx, line, min(seqs) - 1, max(seqs)):
        if one.seq not in seqs or one.evidence is None:
            continue
        shift = one.evidence.shift
        if shift not in sealers:
            key = content_key(core.keys, stored(tx, line, shift))
            sealers[shift] = None if key is None else Sealer(key)
        sealer = sealers[shift]
        try:
            if sealer is not None:
                opened[one.seq] = sealer.open(one.evidence.sealed, digest(one.data))
        except NotAuthentic:
            continue
    return opened
