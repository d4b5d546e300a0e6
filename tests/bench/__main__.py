"""``make bench``: measure, print, and leave ``build/bench.json`` behind.

Ends with 1 when a figure is more than twice off its target; sums that do not hold raise.
"""

import argparse
import os
import tempfile
from pathlib import Path

import msgspec

from tests.bench import hub_way, node_commit, scan, screen, tap, tickets
from tests.bench.figures import Figure, table

BUILD = Path(__file__).parents[2] / "build"


def main() -> int:
    """Measure everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer samples, less to wait for")
    quick = parser.parse_args().quick
    cores = os.cpu_count() or 1
    BUILD.mkdir(exist_ok=True)
    figures: list[Figure] = []
    lacking: list[str] = []
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-") as name:
        folder = Path(name)
        figures += node_commit.measure(folder, commits=400 if quick else 4_000)
        figures += scan.measure(folder, scans=100 if quick else 1_000)
        figures += hub_way.measure(
            folder, shops=12 if quick else 72, residents=40 if quick else 120, cores=cores
        )
        figures += tickets.measure(folder / "fair", tickets=2_000 if quick else 20_000)
        try:
            figures += tap.measure(folder, taps=30 if quick else 200)
        except tap.NotMeasured as lack:
            lacking.append(f"card: a tap over PC/SC: not measured, {lack}")
    figures += screen.measure(3 if quick else 7)
    (BUILD / "bench.json").write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    print("\n".join((table(figures), *lacking)))  # noqa: T201  a report is printed
    return 0 if all(one.bearable for one in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
