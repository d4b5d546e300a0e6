"""Checking proofs beside the hub: the same answers as in it, and nothing left running behind it."""

import multiprocessing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.hub import init_hub, open_hub
from hub.intake.verify import Checked, InlineVerifier, PoolVerifier, Task, need_of
from hub.points.case import Proof
from sync.cardproof import Evidence
from sync.chain import digest
from sync.records import readable
from sync.values import AccountId, KeyDigest
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.doubles.pen import Card, Pen
from tests.hub.corner import GREENGROCER, KAWASAKI, ORIGIN, Corner

ACCOUNT = AccountId("0123456789abcdef")


@pytest.fixture
def card(card_keys: list[RSAPrivateKey]) -> Card:
    """A card that the hub knows."""
    return Card(card_keys[0])


@pytest.fixture
def shop(town: Corner, card: Card) -> Pen:
    """A shop whose day is so long that it is handed to workers."""
    pen = town.node(GREENGROCER)
    town.feed(pen, available=3_000)
    for _ in range(70):
        pen.spend(card, ACCOUNT, 10, town=KAWASAKI)
    return pen


def task_of(pen: Pen, *cards: Card) -> Task:
    """What the hub would ask about all that a pen wrote."""
    return Task(
        origin=ORIGIN,
        records=pen.records,
        digests=list(map(digest, pen.records)),
        pieces=pen.evidence,
        needs=[
            need_of(readable(data), piece)
            for data, piece in zip(pen.records, pen.evidence, strict=True)
        ],
        cards={card.digest: card.spki for card in cards},
        shifts={2: pen.content_key},
        tickets={},
    )


@pytest.fixture
def many(shop: Pen, card: Card) -> Task:
    """So many proofs that they are handed to workers."""
    return task_of(shop, card)


def test_what_a_card_has_signed_is_good_and_what_needs_no_card_needs_no_proof(
    shop: Pen, card: Card
) -> None:
    found = InlineVerifier().begin(task_of(shop, card)).result()

    assert [one.proof for one in found] == [Proof.NOT_NEEDED] * 2 + [Proof.GOOD] * 70


def test_each_kind_of_bad_proof_is_told_apart(shop: Pen, card: Card) -> None:
    shop.records, shop.evidence = shop.records[:7], shop.evidence[:7]
    good = shop.evidence[2]
    assert good is not None
    shop.evidence[2] = None
    shop.evidence[3] = Evidence(2, good.algorithm, KeyDigest(b"?" * 32), good.sealed)
    shop.evidence[4] = good
    shop.evidence[5] = Evidence(1, good.algorithm, good.key, good.sealed)
    shop.records[6] = b"not a record"

    found = InlineVerifier().begin(task_of(shop, card)).result()

    assert [one.proof for one in found[2:]] == [
        Proof.NO_EVIDENCE,
        Proof.NO_EVIDENCE,
        Proof.BAD_SIGNATURE,
        Proof.BAD_SIGNATURE,
        Proof.UNREADABLE,
    ]


def test_a_card_that_nobody_has_registered_proves_nothing(shop: Pen) -> None:
    assert InlineVerifier().begin(task_of(shop)).result()[-1].proof is Proof.UNKNOWN_KEY


def test_a_bad_signature_brings_back_what_the_evidence_held(shop: Pen, card: Card) -> None:
    task = task_of(shop, card)
    moved = Task(
        origin="https://another.hub",
        records=task.records,
        digests=task.digests,
        pieces=task.pieces,
        needs=task.needs,
        cards=task.cards,
        shifts=task.shifts,
        tickets={},
    )

    last = InlineVerifier().begin(moved).result()[-1]

    assert last.proof is Proof.BAD_SIGNATURE
    assert len(last.opened) == 256


def test_workers_find_what_the_hub_itself_would_find(many: Task) -> None:
    verifier = PoolVerifier(1)
    try:
        found = verifier.begin(many).result()
    finally:
        verifier.close()

    assert found == InlineVerifier().begin(many).result()


def test_a_worker_that_dies_loses_nothing_and_another_takes_its_place(many: Task) -> None:
    verifier = PoolVerifier(1)
    try:
        expected = verifier.begin(many).result()
        before = set(multiprocessing.active_children())
        for worker in before:
            worker.kill()
            worker.join()
        answers: list[list[Checked]] = [verifier.begin(many).result() for _ in range(2)]
        after = set(multiprocessing.active_children())
    finally:
        verifier.close()

    assert answers == [expected, expected]
    assert len(after) == 1
    assert not before & after


def test_a_hub_that_closes_leaves_no_verifier_running(
    tmp_path: Path, many: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[PoolVerifier] = []

    def make(processes: int) -> PoolVerifier:
        made.append(PoolVerifier(processes))
        return made[-1]

    monkeypatch.setattr("hub.hub.PoolVerifier", make)
    before = set(multiprocessing.active_children())
    clock, randomness = TurnedClock(at("2026-11-20 10:00")), SeededRandomness("verifiers")
    init_hub(tmp_path / "hub", origin=ORIGIN, demo=True, clock=clock, randomness=randomness)
    hub = open_hub(tmp_path / "hub", clock, randomness=randomness, verifiers=1)
    made[0].begin(many).result()
    working = set(multiprocessing.active_children()) - before

    hub.close()

    assert len(working) == 1
    assert not working & set(multiprocessing.active_children())
