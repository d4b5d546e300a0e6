"""The town lives through bad weather, and the simulator proves that it would notice a mistake."""

import logging
import os
import subprocess
import sys
from collections import Counter

import pytest

from node.ahead import Sent
from node.outbox import Outbox
from sync.receipt import Answer
from tests.simulation.along import along
from tests.simulation.demands import Broken
from tests.simulation.final import at_the_end
from tests.simulation.planted import PLANTED
from tests.simulation.planted.mistake import Mistake
from tests.simulation.profiles import PROFILES
from tests.simulation.world import LONG, World

DAYS = 60
TRIES = 4
"""Seeds in which a mistake may show: a program that draws one number more tells other stories."""


def live(world: World, days: int) -> list[str]:
    """Live some days, heal and check; the trace."""
    try:
        for _ in range(days):
            world.day()
            along(world)
        world.heal()
        at_the_end(world)
    finally:
        world.close()
    return world.trace


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
def test_whatever_goes_wrong_the_books_add_up_in_the_end(profile: str) -> None:
    live(World(11, profile), DAYS)


@pytest.mark.slow
def test_on_long_lines_batches_go_ahead_and_some_of_them_in_vain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their answers are lost, late, or came from a hub that did not have the one before."""
    came = Counter[bool]()
    told = Outbox._answer_ahead

    def count(outbox: Outbox, sent: Sent) -> Answer | None:
        answer = told(outbox, sent)
        came[answer is not None] += 1
        return answer

    monkeypatch.setattr(Outbox, "_answer_ahead", count)

    live(World(10, "long lines"), DAYS // 2)

    assert came[True] > 5
    assert came[False] > 5


@pytest.mark.slow
def test_in_two_hundred_days_everything_that_people_do_with_paper_comes_about() -> None:
    world = World(1, "piles")

    try:
        while world.never() and world.days < LONG:
            world.day()
    finally:
        world.close()

    assert world.never() == []


@pytest.mark.slow
@pytest.mark.processes
def test_the_same_seed_tells_the_same_story_in_every_process() -> None:
    first, second = (_story(seed=5, hashing=str(hashing)) for hashing in (1, 2))

    assert "approved" in first
    assert first == second


def _story(*, seed: int, hashing: str) -> str:
    """The trace that a process of its own prints, less its last line, which says how long."""
    command = [sys.executable, "-m", "tests.simulation", f"--seed={seed}", "--days=15", "--trace"]
    told = subprocess.run(
        command,
        env={**os.environ, "PYTHONHASHSEED": hashing},
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.rsplit("\n", 2)[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_caught(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    mistake = PLANTED[name]

    with mistake.plant(), pytest.raises(Broken, match=rf"^({mistake.invariant}) "):
        _try(mistake)


def _try(mistake: Mistake) -> None:
    for seed in range(mistake.seed, mistake.seed + TRIES):
        live(World(seed, mistake.profile), DAYS)
