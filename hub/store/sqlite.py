"""A hub's database in a file, or in memory."""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import msgspec
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from hub.store.alike import Alike
from hub.store.expected import expected
from hub.store.files import busy, damaged, disk_full, is_busy
from sync.errors import MachikadoError

IN_MEMORY = "sqlite://"
_LOG_PAGES = 8_192
"""Pages (4 kB each) in the write-ahead log before it is taken over: not after each posting."""
_ROOM = _LOG_PAGES * 4096
CACHE = 65_536
"""Kilobytes of pages that a connection keeps at hand."""
_LOOKED_AT = 8_192
"""The same for whoever only looks."""
_LITTLE = 1_024
"""The same while room is made: nobody asks for those pages again."""
_FEW = 16
"""Rows that are inserted one by one: sooner done than told together."""


class Sqlite:
    """``sqlite:///path``, or :data:`IN_MEMORY`, set for durable commits."""

    measures = "SELECT page_count*page_size FROM pragma_page_count(), pragma_page_size()"
    joins = "group_concat"

    def __init__(self, url: str) -> None:
        self._url = url
        self.name = url.removeprefix("sqlite:///")
        self.in_memory = url == IN_MEMORY

    def marks(self, sql: str) -> str:
        """The hub's own marks are SQLite's."""
        return sql

    def engine(self, *, new: bool) -> sa.Engine:
        """See :class:`hub.store.dialect.Dialect`."""
        arguments: dict[str, Any] = {"connect_args": {"check_same_thread": False}}
        if self.in_memory:
            arguments["poolclass"] = StaticPool
        url = self._url if self.in_memory or new else _existing(self._url)
        engine = sa.create_engine(url, **arguments)
        sa.event.listen(engine, "connect", self._prepare)
        return engine

    def beside(self) -> sa.Engine:
        """See :class:`hub.store.dialect.Dialect`: the log keeps its moment for it."""
        engine = self.engine(new=False)
        sa.event.listen(engine, "connect", _look_only)
        return engine

    def _prepare(self, connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where Database.write says
        cursor = connection.cursor()
        if not self.in_memory:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA cache_size=-{CACHE}")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.execute("PRAGMA busy_timeout=10000")
        cursor.close()

    def begin_write(self, raw: Any, towns: Collection[str] | None = None) -> None:
        """See :class:`hub.store.dialect.Dialect`: a file has one writer, whatever the towns."""
        del towns
        raw.execute("BEGIN IMMEDIATE")

    def begin_read(self, raw: Any) -> None:
        """See :class:`hub.store.dialect.Dialect`."""
        raw.execute("BEGIN")

    def make(self, connection: sa.Connection, metadata: sa.MetaData) -> None:
        """See :class:`hub.store.dialect.Dialect`."""
        metadata.create_all(connection)
        self.expect(connection, metadata)

    def expect(self, connection: sa.Connection, metadata: sa.MetaData) -> None:
        """See :class:`hub.store.dialect.Dialect`; what is expected is :mod:`hub.store.expected`."""
        raw: Any = connection.connection.driver_connection
        raw.execute("ANALYZE sqlite_schema")  # makes the table for what follows
        raw.execute("DELETE FROM sqlite_stat1")
        raw.executemany("INSERT INTO sqlite_stat1 VALUES (?,?,?)", [*expected(metadata)])
        raw.execute("ANALYZE sqlite_schema")  # takes it in

    def add(
        self, raw: Any, table: sa.Table, rows: Sequence[Sequence[object]], otherwise: str
    ) -> None:
        """See :class:`hub.store.dialect.Dialect`."""
        marks = ",".join("?" * len(table.columns))
        raw.executemany(f"INSERT INTO {table.name} VALUES ({marks}) {otherwise}", rows)

    def add_alike(self, raw: Any, table: sa.Table, some: Sequence[Alike]) -> None:
        """A step for each of them: Python's lock is given away once, and not once a row."""
        for alike in some:
            step = _in_one_step(table, alike) if alike.height >= _FEW else None
            if step is None:
                self.add(raw, table, list(alike.rows(table)), "")
            else:
                raw.execute(*step)

    def make_month(self, raw: Any, month: int) -> None:
        """All months lie in one table."""

    def stream(self, raw: Any, sql: str) -> Iterator[tuple[Any, ...]]:
        """See :class:`hub.store.dialect.Dialect`."""
        yield from raw.execute(sql)

    def under_way(self, raw: Any) -> bool:
        """See :class:`hub.store.dialect.Dialect`."""
        return bool(raw.in_transaction)

    def is_lost(self, raw: Any) -> bool:
        """A file is there or damaged."""
        del raw
        return False

    def meaning(self, error: BaseException, *, opening: bool = False) -> MachikadoError | None:
        """Damaged is what has pages that are none: most subclasses of DatabaseError mean others."""
        del opening
        cause = error.orig if isinstance(error, sa.exc.DatabaseError) else error
        if type(cause) is sqlite3.DatabaseError:
            return damaged(self.name, f"is damaged ({cause})")
        if isinstance(cause, sqlite3.OperationalError) and _code(cause) == sqlite3.SQLITE_FULL:
            return disk_full()
        if isinstance(cause, sqlite3.OperationalError) and is_busy(cause):
            return busy()
        return None

    def make_room(self, raw: Any) -> None:
        """Give the write-ahead log its full size now, so that no commit has to make it longer.

        A commit that does costs half as much again. Whoever was cut off in the middle left the
        table behind: it is dropped first. What it took in the file stays there for what comes. On
        a disk that has no room for it the log stays as it is.
        """
        with suppress(sqlite3.OperationalError):
            try:
                raw.execute(f"PRAGMA cache_size=-{_LITTLE}")
                raw.execute("BEGIN IMMEDIATE")
                raw.execute("DROP TABLE IF EXISTS room")
                raw.execute("CREATE TABLE room (filler BLOB)")
                raw.execute("INSERT INTO room VALUES (zeroblob(?))", [_ROOM])
                raw.execute("COMMIT")
                raw.execute("DROP TABLE room")
            finally:
                if raw.in_transaction:
                    raw.execute("ROLLBACK")
                raw.execute(f"PRAGMA cache_size=-{CACHE}")
            raw.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _look_only(connection: Any, _record: object) -> None:
    """Whoever adds up reads each page once: few are kept, and a long sort goes to the disk."""
    connection.execute("PRAGMA query_only=ON")
    connection.execute(f"PRAGMA cache_size=-{_LOOKED_AT}")
    connection.execute("PRAGMA temp_store=FILE")


def _in_one_step(table: sa.Table, alike: Alike) -> tuple[str, list[object]] | None:
    """The statement that inserts all the rows, and its values; None where there is none.

    What is as long in each row comes joined and is cut again: a part of bytes is found by its
    place. The one column that is not is walked along as a list in JSON (sqlite.org/json1.html).
    """
    terms: list[str] = []
    values: list[object] = []
    walked: Sequence[object] | None = None
    for name, column in table.columns.items():
        own = alike.own.get(name, ())
        joined = None if name in alike.shared else _joined(own, column)
        if name in alike.shared:
            terms.append("?")
            values.append(alike.shared[name])
        elif len(own) != alike.height:
            raise ValueError(f"{table.name}.{name}: {alike.height} rows, and one is short of it")
        elif isinstance(own, range) and own.step == 1:
            terms.append("?+key")
            values.append(own.start)
        elif joined == b"":
            terms.append("?")  # a part of nothing would be NULL
            values.append(own[0])
        elif joined is not None:
            terms.append(_CUT[type(column.type)].format(width=len(joined) // alike.height))
            values.append(joined)
        elif walked is None or walked is own:
            walked = own
            terms.append("value")
        else:
            return None
    rows = _as_json(walked or [0] * alike.height).decode()
    if _NUL in rows:
        return None
    return f"INSERT INTO {table.name} SELECT {','.join(terms)} FROM json_each(?)", [*values, rows]


def _joined(own: Sequence[Any], column: sa.Column[Any]) -> bytes | None:
    """A column's values behind one another; None unless all are as long."""
    if isinstance(own, range):
        return None
    if isinstance(column.type, sa.LargeBinary):
        return b"".join(own) if len(set(map(len, own))) == 1 else None
    texts = own if isinstance(column.type, sa.Text) else list(map(str, own))
    joined = "".join(texts)
    return joined.encode() if joined.isascii() and len(set(map(len, texts))) == 1 else None


_PART = "substr(?,key*{width}+1,{width})"
_CUT = {
    sa.LargeBinary: _PART,
    sa.Text: f"CAST({_PART} AS TEXT)",
    sa.BigInteger: f"CAST({_PART} AS INTEGER)",
}
_NUL = "\\u0000"
"""A text ends there when it is taken out of JSON."""
_as_json = msgspec.json.Encoder().encode


def _code(error: sqlite3.Error) -> int:
    """SQLite's own number for what happened; an error of the driver alone has none."""
    return getattr(error, "sqlite_errorcode", 0)


def _existing(url: str) -> sa.URL:
    """The same file, as SQLite's own name for one that has to be there (sqlite.org/uri.html)."""
    parts = sa.make_url(url)
    return parts.set(database=f"file:{quote(parts.database or '')}").update_query_dict(
        {"mode": "rw", "uri": "true"}
    )
