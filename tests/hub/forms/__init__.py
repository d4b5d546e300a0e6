"""Every form that the hub's databases have had, as the statements that made it.

``<kind>-<version>.<database>.sql``, written once by ``python -m tests.hub.forms`` when a version is
new and never changed: what a hub made with that version has on its disk today.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from hub.mykey import schema as identity_schema
from hub.store import migrations, schema
from hub.store.database import Database, Tx
from hub.store.dialect import Dialect

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the hub's two databases."""

    name: str
    metadata: sa.MetaData
    version: int
    steps: migrations.Steps

    def versions(self, database: str) -> list[int]:
        """The versions that are written down, oldest first."""
        found = HERE.glob(f"{self.name}-*.{database}.sql")
        return sorted(int(path.name.split(".")[0].rpartition("-")[2]) for path in found)

    def file(self, version: int, database: str) -> Path:
        """Where a version is written down."""
        return HERE / f"{self.name}-{version}.{database}.sql"

    def open(self, at: Dialect, *, new: bool = False, upgrade: bool = False) -> Database:
        """The database that lies there."""
        steps = self.steps if upgrade else None
        return Database(at, self.metadata, version=self.version, new=new, steps=steps)


LEDGER = Kind("ledger", schema.metadata, schema.VERSION, migrations.LEDGER)
IDENTITIES = Kind(
    "identities", identity_schema.metadata, identity_schema.VERSION, migrations.IDENTITIES
)
KINDS = (LEDGER, IDENTITIES)


def earlier(database: str) -> Iterator[tuple[Kind, int]]:
    """Each form that a present program brings up to date."""
    for kind in KINDS:
        for version in kind.versions(database):
            if version < kind.version:
                yield kind, version


def build(kind: Kind, version: int, raw: Any, database: str) -> None:
    """Make an old form on a driver's own connection, and say in it which one it is."""
    text = kind.file(version, database).read_text(encoding="utf-8")
    if database == "sqlite":
        raw.executescript(text)
        raw.execute("INSERT INTO meta VALUES ('version', ?)", [str(version).encode()])
    else:
        raw.execute(text)
        raw.execute("INSERT INTO meta VALUES ('version', %s)", [str(version).encode()])


def carry(rows: Database, raw: Any, to: Dialect, metadata: sa.MetaData) -> None:
    """Put what a present database holds into an old form, as far as that has a place for it."""
    old = Tx(raw, to)
    with rows.read() as tx:
        for table in metadata.sorted_tables:
            if table.name == "meta":
                continue
            try:
                found = raw.execute(f"SELECT * FROM {table.name} LIMIT 0")
            except (sqlite3.OperationalError, psycopg.errors.UndefinedTable):
                continue
            columns = ",".join(f'"{column[0]}"' for column in found.description)
            values = ",".join("?" * len(found.description))
            old.many(
                f"INSERT INTO {table.name} ({columns}) VALUES ({values})",
                tx.rows(f"SELECT {columns} FROM {table.name}"),
            )
        incarnation = tx.rows("SELECT value FROM meta WHERE name='incarnation'")
        old.many("INSERT INTO meta VALUES ('incarnation', ?)", incarnation)
