"""One paper ticket redeemed over HTTP: a record alone in its batch, answered with its verdict.

That is what a counter that is online waits for: the request's signature, custody, judging, posting
and the signed receipt, each durable before the answer leaves. Each of some shops has a connection
of its own and sends its next ticket when it has heard of the one before. The limit is one-row
commits on one connection of the same database; requests are signed beforehand, and the callers,
who run on the same machine, do no more than HTTP asks for.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from hub.hub import open_hub
from hub.store.dialect import Dialect
from hub.store.postgres import Postgres
from hub.store.sqlite import Sqlite
from sync.receipt import Answer, Outcome
from sync.request import Door, Request
from tests.bench.figures import Better, Figure, against, median, must, slowest_of_hundred
from tests.bench.serving import BareDoor, answered, served, signed
from tests.bench.tickets import Fair
from tests.bench.walls import commits
from tests.doubles.databases import running
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, Corner

SHOPS = 8
"""How many redeem at the same time."""
WARM = 5
"""Tickets that a shop redeems before anything is measured."""
COMMITS = 300


class Redeemed(NamedTuple):
    """What the shops did."""

    rate: float
    """Tickets a second, all shops together."""
    samples: Sequence[float]
    """Seconds of each."""


def measure(folder: Path, *, tickets: int) -> Iterator[Figure]:
    """Redemptions a second, and how long one takes, on both databases; raises SumsDoNotHold.

    ``tickets`` a shop.
    """
    file = Sqlite(f"sqlite:///{folder / 'wall.db'}")
    yield from _figures("SQLite", file, partial(_measured, folder / "file", "", tickets))
    with running(durable=True) as server:
        measured = partial(_measured, folder / "server", server.fresh_database(), tickets)
        yield from _figures("PostgreSQL", Postgres(server.url, "public"), measured)


def _figures(name: str, dialect: Dialect, measured: Callable[[], Redeemed]) -> Iterator[Figure]:
    """Beside commits before and after: a disk is not the same from minute to minute."""
    walls = commits(dialect, COMMITS)
    done = measured()
    walls += commits(dialect, COMMITS)
    yield against(
        f"redemption over HTTP, 8 shops at a time, {name}",
        done.rate,
        "1/s",
        limit=len(walls) / sum(walls),
        target=0.3,
        better=Better.HIGHER,
    )
    for which, of in (("p50", median), ("p99", slowest_of_hundred)):
        yield against(
            f"redemption over HTTP, its time, {name}, {which}",
            1e3 * of(done.samples),
            "ms",
            limit=1e3 * of(walls),
            target=None,
            better=Better.LOWER,
        )


def _measured(folder: Path, database: str, tickets: int) -> Redeemed:
    """Redeem ``tickets`` a shop; raises SumsDoNotHold unless each is redeemed once."""
    folder.mkdir()
    fair = Fair(folder, database)
    live = list(fair.issue(SHOPS * (WARM + tickets)))
    pens = [fair.corner.node(FISH_SHOP, str(1111 + place)) for place in range(SHOPS)]
    calls = [[*_requests(fair, pen, live[place::SHOPS])] for place, pen in enumerate(pens)]
    fair.hub.close()
    with (
        served(folder / "hub", fair.clock.now(), verifiers=1) as port,
        closing(BareDoor(port)) as door,
        ThreadPoolExecutor(SHOPS) as callers,
    ):
        redeem = partial(_redeem, door)
        list(callers.map(redeem, [of[:WARM] for of in calls]))
        began = perf_counter()
        done = list(callers.map(redeem, [of[WARM:] for of in calls]))
        took = perf_counter() - began
    _check(fair, len(live), [answer for some, _ in done for answer in some])
    return Redeemed(SHOPS * tickets / took, [each for _, some in done for each in some])


def _requests(fair: Fair, pen: Pen, live: Sequence[bytes]) -> Iterator[Request]:
    """A shop takes each ticket, and says that it has heard of those before."""
    written = pen.seq
    for ticket in live:
        seq = fair.corner.redeem(pen, ticket)
        first = 1 if seq == written + 1 else seq
        yield signed(pen, first, pen.batch(first, receipted=first - 1))


def _redeem(door: Door, calls: Sequence[Request]) -> tuple[list[Answer], list[float]]:
    """One ticket after the other; the answers, and how long each took."""
    answers, samples = [], []
    for call in calls:
        began = perf_counter()
        answers.append(answered(door, call))
        samples.append(perf_counter() - began)
    return answers, samples


def _check(fair: Fair, tickets: int, answers: Sequence[Answer]) -> None:
    """Each answer brought its ticket's verdict, and the books add up."""
    for answer in answers:
        (verdict,) = fair.corner.verdicts(answer).values()
        must(verdict.outcome is Outcome.APPLIED, f"the ticket was redeemed: {verdict}")
    hub = open_hub(fair.folder / "hub", fair.clock)
    try:
        corner = Corner(fair.clock, hub.core, hub.mykey)
        must(corner.ticket_states() == {"redeemed": tickets}, "every ticket is used once")
        must(corner.balance(f"payable:{FISH_SHOP}") == tickets, "the shop is owed what it took")
        must(sum(corner.balances().values()) == 0, "debits equal credits")
        must(corner.audit() == [], "the audit finds nothing")
    finally:
        hub.close()
