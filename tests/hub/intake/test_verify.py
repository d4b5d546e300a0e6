"""Checking proofs beside the hub: the same answers as in it, and nothing left running behind it."""

import multiprocessing
from pathlib import Path

import pytest

from hub.hub import init_hub, open_hub
from hub.intake.verify import InlineVerifier, PoolVerifier, Task, TicketTask
from hub.points.case import Proof
from sync.values import MunicipalityCode
from tests.doubles.clocks import SeededRandomness, TurnedClock, at
from tests.hub.corner import KAWASAKI, ORIGIN


@pytest.fixture
def many() -> list[Task]:
    """So many proofs that they are handed to workers."""
    return [
        TicketTask(
            ticket=b"no ticket",
            municipality=MunicipalityCode(KAWASAKI),
            number=f"{number:013d}",
            points=100,
            public=b"\0" * 32,
        )
        for number in range(300)
    ]


def test_workers_find_what_the_hub_itself_would_find(many: list[Task]) -> None:
    verifier = PoolVerifier(1)
    try:
        found = verifier.begin(many)()
    finally:
        verifier.close()

    assert found == InlineVerifier().begin(many)() == [(Proof.BAD_TICKET, b"")] * len(many)


def test_a_hub_that_closes_leaves_no_verifier_running(
    tmp_path: Path, many: list[Task], monkeypatch: pytest.MonkeyPatch
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
    made[0].begin(many)()
    working = set(multiprocessing.active_children()) - before

    hub.close()

    assert len(working) == 1
    assert not working & set(multiprocessing.active_children())
