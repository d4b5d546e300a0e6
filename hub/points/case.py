"""A record on its way to a verdict, and the verdict."""

from collections.abc import Container, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

import msgspec

from hub.points.books import Source
from sync.clock import bounded
from sync.receipt import Bearer, Outcome
from sync.records import (
    AnyBody,
    PileClosed,
    Record,
    Spend,
    TicketCleared,
    TicketRedeemed,
    TicketVoided,
)
from sync.values import (
    Digest,
    EpochId,
    Millis,
    MunicipalityCode,
    NodeId,
    OrganisationId,
    home_of,
    organisation_of,
)

OF_TICKETS = frozenset({"ticket.redeemed", "ticket.cleared"})
"""Kinds of record by which a paper ticket becomes a shop's money."""
Redemption = TicketRedeemed | TicketCleared


class Proof(StrEnum):
    """What the verification of a record found. The values are reasons of verdicts."""

    GOOD = "good"
    NOT_NEEDED = "not-needed"
    NO_EVIDENCE = "no-evidence"
    BAD_SIGNATURE = "bad-signature"
    UNKNOWN_KEY = "unknown-key"
    OTHER_ACCOUNT = "other-account"
    BAD_TICKET = "bad-ticket"
    UNREADABLE = "unreadable"


class Line(NamedTuple):
    """A line of records: a node's chain, or a branch of it."""

    home: MunicipalityCode
    node: NodeId
    epoch: EpochId
    branch: str

    def source(self, seq: int) -> Source:
        """Where the transfers of a record of this line come from."""
        epoch = f"{self.epoch}/{self.branch}" if self.branch else self.epoch
        return Source(self.node, epoch, seq)


def line_of(source: Source) -> Line:
    """The line that a record's source names."""
    epoch, _, branch = source.epoch.partition("/")
    node = NodeId(source.name)
    return Line(home=home_of(node), node=node, epoch=EpochId(epoch), branch=branch)


class Done(msgspec.Struct):
    """A money record of a node, as far as limits ask."""

    epoch: EpochId
    seq: int
    kind: str
    town: str
    account: str
    points: int
    tier: str
    at: Millis
    undone: bool | int = False
    hold: int = 0


class Case(msgspec.Struct, frozen=True):
    """A record with everything that bears on its judgement."""

    line: Line
    seq: int
    digest: Digest
    record: Record | None
    """None when the bytes cannot be read."""
    done: Done | None
    """The record as limits see it; None when it cannot be read."""
    at: Millis
    """When it happened, within what the hub can know."""
    proof: Proof
    opened: bytes
    """With a bad signature: what was found when the evidence was opened."""
    received_at: Millis
    posted_then: int
    """How far this node's records were posted when this one came in."""
    by_own_proof: bool
    """The epoch was closed, forked or revoked before this came: only its own proof carries it."""

    @property
    def source(self) -> Source:
        """Where its transfers come from."""
        return self.line.source(self.seq)


class Proved(NamedTuple):
    """Records of a line, one behind the other, that came together; their proofs are checked."""

    line: Line
    first: int
    """The seq of the first."""
    received_at: Millis
    posted_then: int
    digests: Sequence[Digest]
    """One a record, as are the records, the proofs and what was opened."""
    records: Sequence[Record | None]
    proofs: Sequence[Proof]
    opened: Sequence[bytes]
    alone_behind: int | None
    """The place of the line behind which only their own proof carries records; None: nowhere."""

    @property
    def last(self) -> int:
        """The seq of the last."""
        return self.first + len(self.records) - 1

    @property
    def seqs(self) -> range:
        """Where they stand."""
        return range(self.first, self.first + len(self.records))

    def case(self, at: int) -> Case:
        """One of them with everything that bears on its judgement; ``at`` counts from 0."""
        record, seq = self.records[at], self.first + at
        return Case(
            self.line,
            seq,
            self.digests[at],
            record,
            None if record is None else done_of(record),
            moment_of(record, self.received_at),
            self.proofs[at],
            self.opened[at],
            self.received_at,
            self.posted_then,
            self.alone_behind is not None and seq > self.alone_behind,
        )

    def cases(self) -> Iterator[Case]:
        """All of them."""
        return map(self.case, range(len(self.records)))

    def among(self, seqs: Container[int]) -> "list[Proved]":
        """Those that stand at some places of the line, each run of them by itself."""
        kept = [at for at, seq in enumerate(self.seqs) if seq in seqs]
        if len(kept) == len(self.records):
            return [self]
        ends = [0, *(at for at in range(1, len(kept)) if kept[at - 1] != kept[at] - 1), len(kept)]
        return [
            self._part(kept[begin], kept[end - 1] + 1)
            for begin, end in pairwise(ends)
            if begin < end
        ]

    def _part(self, start: int, stop: int) -> "Proved":
        return self._replace(
            first=self.first + start,
            digests=self.digests[start:stop],
            records=self.records[start:stop],
            proofs=self.proofs[start:stop],
            opened=self.opened[start:stop],
        )


def moment_of(record: Record | None, received: Millis) -> Millis:
    """When a record happened: within what the hub can know; an unreadable one as it came."""
    return received if record is None else bounded(record.at, received)


def done_of(record: Record) -> Done:
    """A record as limits see it. What only sums up moves nothing itself."""
    body, at = record.body, record.at.ms
    if type(body) is Spend:  # mostly
        town, account, points, tier = body.municipality, body.account, body.points, str(body.tier)
        return Done(
            record.epoch, record.seq, "spend", town, account, points, tier, at, hold=body.hold
        )
    return Done(
        record.epoch,
        record.seq,
        record.kind,
        getattr(body, "municipality", ""),
        subject(record),
        0 if isinstance(body, PileClosed) else int(getattr(body, "points", 0)),
        str(getattr(body, "tier", "")),
        at,
    )


def subject(record: Record) -> str:
    """What a record is about: the account, or the ticket's number."""
    body = record.body
    if isinstance(body, Redemption | TicketVoided):
        return body.number
    return getattr(body, "account", "")


def paid_by(body: AnyBody, node: NodeId) -> OrganisationId:
    """Whom a record of a node earns its points: its own organisation, or whose pile it clears."""
    return body.organisation if isinstance(body, TicketCleared) else organisation_of(node)


class Judgement(msgspec.Struct, frozen=True):
    """What becomes of a record."""

    outcome: Outcome
    reason: str
    bearer: Bearer
    paid: int


_APPLIED, _NOBODY = Outcome.APPLIED, Bearer.NOBODY


def applied(paid: int = 0) -> Judgement:
    """All is as it should be."""
    return Judgement(_APPLIED, "", _NOBODY, paid)


def exception(reason: str, bearer: Bearer, paid: int = 0) -> Judgement:
    """Posted as the table of verdicts says; people see it."""
    return Judgement(Outcome.EXCEPTION, reason, bearer, paid)


def quarantined(reason: str) -> Judgement:
    """Kept until people decide, or a copy with good proof comes."""
    return Judgement(Outcome.QUARANTINED, reason, Bearer.UNDECIDED, 0)
