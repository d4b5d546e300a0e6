"""Another history of this node, found on its second path: handed in under its old life, once.

A stick that was used with another copy of this node holds sales that are nowhere else. They are not
mixed into the database: as soon as they are found they wait here as parcels, the bytes of a PUT,
and go up in the next exchange, before a new life is asked for. The hub keeps them as a branch and
judges each by its own proof; a parcel that it has already gets the same answer, so nothing is
doubled. An incident tells people from the finding on, and what became of it.
"""

import threading
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Annotated

import msgspec
from msgspec import Meta

from node.inbox import Inbox
from node.line import Line
from node.secondpath import Entry
from node.store import Store
from sync import chain
from sync.batch import MOST_RECORDS, MOST_WIRE, Batch, Coding, EvidenceBook, join, pack
from sync.cardproof import Evidence
from sync.errors import Malformed, NotAuthentic, RefusedByRule
from sync.session import Parcel
from sync.signing import Head
from sync.values import Digest, Millis, NodeId
from sync.wire import read, write

_NAME = "other/"
_INCIDENT = "other-history"


class Other(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Consecutive records of another history, until the hub has them and after."""

    parcel: Parcel
    """Its body is empty once it is in the hub's custody."""
    last: Annotated[int, Meta(ge=1)]
    digest: Digest
    """Of the last record."""

    @property
    def name(self) -> str:
        """What it is kept under: the same records have the same name."""
        return f"{_NAME}{self.parcel.epoch}/{self.parcel.first:012d}/{self.digest.hex()[:16]}"

    @property
    def words(self) -> str:
        """Which records these are."""
        return f"{self.parcel.epoch} {self.parcel.first}-{self.last} ({self.digest.hex()[:16]})"


class Others:
    """What was found of other histories."""

    def __init__(self, store: Store, line: Line, inbox: Inbox, node: NodeId) -> None:
        self._store = store
        self._line = line
        self._inbox = inbox
        self._node = node
        self._turn = threading.Lock()

    def keep(self, entries: Sequence[Entry], now: Millis) -> None:
        """Keep a second path's entries, durably, until they are handed in."""
        with self._store.transaction():
            for run in _runs(entries):
                for other in self._parcels(run):
                    if self._store.kept(other.name, Other) is None:
                        self._store.keep(other.name, other)
                        self._tell(other, "found on the second path; not handed in yet", now)

    def waiting(self) -> list[Other]:
        """What the hub does not have yet, oldest first."""
        rows = self._store.rows(
            "SELECT value FROM meta WHERE key >= ? AND key < ? ORDER BY key", (_NAME, "other0")
        )
        return [other for (data,) in rows if (other := read(data, Other)).parcel.body]

    def hand_in(self, now: Millis) -> None:
        """Bring the hub what waits. What it refuses waits on, and does not keep the rest.

        Raises Unreachable.
        """
        with self._turn:
            for other in self.waiting():
                try:
                    self._hand_in(other, now)
                except (RefusedByRule, Malformed, NotAuthentic) as error:
                    self._tell(other, f"found on the second path; not taken: {error}", now)

    def _hand_in(self, other: Other, now: Millis) -> None:
        parcel = other.parcel
        answer = self._line.patiently(
            lambda calls: calls.put_records(parcel.epoch, parcel.first, parcel.body)
        )
        custody = self._inbox.custody(parcel.epoch, answer.custody)
        if (custody.received, custody.head) != (other.last, other.digest) and (
            custody.received <= other.last
        ):
            return  # it follows on something that the hub does not have yet
        done = msgspec.structs.replace(parcel, body=b"")
        with self._store.transaction():
            self._store.keep(other.name, msgspec.structs.replace(other, parcel=done))
            self._tell(other, "found on the second path; handed in, the hub judges them", now)

    def _tell(self, other: Other, what: str, now: Millis) -> None:
        """One incident a run of records, with its latest state."""
        with self._store.transaction():
            self._store.execute(
                "DELETE FROM incident WHERE what = ? AND detail LIKE ?",
                (_INCIDENT, f"{other.words}:%"),
            )
            self._store.execute(
                "INSERT INTO incident (what, detail, at) VALUES (?, ?, ?)",
                (_INCIDENT, f"{other.words}: {what}", now),
            )

    def _parcels(self, run: Sequence[Entry]) -> Iterator[Other]:
        """A run as parcels that are no longer on the wire than they may be."""
        most = min(len(run), MOST_RECORDS)
        while run:
            part = run[:most]
            body = pack(self._batch(part), Coding.ROWS)
            if len(body) > MOST_WIRE and len(part) > 1:
                most = len(part) // 2
                continue
            last = part[-1]
            yield Other(Parcel(last.epoch, part[0].seq, body), last.seq, last.digest)
            run = run[len(part) :]

    def _batch(self, part: Sequence[Entry]) -> Batch:
        last = part[-1]
        pieces = tuple(read(e.evidence, Evidence) if e.evidence else None for e in part)
        return Batch(
            facts=join([entry.record for entry in part]),
            evidence=write(EvidenceBook(pieces, ())),
            head=Head(self._node, last.epoch, last.seq, last.digest, last.head),
            ended=(),
            closed=False,
            receipted=0,
            decisions=0,
        )


def _runs(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """The entries that can be handed in, as runs of one epoch without gaps."""
    sound = sorted(filter(_is_sound, entries), key=lambda entry: (entry.epoch, entry.seq))
    numbered = enumerate(sound)
    for _, run in groupby(numbered, key=lambda at: (at[1].epoch, at[1].seq - at[0])):
        yield [entry for _, entry in run]


def _is_sound(entry: Entry) -> bool:
    """Whether an entry still holds what its digest says; anything may lie on a stick."""
    try:
        if entry.evidence:
            read(entry.evidence, Evidence)
    except Malformed:
        return False
    return bool(entry.record) and chain.digest(entry.record) == entry.digest
