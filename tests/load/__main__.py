"""``python -m tests.load --nodes 2000 --seconds 600``: a day of load, and what was measured."""

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench.figures import table
from tests.doubles.databases import running
from tests.load import measure


def main() -> int:
    """Run it and print the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--nodes", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked = parser.parse_args()
    with ExitStack() as until, tempfile.TemporaryDirectory(prefix="machikado-load-") as name:
        database = ""
        if asked.database == "postgresql":
            database = until.enter_context(running()).fresh_database()
        figures = measure(Path(name), nodes=asked.nodes, seconds=asked.seconds, database=database)
    print(table(figures))  # noqa: T201  a report is printed
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
