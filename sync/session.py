"""One exchange between a node and the hub, as a state table. No I/O: the node's outbox drives it.

                      ┌──────────┐ moved
                      v          │
    start ────> HANDING_IN ──────┘
                  │  │  ^ │ off_chain
                  │  │  │ └───────────> SEARCHING ──found──> HANDING_IN (the branch)
           settled│  │  └─granted─────┐
                  │  └─must_renew──> RENEWING ──refused──┐
                  v                                      │
               FETCHING <────────────────────────────────┘
                  │ ^ │ page                every state ──silence──> BROKEN_OFF
          complete│ └─┘
                  v
                DONE

HANDING_IN   one PUT after the other, oldest epoch first, from the cursor that the hub stated last,
             also when it went back; until nothing is left or an answer moved nothing. On a long
             line the node may have sent the next one already when its turn comes (node.ahead)
SEARCHING    the hub's chain is not ours: find the last record both have; what lies behind it here
             is a branch, handed in from there
RENEWING     this node takes no money: everything it holds is handed in, now it asks for an epoch
FETCHING     the feed, page by page, until one is complete

A batch begins with 64 records; each good answer doubles it up to 512, each silence halves it, and
it is never longer on the wire than 128 KiB (whoever packs it sees to that).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from sync.batch import MOST_RECORDS
from sync.errors import Malformed
from sync.values import EpochId, NodeId
from sync.wire import read, write

FIRST_SIZE = 64
QUICK = 2_000
"""Milliseconds within which an answer counts as good enough for a longer batch."""
_MOST_STEPS = 100_000
"""No exchange is longer; a hub that never comes to an end is stopped here."""


class State(StrEnum):
    """Where the exchange stands."""

    HANDING_IN = "handing-in"
    SEARCHING = "searching"
    RENEWING = "renewing"
    FETCHING = "fetching"
    DONE = "done"
    BROKEN_OFF = "broken-off"


class Event(StrEnum):
    """What happened."""

    MOVED = "moved"
    """An answer to a PUT was stored."""
    SETTLED = "settled"
    """Nothing is left to hand in."""
    MUST_RENEW = "must-renew"
    """Nothing is left to hand in, and this node needs a new epoch."""
    OFF_CHAIN = "off-chain"
    """The hub's head is not on this node's chain."""
    FOUND = "found"
    """The last common record is known."""
    GRANTED = "granted"
    REFUSED = "refused"
    """No epoch is granted now; a person at the hub has to decide."""
    PAGE = "page"
    COMPLETE = "complete"
    SILENCE = "silence"


TABLE: dict[tuple[State, Event], State] = {
    (State.HANDING_IN, Event.MOVED): State.HANDING_IN,
    (State.HANDING_IN, Event.OFF_CHAIN): State.SEARCHING,
    (State.HANDING_IN, Event.SETTLED): State.FETCHING,
    (State.HANDING_IN, Event.MUST_RENEW): State.RENEWING,
    (State.SEARCHING, Event.FOUND): State.HANDING_IN,
    (State.RENEWING, Event.GRANTED): State.HANDING_IN,
    (State.RENEWING, Event.REFUSED): State.FETCHING,
    (State.FETCHING, Event.PAGE): State.FETCHING,
    (State.FETCHING, Event.COMPLETE): State.DONE,
    (State.HANDING_IN, Event.SILENCE): State.BROKEN_OFF,
    (State.SEARCHING, Event.SILENCE): State.BROKEN_OFF,
    (State.RENEWING, Event.SILENCE): State.BROKEN_OFF,
    (State.FETCHING, Event.SILENCE): State.BROKEN_OFF,
}
"""Everything that can happen. An event that is not here in a state is a mistake of the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochFacts:
    """What the node has of one epoch, as stored at this moment."""

    epoch: EpochId
    last: int
    """Last record here; 0 when there is none."""
    received: int
    """The hub's cursor as it stated it last."""
    receipted: int
    """Last record up to which every receipt is stored."""
    present: bool
    """The epoch in which this node sells, or sold until it stopped."""
    ended: bool
    """Attempts ended without a record and the hub has not heard so."""
    told_closed: bool
    """The hub knows that this epoch sells no more (only for earlier ones)."""
    quarantined: bool
    """A person's decision may supersede a verdict."""
    branch_at: int | None = None
    """First record of a branch that the hub's chain does not have; None: there is no branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Send a batch of at most ``most`` records from ``first`` on; it may be empty."""

    epoch: EpochId
    first: int
    most: int
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FindCommon:
    """Compare the hub's records of an epoch with ours, from the last receipt on."""

    epoch: EpochId


