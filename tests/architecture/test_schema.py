"""The hub's ledger can be spread over machines by town: the municipality leads every key.

A unique key or a foreign key that begins with anything else would need to be checked on all
machines at once. The platform's own small table ``meta`` stays on one machine: it says the
schema's version and the hub's incarnation.
"""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from hub.store import schema

ON_ONE_MACHINE = {"meta"}
SPREAD = sorted(set(schema.metadata.tables) - ON_ONE_MACHINE)


@pytest.mark.parametrize("name", SPREAD)
def test_the_municipality_leads_every_key(name: str) -> None:
    keys = list(_keys(schema.metadata.tables[name]))

    assert keys
    assert {columns[0] for _, columns in keys} == {"municipality"}, keys


def test_no_key_leaves_the_ledger() -> None:
    for table in schema.metadata.tables.values():
        for foreign in table.foreign_keys:
            assert foreign.column.table.metadata is schema.metadata


def test_no_column_counts_by_itself() -> None:
    """A global sequence would be a place that every town waits for."""
    for table in schema.metadata.tables.values():
        assert table.autoincrement_column is None or not any(
            column.autoincrement is True or column.identity for column in table.columns
        )


def test_the_reading_finds_a_key_that_begins_with_something_else() -> None:
    other = sa.Table(
        "other",
        sa.MetaData(),
        sa.Column("municipality", sa.Text, primary_key=True),
        sa.Column("number", sa.Text, unique=True),
        sa.Column("node", sa.Text, index=True, unique=True),
        sa.Column("town", sa.ForeignKey("elsewhere.town")),
    )

    assert sorted(columns[0] for _, columns in _keys(other)) == [
        "municipality",
        "node",
        "number",
        "town",
    ]


def _keys(table: sa.Table) -> Iterator[tuple[str, list[str]]]:
    """(kind, columns) of every key that a database would have to check."""
    for constraint in table.constraints:
        if isinstance(
            constraint,
            sa.PrimaryKeyConstraint | sa.UniqueConstraint | sa.ForeignKeyConstraint,
        ):
            yield type(constraint).__name__, [column.name for column in constraint.columns]
    for index in table.indexes:
        if index.unique:
            yield "Index", [column.name for column in index.columns]
