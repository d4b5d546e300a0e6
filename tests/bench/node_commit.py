"""A node's commit: the card's signature checked, the head signed, record and slip durable.

The card's own time is not the node's: what the card takes to sign is left out. Wall and commits are
measured by turns, since the disk is not the same from second to second, and under the same
conditions: before each a card signs, since a disk that waits in between is slower than one that is
kept busy. Between two turns the counter rests as the schedule lets it each minute; a turn is more
than a counter sells in one.
"""

import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from node.card.tap import Signature
from node.counter import Counter
from node.enrol import enrol
from node.opening import Ports
from node.outcome import Approved
from node.reach import Straight
from node.writer import Committed, Proof
from sync.certificate import Algorithm, verify_signature
from sync.clock import At
from sync.democa import DemoCa
from sync.records import Spend, Tier
from sync.values import AccountId, Millis, Points
from tests.bench.figures import Better, Figure, against, median, must, slowest_of_hundred
from tests.bench.walls import append_and_sync
from tests.doubles.clocks import at
from tests.doubles.hub import KAWASAKI, FakeHub
from tests.doubles.pen import Card
from tests.doubles.ports import CountedRandomness, HandClock

_ACCOUNT = AccountId("00000000000000aa")
_NOON = at("2026-11-20 12:00")
_TURN = 100


class _Signing:
    """A card that lies on the reader; ``took`` is how long it signed last."""

    def __init__(self, private: RSAPrivateKey, certificate: bytes) -> None:
        self.certificate = certificate
        self.card = Card(private)
        self.spki, self.digest = self.card.spki, self.card.digest
        self.took = 0.0

    def sign(self, message: bytes) -> Signature:
        """Sign as the chip does, then check as the tap does."""
        began = time.perf_counter()
        signature = self.card.sign(message)
        self.took = time.perf_counter() - began
        verify_signature(self.spki, Algorithm.RS256, signature, message)
        return Signature(algorithm=Algorithm.RS256, key_digest=self.digest, signature=signature)


def measure(folder: Path, *, commits: int) -> list[Figure]:
    """p50 and p99 of a commit against an append with fdatasync on the same disk."""
    counter, card = _counter(folder)
    samples: list[float] = []
    walls: list[float] = []
    try:
        commit = _commits(counter, card)
        for _ in range(_TURN):
            commit()
        for _ in range(commits // _TURN):
            counter.rest()
            walls.extend(append_and_sync(folder, _TURN, before=lambda: card.card.sign(b"a record")))
            samples.extend(commit() for _ in range(_TURN))
        must(not counter.audit(), "the node's records add up")
    finally:
        counter.close()
    return [
        against(
            "node: commit with verify and sign, p50",
            1e6 * median(samples),
            "us",
            limit=1e6 * median(walls),
            target=1.2,
            better=Better.LOWER,
        ),
        against(
            "node: commit with verify and sign, p99",
            1e6 * slowest_of_hundred(samples),
            "us",
            limit=1e6 * slowest_of_hundred(walls),
            target=1.5,
            better=Better.LOWER,
        ),
    ]


def _counter(folder: Path) -> tuple[Counter, _Signing]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ca = DemoCa.create(folder / "ca", at=_NOON, key=private)
    certificate = ca.issue(private.public_key(), at=_NOON)
    hub, clock = FakeHub(_NOON), HandClock(_NOON)
    ports = Ports(
        clock=clock, randomness=CountedRandomness(), door=lambda _: hub, patience=Straight()
    )
    new = enrol(folder / "node", hub.invitation, ports, second_path=folder / "second", door=hub)
    new.counter.sync_now()
    new.counter.parts.store.make_room()
    return new.counter, _Signing(private, certificate)


def _commits(counter: Counter, card: _Signing) -> Callable[[], float]:
    """Gives what makes one commit and says how long it took, without the card's time."""
    parts = counter.parts
    counter.open_shift("bench")
    proof = Proof(shift=parts.shifts.ensure(), sign=card.sign, certificate=card.certificate)

    def body(_at: At, _seq: int) -> Spend:
        epoch = parts.writer.epoch
        basis = parts.limits.basis(
            receipted=parts.writer.receipted,
            epoch=epoch,
            town=KAWASAKI,
            known=None,
            silent_since=Millis(_NOON),
        )
        return Spend(
            municipality=KAWASAKI,
            account=_ACCOUNT,
            points=Points(1),
            tier=Tier.T2,
            card=card.digest,
            hold=0,
            basis=basis,
        )

    def slip(done: Committed) -> None:
        record = done.record
        parts.paper.slip(
            done,
            Approved(
                kind="spend",
                node=record.node,
                epoch=record.epoch,
                seq=record.seq,
                digest=done.digest,
                at=record.at.ms,
                municipality=KAWASAKI,
                points=Points(1),
                tier=Tier.T2,
            ),
        )

    def commit() -> float:
        began = time.perf_counter()
        parts.writer.write(body, proof=proof, also=slip)
        return time.perf_counter() - began - card.took

    return commit
