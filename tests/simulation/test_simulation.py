"""The town lives through bad weather, and the simulator proves that it would notice a mistake."""

import logging

import pytest

from sync.errors import Damaged
from tests.simulation.checks import Broken, along, at_the_end
from tests.simulation.planted import PLANTED
from tests.simulation.world import PROFILES, World

DAYS = 60


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
def test_the_same_seed_tells_the_same_story() -> None:
    first, second = (live(World(5, "usual"), 25) for _ in range(2))

    assert first == second
    assert any("approved" in line for line in first)


@pytest.mark.slow
@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_caught(mistake: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    profile, plant, seed = PLANTED[mistake]

    with plant(), pytest.raises((Broken, Damaged)):
        live(World(seed, profile), DAYS)
