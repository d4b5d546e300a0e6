"""Rows that are alike: what they share is said once, the rest column by column.

Most rows that a posting writes differ in little: a shop's spends of a day are of one node, one life
and one posting. A database that is told so is told less, and a file takes all of them in one step,
beside which the rest of the hub goes on; row by row, Python's lock is given away and taken back for
each.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import sqlalchemy as sa


class Alike(NamedTuple):
    """Some rows of one table, by the names of its columns: each stands in one of the two."""

    shared: Mapping[str, object]
    """What is the same in all of them."""
    own: Mapping[str, Sequence[Any]]
    """A value a row, of each other column."""

    @property
    def height(self) -> int:
        """How many rows."""
        return len(next(iter(self.own.values())))

    def rows(self, table: sa.Table) -> Iterable[tuple[Any, ...]]:
        """The rows as such, columns in the table's order; ValueError unless all are as long."""
        shared, own, height = self.shared, self.own, self.height
        columns: list[Iterable[Any]] = [
            repeat(shared[name], height) if name in shared else own[name]
            for name in table.columns.keys()  # noqa: SIM118  no dict
        ]
        return zip(*columns, strict=True)
