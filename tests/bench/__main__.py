"""``make bench``: measure, print, and leave ``build/bench.json`` behind.

Each part is a function that is given a folder of its own and whether it should be quick; it gives
figures, and texts where there is more to say, as a server's settings. Ends with 1 when a figure is
more than twice off its target; sums that do not hold raise.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from tests import load
from tests.bench import (
    compared,
    growth,
    hub_way,
    line,
    node_commit,
    over_http,
    posting,
    redemption,
    scan,
    screen,
    settlement,
    slow,
    tap,
    tickets,
)
from tests.bench.figures import Figure, NotMeasured, markdown, table

BUILD = Path(__file__).parents[2] / "build"
CORES = os.cpu_count() or 1

Part = Callable[[Path, bool], Iterable[Figure | str]]

PARTS: Mapping[str, Mapping[str, Part]] = {
    "node": {
        "node_commit": lambda at, quick: node_commit.measure(at, commits=400 if quick else 4_000),
        "scan": lambda at, quick: scan.measure(at, scans=100 if quick else 1_000),
        "screen": lambda _, quick: screen.measure(3 if quick else 7),
        "slow": lambda at, quick: slow.measure(at, customers=1 if quick else 4),
        "tap": lambda at, quick: tap.measure(at, taps=30 if quick else 200),
    },
    "line": {
        "line": lambda at, quick: line.measure(at, residents=100 if quick else 1_667),
    },
    "hub": {
        "hub_way": lambda at, quick: hub_way.measure(
            at, shops=12 if quick else 72, residents=40 if quick else 120, cores=CORES
        ),
        "posting": lambda at, quick: posting.measure(
            at,
            postings=1 if quick else 2,
            large=1_000 if quick else 8_000,
            small=200 if quick else 500,
            cores=CORES,
        ),
        "over_http": lambda at, quick: over_http.measure(
            at, shops=12 if quick else 72, residents=40 if quick else 120, cores=CORES
        ),
        "redemption": lambda at, quick: redemption.measure(at, tickets=20 if quick else 250),
        "tickets": lambda at, quick: tickets.measure(at, tickets=2_000 if quick else 20_000),
        "load": lambda at, quick: load.measure(
            at, nodes=60 if quick else 400, seconds=8 if quick else 30
        ),
    },
    "settlement and growth": {
        "settlement": lambda at, quick: settlement.measure(
            at, sales=100_000 if quick else 10_000_000
        ),
        "growth": lambda at, quick: growth.measure(
            at,
            sizes=(1_000, 20_000) if quick else (10_000, 100_000, 1_000_000),
            shops=6 if quick else 35,
            residents=10 if quick else 60,
            turns=2 if quick else 6,
        ),
    },
    "compared": {
        "compared": lambda at, quick: compared.measure(
            at,
            seconds=1 if quick else 5,
            shops=12 if quick else 72,
            residents=40 if quick else 120,
            cores=CORES,
        ),
    },
}
"""What is measured, by what it is about; the order is the report's."""

NAMES = [name for parts in PARTS.values() for name in parts]


def main() -> int:
    """Measure everything, or what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer samples, less to wait for")
    parser.add_argument("--only", action="append", choices=NAMES, help="this part; may be repeated")
    parser.add_argument("--markdown", action="store_true", help="tables as a manual has them")
    asked = parser.parse_args()
    tabled = markdown if asked.markdown else table
    BUILD.mkdir(exist_ok=True)
    figures: list[Figure] = []
    for group, found, said in measured(asked.only or NAMES, quick=asked.quick):
        figures += found
        (BUILD / "bench.json").write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
        if found or said:
            print("\n".join((f"-- {group}", tabled(found), *said)), flush=True)  # noqa: T201  a report is printed
    return 0 if all(one.bearable for one in figures) else 1


def measured(
    only: Collection[str], *, quick: bool
) -> Iterator[tuple[str, list[Figure], list[str]]]:
    """The figures of each group, and what its parts say, as that one cannot be measured here."""
    for group, parts in PARTS.items():
        found: list[Figure] = []
        said: list[str] = []
        for name in (name for name in parts if name in only):
            with tempfile.TemporaryDirectory(dir=BUILD, prefix=f"bench-{name}-") as at:
                try:
                    for one in parts[name](Path(at), quick):
                        if isinstance(one, str):
                            said.append(one)
                        else:
                            found.append(one)
                except NotMeasured as lack:
                    said.append(f"{name}: not measured, {lack}")
        yield group, found, said


if __name__ == "__main__":
    raise SystemExit(main())
