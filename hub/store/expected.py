"""What the planner is told of tables that will grow, since an empty database shows it nothing.

Left alone, SQLite takes the first column of a key to find ten rows. Here it is the municipality,
and a hub of one town would read through all that the town ever did, for each record anew. The
figures are of the form that ANALYZE writes (the SQLite file format, "The sqlite_stat1 Table") and
the same at every hub, so every hub answers a statement in the same way.
"""

from collections.abc import Iterator

import sqlalchemy as sa

_ROWS = 1_000_000
_WAITING = 100
"""Entries of an index that holds only what is open."""
_OF_A_TOWN = 2
_OF_A_COLUMN = 100
"""One value finds this part of the rows."""


def expected(metadata: sa.MetaData) -> Iterator[tuple[str, str, str]]:
    """Rows of sqlite_stat1: what to expect of every key and index."""
    for table in metadata.sorted_tables:
        by_key = not table.dialect_options["sqlite"]["with_rowid"]
        key = table.name if by_key else f"sqlite_autoindex_{table.name}_1"
        yield table.name, key, _stat(_ROWS, len(table.primary_key.columns), unique=True)
        for index in table.indexes:
            narrow = index.dialect_options["sqlite"]["where"] is not None
            rows = _WAITING if narrow else _ROWS
            yield table.name, str(index.name), _stat(rows, len(index.columns), unique=index.unique)


def _stat(rows: int, columns: int, *, unique: bool | None) -> str:
    """The rows, then how many of them each column more of a key leaves."""
    left = [rows, rows // _OF_A_TOWN]
    while len(left) <= columns:
        left.append(max(1, left[-1] // _OF_A_COLUMN))
    if unique:
        left[-1] = 1
    return " ".join(map(str, left))
