"""The hub's whole way over HTTP: served by a process of its own, handed in on many connections.

As :mod:`tests.bench.hub_way`, and around it: the callers' connections, signed requests, the event
loop, and the hub's own round that judges what large batches left in custody. The callers run on
the same machine; their requests are signed beforehand. Time is from the first request until every
shop has the receipts of all its records.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import sleep

from hub.hub import open_hub
from sync.receipt import Answer, Outcome
from sync.request import Door, Request
from tests.bench import hub_way
from tests.bench.figures import Better, Figure, against, must, seconds
from tests.bench.serving import BareDoor, answered, served, signed
from tests.bench.street import Street, build, only_asking
from tests.bench.walls import verifies_a_second
from tests.doubles.databases import running
from tests.hub.corner import Corner

CONNECTIONS = 8
"""How many shops are spoken with at the same time."""
WARM = 6
"""Shops that hand in before anything is measured."""
_AGAIN = 0.05
"""Seconds until a shop asks again for receipts that were not ready."""


def measure(folder: Path, *, shops: int, residents: int, cores: int) -> Iterator[Figure]:
    """Records a second on both databases; raises SumsDoNotHold."""
    size = {"shops": shops, "residents": residents, "cores": cores}
    rate, wall = _measured(folder / "file", "", **size)
    yield against(
        "hub, whole way over HTTP, SQLite",
        rate,
        "records/s",
        limit=wall,
        target=None,
        better=Better.HIGHER,
    )
    with running(durable=True) as server:
        rate, wall = _measured(folder / "server", server.fresh_database(), **size)
        yield against(
            "hub, whole way over HTTP, PostgreSQL",
            rate,
            "records/s",
            limit=wall,
            target=0.28,
            better=Better.HIGHER,
        )


def _measured(
    folder: Path, database: str, *, shops: int, residents: int, cores: int
) -> tuple[float, float]:
    """Records a second, and RSA verifications a second: the better of before and after."""
    street = build(folder, shops=shops + WARM, residents=residents, cores=cores, database=database)
    street.hub.close()
    puts = [signed(pen, 1, body) for pen, body in zip(street.pens, street.bodies, strict=True)]
    asks = [signed(pen, pen.seq + 1, only_asking()) for pen in street.pens]
    everybody = range(len(street.pens))
    with (
        ProcessPoolExecutor(cores) as pool,
        served(folder, street.corner.clock.now(), cores) as port,
        closing(BareDoor(port)) as door,
    ):
        _hand_in(door, street, puts, asks, everybody[:WARM])
        walls = [verifies_a_second(pool, cores, 0.5)]
        took = seconds(partial(_hand_in, door, street, puts, asks, everybody[WARM:]))
        walls.append(verifies_a_second(pool, cores, 0.5))
    _check(street, folder)
    return sum(street.pens[shop].seq for shop in everybody[WARM:]) / took, max(walls)


def _hand_in(
    door: Door,
    street: Street,
    puts: Sequence[Request],
    asks: Sequence[Request],
    shops: Sequence[int],
) -> None:
    """These shops hand in, then ask until they have all their receipts."""

    def some(of: Sequence[int]) -> list[Answer]:
        for shop in of:
            answered(door, puts[shop])
        return [_receipts(door, street, asks[shop], shop) for shop in of]

    with ThreadPoolExecutor(CONNECTIONS) as callers:
        parts = callers.map(some, [shops[place::CONNECTIONS] for place in range(CONNECTIONS)])
        answers = [answer for part in parts for answer in part]
    must(len(answers) == len(shops), "every shop has its receipts")


def _receipts(door: Door, street: Street, ask: Request, shop: int) -> Answer:
    """The answer that has a shop's last receipt, and with it all of them."""
    while True:
        answer = answered(door, ask)
        verdicts = street.corner.verdicts(answer)
        if street.pens[shop].seq in verdicts:
            applied = {Outcome.APPLIED} == {one.outcome for one in verdicts.values()}
            must(applied and len(verdicts) == street.pens[shop].seq, "every record is applied")
            return answer
        sleep(_AGAIN)


def _check(street: Street, folder: Path) -> None:
    """The books of what was served add up, and what comes again posts nothing."""
    hub = open_hub(folder, street.corner.clock)
    try:
        corner = Corner(street.corner.clock, hub.core, hub.mykey)
        hub_way.check(replace(street, hub=hub, corner=corner))
    finally:
        hub.close()
