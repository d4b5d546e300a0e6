"""A batch of records over the door: custody first, then the verdicts that are ready.

Batches that come at the same moment are taken into custody together (:mod:`hub.store.together`). A
small one is judged in the same transaction (:mod:`hub.intake.at_once`), so that a counter waits for
one round trip and one commit; a larger one is judged by the hub's own round, and its receipts come
with the next exchange. So do those of small ones that have to wait for others, where many came at
once: custody never waits for a backlog.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from hub.core import Core
from hub.identities import Identities
from hub.intake.ahead import Ahead
from hub.intake.at_once import SMALL, AtOnce
from hub.intake.heal import heal
from hub.intake.lines import Cursor
from hub.intake.pace import Pace
from hub.intake.post import post_all
from hub.intake.receive import Received, Taken, keep, opened
from hub.intake.stopped import Stopped
from hub.intake.verdicts import Heard, receipts
from hub.intake.verify import Verifier
from hub.nodes import told_of
from hub.points.case import Line
from hub.rightofway import CUSTODY
from hub.store.database import Tx
from hub.store.together import Together
from sync.batch import EvidenceBook
from sync.errors import MachikadoError, Malformed
from sync.receipt import Answer, Custody
from sync.signing import Signed, seal_with
from sync.values import Digest, EpochId, NodeId, home_of
from sync.wire import write

_log = logging.getLogger("machikado.hub")

PATIENCE = 0.5
"""Seconds that an answer waits for the postings of a hub that serves."""
MOST_PATIENT = 8
"""Answers that do so at a time; the rest of the threads take batches into custody."""


class Postings:
    """Counts the postings that are over, for those who wait for theirs."""

    def __init__(self) -> None:
        self._over = 0
        self.waiting = 0
        """How many wait now."""
        self._changed = threading.Condition()

    def another(self) -> None:
        """A posting, or a look that found nothing to post, has come to its end."""
        with self._changed:
            self._over += 1
            self._changed.notify_all()

    def await_next(self) -> None:
        """Wait for the end of one that begins from now on, if it comes soon and few wait."""
        with self._changed:
            if self.waiting >= MOST_PATIENT:
                return
            self.waiting += 1
            mine = self._over + 2  # the one that is under way may have gathered before
            self._changed.wait_for(lambda: self._over >= mine, PATIENCE)
            self.waiting -= 1


class Batched(NamedTuple):
    """A batch as a node handed it in."""

    node: NodeId
    epoch: EpochId
    first: int
    body: bytes


class Handed(NamedTuple):
    """What became of it."""

    ready: bool
    """Whether the answer is there; otherwise asking for it may wait for the hub's own round."""
    answer: Callable[[], Answer]
    """Gives it, or raises what the batch met."""

    @classmethod
    def failed(cls, error: BaseException) -> "Handed":
        """It met an error."""

        def meet() -> Answer:
            raise error

        return cls(ready=True, answer=meet)


@dataclass(slots=True)
class _Kept:
    """A batch in custody, and its answer where that is known with it."""

    taken: Received
    answer: Answer | None = None


