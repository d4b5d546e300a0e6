"""A wall is measured on the database itself, and leaves nothing behind."""

from pathlib import Path

import psycopg
import sqlalchemy as sa

from hub.store import schema
from hub.store.postgres import Postgres
from hub.store.sqlite import Sqlite
from tests.bench import walls
from tests.doubles.databases import running

_BALANCES = [("141305", f"wallet:{who:016x}", who) for who in range(40)]


def test_rows_are_copied_and_commits_counted_on_a_server() -> None:
    with running() as server:
        copied = walls.copies(server.url, {schema.balance: _BALANCES}, 3)
        committed = walls.commits(Postgres(server.url, "public"), 5)
        with psycopg.connect(server.url) as connection:
            left = connection.execute("SELECT 1 FROM pg_tables WHERE tablename LIKE 'wall%'")
            assert left.fetchall() == []

    assert (len(copied), len(committed)) == (3, 5)
    assert min(copied + committed) > 0


def test_commits_are_counted_in_a_file(tmp_path: Path) -> None:
    file = Sqlite(f"sqlite:///{tmp_path / 'wall.db'}")

    assert len(walls.commits(file, 5)) == 5
    with file.engine(new=False).connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
