"""What comes back for records: custody first, then a verdict for each.

Both are signed, and each leaves only after a durable commit at the hub. A quarantined verdict is
provisional: a person's decision makes a second receipt that supersedes it.
"""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from sync.clock import Moment
from sync.records.bodies import Counter
from sync.signing import Signed
from sync.values import Digest, EpochId, NodeId


class Outcome(StrEnum):
    """What the hub did with a record."""

    APPLIED = "applied"
    EXCEPTION = "exception"
    QUARANTINED = "quarantined"


class Bearer(StrEnum):
    """On whom a loss falls."""

    NOBODY = "nobody"
    RESERVE = "reserve"
    ORGANISATION = "organisation"
    RESIDENT = "resident"
    UNDECIDED = "undecided"


class Verdict(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The hub's word on one record."""

    seq: Counter
    digest: Digest
    outcome: Outcome
    reason: Annotated[str, Meta(max_length=40)]
    """Stable English key; empty when applied."""
    bearer: Bearer
    paid: Counter
    """Points the organisation got for it."""
    posting: Counter
    """The posting number of the town whose points these are."""
    tickets: tuple[bytes, ...] = ()
    """The signed tickets of a ``ticket.issued``: only now may paper move."""
    opened: bytes = b""
    """With a bad signature: what the hub found when it opened the evidence."""


class Custody(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The hub keeps everything up to here."""

    incarnation: str
    node: NodeId
    epoch: EpochId
    received: Counter
    head: Digest
    """Digest of the last record received; empty when there is none."""
    at: Moment


class Receipt(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Verdicts of one epoch, in seq order; or one that supersedes an earlier verdict."""

    incarnation: str
    node: NodeId
    epoch: EpochId
    at: Moment
    verdicts: Annotated[tuple[Verdict, ...], Meta(max_length=1024)]
    decision: Counter
    """0: first verdicts. Else the number of this superseding receipt within the epoch."""


class Answer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The answer to a PUT of records."""

    custody: Signed
    receipts: tuple[Signed, ...]
    unknown_cards: tuple[Digest, ...]
    """Cards whose certificate the hub lacks."""
    highest_attempt: Counter
    """The highest attempt number the hub has seen in this epoch."""
    state: str
    """``open``, ``closed`` (a later epoch was granted) or ``forked``."""