class Judging:
    """Judges and posts what is in custody, one round at a time.

    A round gathers, verifies and only then posts; two at once would take the same records.
    """

    def __init__(self, core: Core, identities: Identities, verifier: Verifier) -> None:
        self._core = core
        self._identities = identities
        self._verifier = verifier
        self._ahead = Ahead(core, identities, verifier)
        self._together: Together[list[_Kept]] = Together(
            core.database, lambda: core.way.give(CUSTODY), self._finish
        )
        self._postings = Postings()
        self._wake: Callable[[], None] | None = None
        self._pace = Pace()
        self.stopped = Stopped(core)
        self._at_once = AtOnce(core, identities, verifier, self.stopped)
        self._lock = threading.Lock()

    def beside(self, wake: Callable[[], None]) -> None:
        """From now on somebody else goes round; ``wake`` tells them that records have come."""
        self._wake = wake

    def round(self) -> int:
        """Judge everything that waits, and what better evidence heals; says how many records."""
        with self._lock:
            parts = self._core, self._identities, self._verifier
            judged = heal(*parts, self.stopped)
            for posted in post_all(*parts, self._ahead, self.stopped, pace=self._pace):
                judged += posted
                self._postings.another()
            self._postings.another()
            return judged

    def hand_in(self, node: NodeId, epoch: EpochId, first: int, body: bytes) -> Answer:
        """Take a batch of an epoch and give what the hub can say about it now."""
        (handed,) = self.hand_in_all([Batched(node, epoch, first, body)])
        return handed.answer()

    def hand_in_all(self, batches: Sequence[Batched]) -> list[Handed]:
        """Take batches that came at the same moment; each is answered for itself."""
        read = [_read(one) for one in batches]
        outcomes = iter(self._kept([one for one in read if isinstance(one, Taken)]))
        return [
            Handed.failed(one) if isinstance(one, Malformed) else self._handed(*next(outcomes))
            for one in read
        ]

    def _kept(self, some: Sequence[Taken]) -> list[tuple[_Kept | None, BaseException | None]]:
        """What came of batches, or what each raised: all at once, else one by one."""
        if len(some) > 1:
            ((all_of_them, error),) = self._together.run_all([self._work(some)])
            if error is None and all_of_them is not None:
                return [(kept, None) for kept in all_of_them]
        outcomes = self._together.run_all([self._work([one]) for one in some])
        return [(None if kept is None else kept[0], error) for kept, error in outcomes]

    def _work(self, some: Sequence[Taken]) -> tuple[Callable[[], list[_Kept]], frozenset[str]]:
        """What takes batches into custody, and for which towns."""
        towns = frozenset(home_of(one.node) for one in some)
        return lambda: [_Kept(taken) for taken in keep(self._core, some)], towns

    def _handed(self, kept: _Kept | None, error: BaseException | None) -> Handed:
        if kept is None or error is not None:
            return Handed.failed(error or AssertionError())
        return Handed(kept.answer is not None, partial(self._given, kept))

    def _given(self, kept: _Kept) -> Answer:
        """The answer, once judging has had its chance."""
        if kept.answer is not None:
            return kept.answer
        self._judge(kept.taken)
        with self._core.database.read() as tx:
            return self._answers(tx, [kept])[0]

    def _finish(self, tx: Tx, groups: Sequence[Sequence[_Kept]]) -> None:
        """Judge at once what can be, and make the answers that wait for nothing more."""
        group = [kept for some in groups for kept in some]
        posted = self._at_once.judge(tx, [kept.taken for kept in group])
        if self._wake is None:
            return  # nobody else goes round: who hands in does
        ready = [kept for kept in group if _is_judged(kept.taken.cursor, posted)]
        with suppress(MachikadoError):  # said to each caller, once the batches are kept
            for kept, answer in zip(ready, self._answers(tx, ready), strict=True):
                kept.answer = answer

    def _answers(self, tx: Tx, group: Sequence[_Kept]) -> list[Answer]:
        """What the hub can say now of batches and their epochs."""
        taken = [kept.taken for kept in group]
        names = [(one.cursor.line.node, one.cursor.line.epoch) for one in taken]
        told = told_of(tx, {*names})
        heard = [
            Heard(one.cursor, one.batch.receipted, one.batch.decisions, told[name].decisions)
            for one, name in zip(taken, names, strict=True)
        ]
        return [
            Answer(
                custody=_custody(self._core, one),
                receipts=some,
                unknown_cards=_unknown_cards(self._identities, one.book),
                highest_attempt=told[name].attempts,
                state=told[name].state,
            )
            for one, name, some in zip(taken, names, receipts(self._core, tx, heard), strict=True)
        ]

    def _judge(self, taken: Received) -> None:
        """Judge what was taken, or see to it that it is judged soon."""
        new = taken.new
        if new is not None and len(new.records) > SMALL:
            if new.line.home not in self.stopped:
                self._try(lambda: self._ahead.begin(new))
            if self._wake is not None:
                self._wake()
        elif self._wake is None:
            self._try(self.round)
        elif taken.cursor.posted < taken.cursor.received:
            self._wake()
            self._postings.await_next()

    def close(self) -> None:
        """Let go of what checks proofs, once the round that is under way has ended."""
        with self._lock:
            self._verifier.close()

    def _try(self, judge: Callable[[], object]) -> None:
        """The batch is in custody whatever judging meets: its node must hear that."""
        try:
            judge()
        except Exception:  # noqa: BLE001  custody must be answered whatever judging meets
            _log.exception("judging stopped; the records stay in custody")


def hand_in(
    core: Core,
    identities: Identities,
    verifier: Verifier,
    *,
    node: NodeId,
    epoch: EpochId,
    first: int,
    body: bytes,
) -> Answer:
    """Hand in one batch where nobody else judges at the same time."""
    return Judging(core, identities, verifier).hand_in(node, epoch, first, body)


def _read(one: Batched) -> Taken | Malformed:
    try:
        return Taken(one.node, one.epoch, one.first, opened(one.body))
    except Malformed as error:
        return error


def _is_judged(cursor: Cursor, posted: Mapping[Line, int]) -> bool:
    """Whether nothing of a line waits behind what has been posted just now."""
    return posted.get(cursor.line, cursor.posted) >= cursor.received


def _custody(core: Core, taken: Received) -> Signed:
    cursor = taken.cursor
    word = Custody(
        incarnation=str(core.incarnation),
        node=cursor.line.node,
        epoch=cursor.line.epoch,
        received=cursor.received,
        head=cursor.head,
        at=core.clock.now(),
    )
    return seal_with(core.keys.signing, "custody", write(word))


def _unknown_cards(identities: Identities, book: EvidenceBook) -> tuple[Digest, ...]:
    cards = {piece.key for piece in book.pieces if piece is not None}
    return tuple(sorted(map(Digest, cards.difference(identities.public_keys(cards)))))
