"""The real hub under the load of a festival: many terminals, each with its own key, over HTTP."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.bench.figures import Better, Figure, against, median, slowest_of_hundred
from tests.load.fleet import Shape
from tests.load.run import Day, spend_day

MOST_TILLS = 20


def measure(folder: Path, *, nodes: int, seconds: float, database: str = "") -> list[Figure]:
    """A day of ``nodes`` terminals; raises SumsDoNotHold. ``database``: a server's URL."""
    tills = min(MOST_TILLS, max(2, nodes // 20))
    shape = Shape(stalls=nodes - tills, tills=tills)
    day = spend_day(folder, shape, seconds, cores=os.cpu_count() or 1, database=database)
    return figures_of(day, nodes, "PostgreSQL" if database else "SQLite")


def figures_of(day: Day, nodes: int, database: str) -> list[Figure]:
    """What was seen from outside, and the hub's memory."""
    told, name = day.told, f"load of {nodes:,} terminals, {database}"
    return [
        *_spread(f"{name}: a hold", told.holds),
        *_spread(f"{name}: custody", told.custody),
        *_spread(f"{name}: receipt", told.receipts),
        _told(f"{name}: records", day.records, "records"),
        _told(f"{name}: turned away", _turned_away(told.statuses), "calls"),
        against(
            f"{name}: the hub's memory at the end",
            day.memory_at(1.0),
            "MB",
            limit=day.memory_at(1 / 3),
            target=None,
            better=Better.LOWER,
        ),
    ]


def _spread(what: str, seconds: Sequence[float]) -> list[Figure]:
    """The middle and the slowest of a hundred, in ms."""
    return [
        _told(f"{what}, p50", 1000 * median(seconds), "ms"),
        _told(f"{what}, p99", 1000 * slowest_of_hundred(seconds), "ms"),
    ]


def _told(what: str, value: float, unit: str) -> Figure:
    return against(what, value, unit, limit=1, target=None, better=Better.LOWER)


def _turned_away(statuses: Counter[int]) -> int:
    return sum(count for status, count in statuses.items() if status in {429, 503})
