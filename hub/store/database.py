"""Opening the hub's databases, and one writer at a time.

A database is made once, with its hub. Opening one that is gone, empty, another program's or not
whole is refused, and nothing is written: a hub that began anew in its place would have forgotten
what it owes.
"""

import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

from hub.store.expected import expected
from hub.store.files import damaged
from sync.errors import Damaged

_LOG_PAGES = 8_192
"""Pages (4 kB each) in the write-ahead log before it is taken over: not after each posting."""
_ROOM = _LOG_PAGES * 4096
IN_MEMORY = "sqlite://"
Row = Mapping[str, Any]
"""A row by the names of its columns."""


def open_engine(url: str, *, new: bool) -> Engine:
    """An engine for ``sqlite:///path`` or one in memory, set for durable commits.

    Unless ``new``, a file that is not there is not made.
    """
    memory = url == IN_MEMORY
    arguments: dict[str, Any] = {"connect_args": {"check_same_thread": False}}
    if memory:
        arguments["poolclass"] = StaticPool
    engine = sa.create_engine(url if memory or new else _existing(url), **arguments)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where Database.write says
        cursor = connection.cursor()
        if not memory:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA cache_size=-65536")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.execute("PRAGMA busy_timeout=10000")
        cursor.close()

    return engine


class Tx:
    """One open transaction: statements with named values, which go to the driver as they are."""

    def __init__(self, connection: Connection) -> None:
        self._raw: Any = connection.connection.driver_connection

    @property
    def under_way(self) -> bool:
        """Whether the database still keeps it open; a full disk may have ended it."""
        return bool(self._raw.in_transaction)

    def one(self, sql: str, /, **values: object) -> Row | None:
        """The first row, or None."""
        return next(iter(self.all(sql, **values)), None)

    def all(self, sql: str, /, **values: object) -> list[Row]:
        """Every row."""
        found = self._raw.execute(sql, values)
        rows = found.fetchall()
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def scalar(self, sql: str, /, **values: object) -> Any:
        """The first column of the first row, or None."""
        row = self._raw.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, /, **values: object) -> int:
        """Change rows; says how many."""
        return int(self._raw.execute(sql, values).rowcount)

    def insert(self, table: sa.Table, **values: object) -> None:
        """Insert one row; missing columns must have a default."""
        self._raw.execute(_inserted(table, values), values)

    def insert_named(self, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows that name the same columns; missing ones must have a default."""
        if rows:
            self._raw.executemany(_inserted(table, rows[0].keys()), rows)

    def insert_many(self, table: sa.Table, rows: Sequence[Sequence[object]]) -> None:
        """Insert many full rows, columns in the table's order, by the driver itself."""
        if rows:
            marks = ",".join("?" * len(table.columns))
            self._raw.executemany(f"INSERT INTO {table.name} VALUES ({marks})", rows)

    def many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run one statement with ``?`` marks for many rows, by the driver itself."""
        if rows:
            self._raw.executemany(sql, rows)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Every row as a plain tuple, by the driver itself; ``?`` marks."""
        return list(self._raw.execute(sql, values))

    def put(self, table: sa.Table, key: Mapping[str, object], **values: object) -> None:
        """Insert a row or replace its other columns."""
        row = {**key, **values}
        sets = ",".join(f'"{name}"=excluded."{name}"' for name in values)
        self._raw.execute(
            f"{_inserted(table, row)} ON CONFLICT ({','.join(key)}) DO UPDATE SET {sets}", row
        )


def _inserted(table: sa.Table, names: Collection[str]) -> str:
    """The statement that inserts one row; ``window`` and ``of`` are words of SQL's own."""
    columns = ",".join(f'"{name}"' for name in names)
    marks = ",".join(f":{name}" for name in names)
    return f"INSERT INTO {table.name} ({columns}) VALUES ({marks})"


def _lacking(connection: Connection, metadata: sa.MetaData) -> set[str]:
    """Tables, else columns, that are not there."""
    there = sa.inspect(connection)
    tables = metadata.tables.keys() - set(there.get_table_names())
    return tables or {
        f"{name}.{column}"
        for name, table in metadata.tables.items()
        for column in set(table.columns.keys()) - {each["name"] for each in there.get_columns(name)}
    }


def _existing(url: str) -> sa.URL:
    """The same file, as SQLite's own name for one that has to be there (sqlite.org/uri.html)."""
    parts = sa.make_url(url)
    return parts.set(database=f"file:{quote(parts.database or '')}").update_query_dict(
        {"mode": "rw", "uri": "true"}
    )


class Database:
    """One database with a single writer. ``new`` makes its tables; one in memory is always new."""

    def __init__(self, url: str, metadata: sa.MetaData, *, version: int, new: bool = False) -> None:
        self.name = url.removeprefix("sqlite:///")
        self._engine = open_engine(url, new=new)
        self._connection: Connection | None = None
        self._lock = threading.RLock()
        self._open: Tx | None = None
        try:
            if new or url == IN_MEMORY:
                self._make(metadata, version)
            else:
                self._recognise(metadata, version)
        except sa.exc.DatabaseError as error:
            self.close()
            raise damaged(self.name, f"cannot be opened ({error.orig})") from None
        except BaseException:
            self.close()
            raise

    def _make(self, metadata: sa.MetaData, version: int) -> None:
        metadata.create_all(self._engine)
        with self.write() as tx:
            tx.rows("ANALYZE sqlite_schema")  # makes the table for what follows
            tx.many("INSERT INTO sqlite_stat1 VALUES (?,?,?)", [*expected(metadata)])
            tx.rows("ANALYZE sqlite_schema")  # takes it in
            tx.put(metadata.tables["meta"], {"name": "version"}, value=str(version).encode())

    def _recognise(self, metadata: sa.MetaData, version: int) -> None:
        """Whether it has the form that this program reads; raises Damaged."""
        with self._engine.connect() as connection:
            if not sa.inspect(connection).has_table("meta"):
                raise damaged(self.name, "lacks meta")
            row = connection.execute(sa.text("SELECT value FROM meta WHERE name='version'"))
            self._check_version(row.scalar(), version)
            lacking = _lacking(connection, metadata)
        if lacking:
            raise damaged(self.name, f"lacks {', '.join(sorted(lacking))}")

    def _check_version(self, found: object, version: int) -> None:
        if not isinstance(found, bytes) or not found.isdigit():
            raise damaged(self.name, "does not say which version it is of")
        if int(found) > version:
            raise Damaged(
                f"{self.name} is of version {int(found)}, newer than this program ({version}):"
                " install the newer program"
            )
        if int(found) < version:
            raise Damaged(
                f"{self.name} is of version {int(found)}, older than this program reads"
                f" ({version}): nothing was changed, go on with the program that it was made with"
            )

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A durable transaction; the only one at a time. Inside another one it joins that."""
        with self._lock:
            if self._open is not None:
                yield self._open
                return
            self._open = tx = self._begin("BEGIN IMMEDIATE")
            try:
                yield tx
                tx.rows("COMMIT")
            except BaseException as error:
                if tx.under_way:
                    tx.rows("ROLLBACK")
                self._say_if_damaged(error)
                raise
            finally:
                self._open = None

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """One consistent view."""
        with self._lock:
            if self._open is not None:
                yield self._open
                return
            tx = self._begin("BEGIN")
            try:
                yield tx
            except BaseException as error:
                self._say_if_damaged(error)
                raise
            finally:
                if tx.under_way:
                    tx.rows("ROLLBACK")

    def make_room(self) -> None:
        """Give the write-ahead log its full size now, so that no commit has to make it longer.

        A commit that does costs half as much again. Whoever was cut off in the middle left the
        table behind: it is dropped first. What it took in the file stays there for what comes. On
        a disk that has no room for it the log stays as it is.
        """
        with self._lock, suppress(sqlite3.OperationalError):
            with self.write() as tx:
                tx.run("DROP TABLE IF EXISTS room")
                tx.run("CREATE TABLE room (filler BLOB)")
                tx.run("INSERT INTO room VALUES (zeroblob(:size))", size=_ROOM)
            with self.write() as tx:
                tx.run("DROP TABLE room")
            self._tx().rows("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._engine.dispose()

    def _say_if_damaged(self, error: BaseException) -> None:
        """Raise Damaged where SQLite met pages that are none: its subclasses mean other things."""
        cause = error.orig if isinstance(error, sa.exc.DatabaseError) else error
        if type(cause) is sqlite3.DatabaseError:
            raise damaged(self.name, f"is damaged ({cause})") from error

    def _begin(self, statement: str) -> Tx:
        tx = self._tx()
        tx.rows(statement)
        return tx

    def _tx(self) -> Tx:
        """On the one connection: taking one from a pool costs more than most questions."""
        if self._connection is None:
            self._connection = self._engine.connect()
        return Tx(self._connection)
