"""Two hubs that post two towns side by side, on one ledger of a PostgreSQL server; by hand.

    python -m tests.bench.apart [--shops 8] [--residents 100] [--turns 3]

Each town's shops have handed in as much; nothing of it is judged. What is timed is from the word
until all of it is posted: gathering, card signatures, judging, the durable commits. Four ways to do
the same, in turns, the best of each:

- one hub for both towns;
- a hub for each town, on one ledger: the figure;
- the same, but that whoever writes has the whole ledger, as if no transaction named its towns;
- a hub for each town and a ledger for each: the wall, since nothing is shared but the server.

Each hub checks signatures in its own process. Where there are no more than two cores, hubs and
server share them, and two hubs are not twice as fast as one: the wall says what can be had.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

from hub.hub import init_hub, open_hub
from hub.intake.receive import receive
from hub.serve import settle
from hub.store.postgres import Postgres
from sync.values import MunicipalityCode
from tests.bench.figures import must
from tests.bench.street import GRANTED, OFTEN, PRICE, card_key, new_key
from tests.doubles.clocks import TurnedClock, at
from tests.doubles.databases import Server, running
from tests.doubles.pen import Pen
from tests.hub.corner import BOOKSHOP, GREENGROCER, KAWASAKI, ORIGIN, TOSHIMA, Corner, furnish

NOW = at("2026-11-02 10:00")
ONE_HUB = "one hub, both towns"
TWO_HUBS = "a hub a town, one ledger"
ONE_LOCK = "the same, as if no town were named"
TWO_LEDGERS = "a hub a town, a ledger each (the wall)"
_PROGRAMS = multiprocessing.get_context("forkserver")
SHOPS = {KAWASAKI: GREENGROCER, TOSHIMA: BOOKSHOP}
Way = Sequence[tuple[Path, Collection[MunicipalityCode]]]
"""A hub's folder and its towns, for each hub that posts."""


@dataclass(slots=True)
class Ledger:
    """A hub's folder, and what shops are about to hand in there, by town."""

    folder: Path
    waiting: dict[MunicipalityCode, list[Pen]]

    def take_in(self, towns: Collection[MunicipalityCode], shops: int) -> int:
        """Take so many shops' batches of each town into custody; how many records."""
        records = 0
        with closing(open_hub(self.folder, TurnedClock(NOW))) as hub:
            for town in towns:
                for _ in range(shops):
                    pen = self.waiting[town].pop()
                    receive(hub.core, pen.node, pen.epoch, 1, pen.batch())
                    records += pen.seq
        return records

    def check(self) -> None:
        """Whether everything was posted; raises SumsDoNotHold."""
        with closing(open_hub(self.folder, TurnedClock(NOW))) as hub:
            corner = Corner(TurnedClock(NOW), hub.core, hub.mykey)
            must(corner.waiting() == 0, "nothing waits")
            for town in SHOPS:
                must(sum(corner.balances(town).values()) == 0, "debits equal credits")


def made(folder: Path, server: Server, shops: int, residents: int) -> Ledger:
    """A ledger of two towns whose shops have sold to their residents, and not handed in."""
    init_hub(
        folder, origin=ORIGIN, demo=True, database=server.fresh_database(), clock=TurnedClock(NOW)
    )
    with closing(open_hub(folder, TurnedClock(NOW))) as hub:
        corner = Corner(TurnedClock(NOW), hub.core, hub.mykey)
        furnish(corner)
        people = [corner.resident(card_key(new_key(each))) for each in range(residents)]
        waiting: dict[MunicipalityCode, list[Pen]] = {}
        for town, shop in SHOPS.items():
            for who in people:
                corner.grant(who, GRANTED, town=town)
            waiting[town] = [corner.node(shop, str(1111 + place)) for place in range(shops)]
            for pen in waiting[town]:
                corner.feed(pen, available=OFTEN * PRICE)
                for who in people * OFTEN:
                    pen.spend(who.card, corner.account(who, town), PRICE, town=town)
    return Ledger(folder, waiting)


_begin = Postgres.begin_write


def _for_all(at: Postgres, raw: object, towns: Collection[str] | None = None) -> None:
    """As if the transaction named no towns."""
    del towns
    _begin(at, raw)


def post(
    says: Connection, gate: Barrier, folder: Path, towns: Collection[str], *, alone: bool
) -> None:
    """A hub that posts what waits in its towns as soon as all are ready, and says when."""
    if alone:
        Postgres.begin_write = _for_all  # type: ignore[assignment,method-assign]  # in this process only
    with closing(open_hub(folder, TurnedClock(NOW), serves=frozenset(towns))) as hub:
        settle(hub)
        hub.nights.before()
        gate.wait()
        began = time.monotonic()
        hub.judging.round()
        says.send((began, time.monotonic()))


def posted(way: Way, *, alone: bool = False) -> float:
    """Seconds from the first hub's beginning to the last one's end."""
    gate, (here, there) = _PROGRAMS.Barrier(len(way)), _PROGRAMS.Pipe(duplex=False)
    programs = [
        _PROGRAMS.Process(
            target=post, args=(there, gate, folder, towns), kwargs={"alone": alone}, daemon=True
        )
        for folder, towns in way
    ]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
    times: list[tuple[float, float]] = [here.recv() for _ in programs if here.poll()]
    must(len(times) == len(way), "every hub posts to its end")
    return max(end for _, end in times) - min(began for began, _ in times)


def measured(
    folder: Path, *, shops: int, residents: int, turns: int
) -> Iterator[tuple[str, float]]:
    """Records a second of each way, the best of some turns; raises SumsDoNotHold."""
    with running(durable=True) as server:
        one = made(folder / "one", server, 3 * turns * shops + turns * shops, residents)
        other = made(folder / "other", server, turns * shops, residents)
        both, apart = [(one.folder, (*SHOPS,))], [(one.folder, (town,)) for town in SHOPS]
        each = [(one.folder, (KAWASAKI,)), (other.folder, (TOSHIMA,))]
        rates: dict[str, list[float]] = {}
        for _ in range(turns):
            for name, way, alone in (
                (ONE_HUB, both, False),
                (TWO_HUBS, apart, False),
                (ONE_LOCK, apart, True),
                (TWO_LEDGERS, each, False),
            ):
                records = one.take_in((KAWASAKI,), shops)
                records += (other if way is each else one).take_in((TOSHIMA,), shops)
                rates.setdefault(name, []).append(records / posted(way, alone=alone))
        one.check()
        other.check()
    yield from ((name, max(some)) for name, some in rates.items())


def main() -> None:
    """Measure, and print each way beside the wall."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.apart", description=__doc__)
    parser.add_argument("--shops", type=int, default=8)
    parser.add_argument("--residents", type=int, default=100)
    parser.add_argument("--turns", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rates = dict(
            measured(Path(folder), shops=asked.shops, residents=asked.residents, turns=asked.turns)
        )
    for name, rate in rates.items():
        print(f"{name:<44}{rate:>10,.0f} records/s{rate / rates[TWO_LEDGERS]:>8.2f}")  # noqa: T201  a report


if __name__ == "__main__":
    main()
