"""A batch of records over the door: custody first, then the verdicts that are ready.

A small batch is judged before the answer leaves, so that a counter waits for one round trip; a
larger one is judged by the hub's own round, and its receipts come with the next exchange.
"""

from hub.core import Core
from hub.identities import Identities
from hub.intake.heal import heal
from hub.intake.post import post_all
from hub.intake.receive import Received, receive
from hub.intake.verdicts import receipts
from hub.intake.verify import Verifier
from hub.nodes import epoch_of
from hub.points.asking import highest_attempt
from sync.batch import EvidenceBook
from sync.errors import RefusedByRule
from sync.receipt import Answer, Custody
from sync.signing import Signed, seal_with
from sync.values import Digest, EpochId, NodeId
from sync.wire import read, write

SMALL = 64
"""New records that are judged at once."""


def judge_waiting(core: Core, identities: Identities, verifier: Verifier) -> int:
    """Judge and post everything in custody, and what better evidence heals; says how much."""
    return heal(core, identities, verifier) + post_all(core, identities, verifier)


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
    """Take a batch of an epoch and give what the hub can say about it now."""
    taken = receive(core, node, epoch, first, body)
    if taken.new <= SMALL:
        judge_waiting(core, identities, verifier)
    with core.database.read() as tx:
        life = epoch_of(tx, node, epoch)
        if life is None:
            raise RefusedByRule("unknown-epoch", f"{node} has no epoch {epoch}")
        batch = taken.batch
        return Answer(
            custody=_custody(core, taken),
            receipts=tuple(receipts(core, tx, taken.cursor.line, batch.receipted, batch.decisions)),
            unknown_cards=_unknown_cards(identities, batch.evidence),
            highest_attempt=highest_attempt(tx, node, epoch),
            state=life.state,
        )


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


def _unknown_cards(identities: Identities, evidence: bytes) -> tuple[Digest, ...]:
    pieces = read(evidence, EvidenceBook).pieces
    cards = {piece.key for piece in pieces if piece is not None}
    return tuple(sorted(Digest(card) for card in cards if identities.public_key(card) is None))
