"""Whether a record costs more the more is stored: hubs that hold little and much, side by side.

Each hub has a street of its own that hands in the same batches; beside it lies a ledger of other
shops and residents of the same town and month, larger from hub to hub. They take turns, so that
whatever else the machine does falls on all of them, and what counts is each one's best turn.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.audit import sums
from hub.serve import settle
from sync.values import Millis
from tests.bench.figures import Better, Figure, against, must, seconds
from tests.bench.stored import Crowd, fill, grant
from tests.bench.street import Street, build, only_asking
from tests.doubles import databases
from tests.doubles.clocks import at
from tests.hub.corner import KAWASAKI

TARGET = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A street whose hub holds so many records beforehand."""

    stored: int
    street: Street


def measure(
    folder: Path, *, sizes: Sequence[int], shops: int, residents: int, turns: int
) -> list[Figure]:
    """A record's time at each size beside that at the first; raises SumsDoNotHold."""
    figures: list[Figure] = []
    with _streets(folder / "SQLite", None, sizes, shops, residents) as streets:
        figures += _figures("SQLite", streets, turns)
    with (
        databases.running(durable=True) as server,
        _streets(folder / "PostgreSQL", server, sizes, shops, residents) as streets,
    ):
        figures += _figures("PostgreSQL", streets, turns)
    return figures


def _figures(name: str, streets: Sequence[Size], turns: int) -> list[Figure]:
    best = [min(times) for times in zip(*_turns(streets, turns), strict=True)]
    for size in streets:
        with size.street.hub.core.database.read() as tx:
            must(not [*sums(tx)], "balances and what was earned are their transfers")
    return [
        against(
            f"hub, cost growth: a record beside {size.stored:,} stored, {name}",
            1e6 * time,
            "us",
            limit=1e6 * best[0],
            target=TARGET,
            better=Better.LOWER,
        )
        for size, time in zip(streets[1:], best[1:], strict=True)
    ]


def _turns(streets: Sequence[Size], turns: int) -> list[list[float]]:
    """Seconds a record of each hub, turn by turn, another one first each time.

    The first turn warms them up.
    """
    shops, hubs = range(len(streets[0].street.pens)), len(streets)
    taken = []
    for turn in range(turns + 1):
        times = [0.0] * hubs
        for place in range(hubs):
            hub = (place + turn) % hubs
            times[hub] = _turn(streets[hub].street, shops[turn :: turns + 1])
        taken.append(times)
    return taken[1:]


def _turn(street: Street, shops: Sequence[int]) -> float:
    """Some shops hand in, the hub's round follows, and they ask for their receipts."""
    judging = street.hub.judging
    pens = [street.pens[shop] for shop in shops]

    def work() -> None:
        for shop, pen in zip(shops, pens, strict=True):
            judging.hand_in(pen.node, pen.epoch, 1, street.bodies[shop])
        judging.round()
        for pen in pens:
            judging.hand_in(pen.node, pen.epoch, pen.seq + 1, only_asking())

    taken = seconds(work)
    with street.hub.core.database.read() as tx:
        for pen in pens:
            posted = tx.rows(
                "SELECT posted FROM cursor WHERE municipality=? AND node=?", [KAWASAKI, pen.node]
            )
            must(posted == [(pen.seq,)], "every record is posted")
    return taken / sum(pen.seq for pen in pens)


@contextmanager
def _streets(
    folder: Path, server: databases.Server | None, sizes: Sequence[int], shops: int, residents: int
) -> Iterator[list[Size]]:
    with ExitStack() as opened:
        made = []
        for size in sizes:
            url = "" if server is None else server.fresh_database()
            street = build(
                folder / str(size), shops=shops, residents=residents, cores=1, database=url
            )
            opened.callback(street.hub.close)
            street.hub.nights.before()
            _store(street, size, on_server=server is not None)
            settle(street.hub)
            made.append(Size(stored=size, street=street))
        yield made


def _store(street: Street, sales: int, *, on_server: bool) -> None:
    crowd = Crowd(
        town=KAWASAKI,
        shops=max(1, sales // 5_000),
        tills=2,
        residents=max(100, sales // 50),
        begin=Millis(at("2026-11-01 09:00")),
        month=202611,
    )
    database = street.hub.core.database
    grant(database, crowd)
    fill(database, crowd, already=0, sales=sales)
    if on_server:
        with database.write() as tx:
            tx.rows("ANALYZE")  # as its own housekeeping does
