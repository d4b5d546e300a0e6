"""The real hub under the load of a festival: many terminals, each with its own key, over HTTP."""

import os
from collections import Counter
from pathlib import Path

from hub.store.sqlite import CACHE
from tests.bench.figures import Better, Figure, against, median, slowest_of_hundred
from tests.load.fleet import Shape
from tests.load.run import Day, spend_day

MOST_TILLS = 20


def measure(folder: Path, *, nodes: int, seconds: float, database: str = "") -> list[Figure]:
    """A day of ``nodes`` terminals; raises SumsDoNotHold. ``database``: a server's URL."""
    tills = min(MOST_TILLS, max(2, nodes // 20))
    shape = Shape(stalls=nodes - tills, tills=tills)
    day = spend_day(folder, shape, seconds, cores=os.cpu_count() or 1, database=database)
    return figures_of(day, pages=0 if database else CACHE * 1024 / 1e6)


def figures_of(day: Day, *, pages: float) -> list[Figure]:
    """What was seen from outside, and the hub's memory.

    ``pages``: megabytes that its ledger's own pages may fill as they come.
    """
    told = day.told
    return [
        _ms("load: a hold, p50", median(told.holds)),
        _ms("load: a hold, p99", slowest_of_hundred(told.holds)),
        against(
            "load: holds turned away",
            told.holds_turned_away,
            "holds",
            limit=told.holds_turned_away + len(told.holds),
            target=0.01,
            better=Better.LOWER,
        ),
        _ms("load: custody of a batch, p50", median(told.custody)),
        _ms("load: custody of a batch, p99", slowest_of_hundred(told.custody)),
        _ms("load: all receipts of a batch, p50", median(told.receipts)),
        _ms("load: all receipts of a batch, p99", slowest_of_hundred(told.receipts)),
        _counted("load: records", day.records, "records"),
        _counted("load: calls told to come back later", _turned_away(told.statuses), "calls"),
        against(
            "load: the hub's memory at the end",
            day.memory[-1],
            "MB",
            limit=day.memory[0] + pages,
            target=1.20,
            better=Better.LOWER,
        ),
    ]


def _ms(what: str, seconds: float) -> Figure:
    return against(what, 1000 * seconds, "ms", target=None, better=Better.LOWER)


def _counted(what: str, value: float, unit: str) -> Figure:
    return against(what, value, unit, target=None, better=Better.LOWER)


def _turned_away(statuses: Counter[int]) -> int:
    return sum(count for status, count in statuses.items() if status in {429, 503})