@dataclass(frozen=True, slots=True)
class AskEpoch:
    """Ask for a new epoch."""


@dataclass(frozen=True, slots=True)
class GetPage:
    """Fetch the next page of the feed."""


@dataclass(frozen=True, slots=True)
class End:
    """The exchange is over."""

    reached: bool


Step = Put | FindCommon | AskEpoch | GetPage | End


class Session:
    """One exchange. Ask :meth:`next`, do it, tell :meth:`on` what happened, until :class:`End`."""

    def __init__(self, size: int = FIRST_SIZE, *, fetch: bool = True) -> None:
        """``size`` is the batch length to begin with; without ``fetch`` it ends after hand-in."""
        self.state = State.HANDING_IN
        self.size = max(1, min(size, MOST_RECORDS))
        self._fetch = fetch
        self._steps = 0
        self._visited: dict[EpochId, tuple[int, int, bool]] = {}
        """Epoch -> what was there before its last PUT; one that moved nothing is left alone."""
        self._branches: dict[EpochId, int] = {}
        """Epoch -> next record of its branch to be sent in this exchange."""
        self._asked = False
        self._searched: EpochId | None = None

    @property
    def longer(self) -> int:
        """How long a batch may be behind one more good answer."""
        return min(self.size * 2, MOST_RECORDS)

    def next(self, epochs: Sequence[EpochFacts], *, must_renew: bool) -> Step:
        """The next thing to do, by what is stored now. ``epochs`` stand oldest first."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            self.state = State.BROKEN_OFF
        if self.state is State.HANDING_IN:
            for facts in epochs:
                put = self._put(facts)
                if put is not None:
                    return put
            self.on(Event.MUST_RENEW if must_renew and not self._asked else Event.SETTLED)
        if self.state is State.SEARCHING and self._searched is not None:
            return FindCommon(epoch=self._searched)
        if self.state is State.RENEWING:
            self._asked = True
            return AskEpoch()
        if self.state is State.FETCHING and self._fetch:
            return GetPage()
        return End(reached=self.state is not State.BROKEN_OFF)

    def on(self, event: Event, *, took: int = 0, epoch: EpochId | None = None) -> None:
        """Note what happened; ``took``: ms for a PUT's answer, behind the one before."""
        state = TABLE.get((self.state, event))
        if state is None:
            raise ValueError(f"{event} cannot happen while {self.state}")
        if event is Event.MOVED and took <= QUICK:
            self.size = self.longer
        elif event is Event.SILENCE:
            self.size = max(self.size // 2, 1)
        elif event is Event.OFF_CHAIN:
            self._searched = epoch
        self.state = state

    def _put(self, facts: EpochFacts) -> Put | None:
        """The next PUT that an epoch needs, or None when it needs none now."""
        if facts.branch_at is not None:
            return self._branch(facts)
        now = (facts.received, facts.receipted, facts.ended)
        before = self._visited.get(facts.epoch)
        waiting = facts.last > facts.received or facts.ended or facts.receipted < facts.received
        if before is None:
            needed = waiting or facts.present or facts.quarantined or not facts.told_closed
        else:
            needed = waiting and before != now
        if not needed:
            return None
        self._visited[facts.epoch] = now
        first = min(facts.received, facts.last) + 1
        return Put(epoch=facts.epoch, first=first, most=self.size, closed=not facts.present)

    def _branch(self, facts: EpochFacts) -> Put | None:
        """A branch goes up once in an exchange, from the first record the hub lacks."""
        assert facts.branch_at is not None  # noqa: S101  asked before
        first = self._branches.get(facts.epoch, facts.branch_at)
        if first > facts.last:
            return None
        most = min(self.size, facts.last - first + 1)
        self._branches[facts.epoch] = first + most
        return Put(epoch=facts.epoch, first=first, most=most, closed=not facts.present)


class Parcel(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One PUT as it would have gone over the line: its epoch, first record and body."""

    epoch: EpochId
    first: Annotated[int, Meta(ge=1)]
    body: bytes


class Stick(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Records on a stick: the same bytes that a PUT carries, so that any path will do.

    Nobody has to be trusted with it: records are chained and their heads signed, evidence is
    sealed. The hub takes each parcel as it would take the PUT.
    """

    node: NodeId
    parcels: tuple[Parcel, ...]


_STICK = b"machikado/stick/1\n"


def write_stick(stick: Stick) -> bytes:
    """The file's bytes."""
    return _STICK + write(stick)


def read_stick(data: bytes) -> Stick:
    """Read such a file; raises Malformed."""
    if not data.startswith(_STICK):
        raise Malformed("this file holds no records that a node exported")
    return read(data[len(_STICK) :], Stick)
