"""A batch of records over the door: custody first, then the verdicts that are ready.

A small batch is judged before the answer leaves, so that a counter waits for one round trip; a
larger one is judged by the hub's own round, and its receipts come with the next exchange.
"""

import logging
import threading
from collections.abc import Callable

from hub.core import Core
from hub.identities import Identities
from hub.intake.ahead import Ahead
from hub.intake.heal import heal
from hub.intake.post import post_all
from hub.intake.receive import Received, receive
from hub.intake.stopped import Stopped
from hub.intake.verdicts import receipts
from hub.intake.verify import Verifier
from hub.nodes import epoch_of
from hub.points.asking import highest_attempt
from sync.batch import EvidenceBook
from sync.errors import RefusedByRule
from sync.receipt import Answer, Custody
from sync.signing import Signed, seal_with
from sync.values import Digest, EpochId, NodeId
from sync.wire import write

_log = logging.getLogger("machikado.hub")

SMALL = 64
"""New records that are judged at once."""


class Judging:
    """Judges and posts what is in custody, one round at a time.

    A round gathers, verifies and only then posts; two at once would take the same records.
    """

    def __init__(self, core: Core, identities: Identities, verifier: Verifier) -> None:
        self._core = core
        self._identities = identities
        self._verifier = verifier
        self._ahead = Ahead(core, identities, verifier)
        self.stopped = Stopped(core)
        self._lock = threading.Lock()

    def round(self) -> int:
        """Judge everything that waits, and what better evidence heals; says how many records."""
        with self._lock:
            parts = self._core, self._identities, self._verifier
            healed = heal(*parts, self.stopped)
            return healed + post_all(*parts, self._ahead, self.stopped)

    def hand_in(self, node: NodeId, epoch: EpochId, first: int, body: bytes) -> Answer:
        """Take a batch of an epoch and give what the hub can say about it now."""
        core = self._core
        taken = receive(core, node, epoch, first, body)
        new = taken.new
        if new is None or len(new.records) <= SMALL:
            self._try(self.round)
        elif new.line.home not in self.stopped:
            self._try(lambda: self._ahead.begin(new))
        with core.database.read() as tx:
            life = epoch_of(tx, node, epoch)
            if life is None:
                raise RefusedByRule("unknown-epoch", f"{node} has no epoch {epoch}")
            batch, line = taken.batch, taken.cursor.line
            return Answer(
                custody=_custody(core, taken),
                receipts=tuple(receipts(core, tx, line, batch.receipted, batch.decisions)),
                unknown_cards=_unknown_cards(self._identities, taken.book),
                highest_attempt=highest_attempt(tx, node, epoch),
                state=life.state,
            )

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
