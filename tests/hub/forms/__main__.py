"""Write down the present form of both databases: ``python -m tests.hub.forms``.

Where a version is written down already nothing is done: another form needs another version.
"""

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from hub.store.postgres import Postgres
from hub.store.sqlite import Sqlite
from tests.doubles import databases
from tests.hub.forms import KINDS, Kind

SCHEMA = "form"


def in_a_file(kind: Kind) -> Iterator[str]:
    """What SQLite remembers of how its tables were made."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "form.db"
        kind.open(Sqlite(f"sqlite:///{path}"), new=True).close()
        with closing(sqlite3.connect(path)) as file:
            yield from (
                sql
                for (sql,) in file.execute(
                    "SELECT sql FROM sqlite_master WHERE sql<>'' AND name NOT LIKE 'sqlite_%'"
                )
            )


class Listening(Postgres):
    """Hears what is said to the server."""

    def __init__(self, url: str) -> None:
        super().__init__(url, SCHEMA)
        self.heard: list[str] = []

    def make(self, connection: sa.Connection, metadata: sa.MetaData) -> None:
        """As always."""
        heard = self.heard

        class Cursor(psycopg.Cursor[Any]):
            """Notes each statement as it went out."""

            def execute(self, *values: Any, **options: Any) -> "Cursor":
                super().execute(*values, **options)
                assert self._query is not None
                heard.append(self._query.query.decode())
                return self

        raw: Any = connection.connection.driver_connection
        raw.cursor_factory = Cursor
        super().make(connection, metadata)
        raw.cursor_factory = psycopg.Cursor


def on_a_server(kind: Kind, server: databases.Server) -> Iterator[str]:
    """What is said to a server to make the tables."""
    at = Listening(server.fresh_database())
    kind.open(at, new=True).close()
    made = ("CREATE", "ALTER", "COMMENT")
    for sql in at.heard:
        if sql.lstrip().startswith(made) and not sql.startswith("CREATE SCHEMA"):
            yield sql


def write(path: Path, statements: Iterator[str]) -> None:
    """Write a form down."""
    if path.exists():
        sys.stderr.write(f"{path.name} is there already\n")
        return
    text = "\n".join(f"{sql.strip().rstrip(';')};\n" for sql in statements)
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")
    sys.stderr.write(f"{path.name} is new\n")


def main() -> None:
    """Write down what is not there yet."""
    with databases.running() as server:
        for kind in KINDS:
            write(kind.file(kind.version, "sqlite"), in_a_file(kind))
            write(kind.file(kind.version, "postgresql"), on_a_server(kind, server))


if __name__ == "__main__":
    main()
