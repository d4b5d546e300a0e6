"""A hub in memory is copied for each test, and is what the hub itself would have made."""

from typing import Any

import pytest

from hub.mykey import schema as identity_schema
from hub.store import schema
from hub.store.database import Database
from tests.doubles.databases import in_memory

BOTH = pytest.mark.parametrize("of", [schema, identity_schema])


def said_of(database: Database) -> list[list[tuple[Any, ...]]]:
    """Its tables, what its planner is told of them, and all its rows."""
    with database.read() as tx:
        tables = tx.rows("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2")
        rows = (
            tx.rows(f"SELECT * FROM {name} ORDER BY 1, 2")
            for kind, name, *_ in tables
            if kind == "table"
        )
        return [tables, *rows]


@BOTH
def test_a_copy_is_what_the_hub_makes(of: Any) -> None:
    made = Database("sqlite://", of.metadata, version=of.VERSION)
    copied = in_memory(of.metadata, of.VERSION)

    assert said_of(copied) == said_of(made)


@BOTH
def test_what_is_written_in_one_is_in_no_other(of: Any) -> None:
    one, other = (in_memory(of.metadata, of.VERSION) for _ in range(2))
    empty = said_of(other)

    with one.write() as tx:
        tx.insert(of.meta, name="mark", value=b"x")

    assert said_of(one) != empty
    assert said_of(other) == said_of(in_memory(of.metadata, of.VERSION)) == empty
