"""``python -m tests.simulation --seed N --days D``: one simulation, replayed by its seed."""

import argparse
import sys
import time

from tests.simulation.along import along
from tests.simulation.demands import Broken, demand
from tests.simulation.final import at_the_end
from tests.simulation.world import LONG, World


def main() -> int:
    """Run one simulation and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=1000)
    parser.add_argument("--trace", action="store_true", help="print what happened")
    options = parser.parse_args()
    started = time.monotonic()
    world = World(options.seed)
    try:
        for _ in range(options.days):
            world.day()
            along(world)
        world.heal()
        at_the_end(world)
        demand(options.days < LONG or not world.never(), "never came about", world.never())
    except Broken as broken:
        sys.stdout.write("\n".join(world.trace[-60:]) + "\n")
        sys.stdout.write(f"seed {options.seed}, day {world.days}: BROKEN {broken}\n")
        return 1
    finally:
        world.close()
    if options.trace:
        sys.stdout.write("\n".join(world.trace) + "\n")
    done = ", ".join(f"{what} {count}" for what, count in sorted(world.happened.items()))
    sys.stdout.write(f"came about: {done}\n")
    crashes = sum(machine.crashes for machine in world.machines)
    sys.stdout.write(
        f"seed {options.seed}: {options.days} days, {len(world.trace)} doings,"
        f" {len(world.approved)} sales, {crashes} node crashes, {world.hub_restarts} hub crashes,"
        f" {time.monotonic() - started:.0f} s; all invariants held\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
