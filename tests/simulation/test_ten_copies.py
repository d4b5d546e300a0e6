"""One ticket at ten booths that hear nothing of each other: in one order, and in all weathers."""

from collections import Counter

import pytest

from node.outcome import Approved
from tests.simulation import counters, desks
from tests.simulation.along import along
from tests.simulation.final import at_the_end
from tests.simulation.machine import Machine
from tests.simulation.places import KAWASAKI, SHOPS
from tests.simulation.town import Town
from tests.simulation.world import World

BOOTHS = 10


def festival(seed: int) -> tuple[World, list[Machine], str]:
    """A town with ten booths of two shops, in fair weather, and a ticket of which there are copies.

    The floats of this town are small: each booth takes one such ticket offline, and two do not fit.
    """
    world = World(seed, "paper")
    world.dice.on = False
    ours = [shop for shop in SHOPS if shop.startswith(KAWASAKI)]
    while len(booths := [m for m in world.machines if m.name.startswith(KAWASAKI)]) < BOOTHS:
        world.open_booth(ours[len(booths) % len(ours)])
    for machine in world.machines:
        machine.start().sync_now()
    for _ in range(8):
        desks.grant(world)
    while not world.papers:
        counters.issue(world, booths[0])
    for booth in booths:
        booth.start().sync_now()
        booth.road.up = False
    return world, booths, world.papers[-1]


def take(world: Town, booth: Machine, code: str) -> None:
    with booth.running() as counter:
        counter.probe()
        done = counter.redeem(code)
        if isinstance(done, Approved):
            world.approved.append((done.node, done.epoch, done.seq))


def verdicts(world: Town) -> Counter[tuple[str, str]]:
    """How the redemptions that stand were judged: outcome and reason."""
    with world.database.read() as tx:
        rows = tx.rows(
            "SELECT outcome, reason FROM record WHERE kind='ticket.redeemed' AND undone=''"
        )
    return Counter((outcome, reason) for outcome, reason in rows)


def test_exactly_one_is_applied_nine_are_incidents_and_the_books_add_up() -> None:
    world, booths, code = festival(seed=3)
    try:
        for booth in booths:
            take(world, booth, code)
        along(world)
        world.heal()
        at_the_end(world)
        assert verdicts(world) == {
            ("applied", ""): 1,
            ("exception", "second-redemption"): BOOTHS - 1,
        }
    finally:
        world.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(21, 25))
def test_in_any_order_and_weather_each_copy_that_was_taken_has_its_place(seed: int) -> None:
    world, booths, code = festival(seed)
    try:
        world.dice.on = True
        for booth in world.random.sample(booths, BOOTHS):
            take(world, booth, code)
            if world.random.random() < 0.5:
                other = world.random.choice(booths)
                other.road.up = True
                counters.sync(world, other)
                other.road.up = world.random.random() < 0.5
            world.pass_time(world.random.randrange(1, 30))
            along(world)
        world.heal()
        at_the_end(world)
        found = verdicts(world)
        assert found["applied", ""] == 1
        assert set(found) <= {("applied", ""), ("exception", "second-redemption")}
    finally:
        world.close()
