"""Opening the hub's databases, and one writer a town at a time.

A writing transaction says for which towns it is, and nobody else writes there meanwhile: it changes
rows of no other town, and asks of no other town what would change under its feet. One that names
none has the whole database to itself. A program writes by one connection, so its own transactions
come one after the other anyway; on a server those of several programs go side by side. What reads
for long goes by a connection of its own, and nobody who sells waits for it (:meth:`Database.look`).

A database is made once, with its hub. Opening one that is gone, empty, another program's or not
whole is refused, and nothing is written: a hub that began anew in its place would have forgotten
what it owes.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from threading import get_ident
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub.store.alike import Alike
from hub.store.dialect import Dialect
from hub.store.files import damaged
from hub.store.migrations import Steps
from hub.store.sqlite import Sqlite
from sync.errors import Damaged, DatabaseBusy, DiskFull, Unreachable

_log = logging.getLogger("machikado.hub")

OF_VERSION = "version"
"""The row of ``meta`` that says which version a database is of; without it nobody opens it."""
UNFINISHED = "moving"
"""The row that stands there instead until a move has ended (:mod:`hub.moving`)."""

Row = Mapping[str, Any]
"""A row by the names of its columns."""
Towns = frozenset[str] | None
"""The municipalities that a transaction is for, the platform as one of them; None: all."""
T = TypeVar("T")
_PATIENCE = 10.0
"""Seconds for another one's look, as for another program that writes."""


class Beyond(Unreachable):
    """A transaction comes upon rows of towns that it is not for; nothing of it is kept.

    Whoever began it begins it again with them (:meth:`Database.settle`).
    """

    def __init__(self, towns: Towns) -> None:
        super().__init__("the hub has to ask for more towns at once: try again in a moment")
        self.towns = towns


class Tx:
    """One open transaction: statements go to the driver as they are but for their marks."""

    def __init__(self, raw: Any, dialect: Dialect) -> None:
        self._raw = raw
        self.towns: Towns = None
        """Whose rows it may change."""
        self._dialect = dialect
        self._marks = dialect.marks

    @property
    def raw(self) -> Any:
        """The driver's own connection."""
        return self._raw

    def joined(self, text: str) -> str:
        """How a statement joins a text of many rows to one, with blanks between."""
        return f"{self._dialect.joins}({text}, ' ')"

    def require(self, *towns: str) -> None:
        """Say which towns' rows are about to change; raises Beyond where it is not for them."""
        if self.towns is not None and not self.towns.issuperset(towns):
            raise Beyond(frozenset(towns))

    def require_all(self, towns: Towns) -> None:
        """As :meth:`require`, where that may be all there are."""
        if towns is not None:
            self.require(*towns)
        elif self.towns is not None:
            raise Beyond(None)

    def one(self, sql: str, /, **values: object) -> Row | None:
        """The first row, or None."""
        return next(iter(self.all(sql, **values)), None)

    def all(self, sql: str, /, **values: object) -> list[Row]:
        """Every row."""
        found = self.raw.execute(self._marks(sql), values)
        rows = found.fetchall()
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def scalar(self, sql: str, /, **values: object) -> Any:
        """The first column of the first row, or None."""
        row = self.raw.execute(self._marks(sql), values).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, /, **values: object) -> int:
        """Change rows; says how many."""
        return int(self.raw.execute(self._marks(sql), values).rowcount)

    def insert(self, table: sa.Table, **values: object) -> None:
        """Insert one row; missing columns must have a default."""
        self.run(_inserted(table, values), **values)

    def insert_named(self, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows that name the same columns; missing ones must have a default."""
        if rows:
            self.many(_inserted(table, rows[0].keys()), rows)

    def insert_many(self, table: sa.Table, rows: Sequence[Sequence[object]]) -> None:
        """Insert many full rows, columns in the table's order, the quickest way there is."""
        if rows:
            self._dialect.add(self.raw, table, rows, "")

    def insert_alike(self, table: sa.Table, some: Sequence[Alike]) -> None:
        """Insert rows that share most of their columns."""
        if some:
            self._dialect.add_alike(self.raw, table, some)

    def put_many(
        self, table: sa.Table, rows: Sequence[Sequence[object]], *, where: str = ""
    ) -> None:
        """Insert full rows, or replace the other columns of those whose key is there.

        ``where``: only of those for which it holds; no key stands twice among ``rows``.
        """
        if rows:
            keys, names = table.primary_key.columns.keys(), table.columns.keys()
            sets = ",".join(f'"{name}"=excluded."{name}"' for name in names if name not in keys)
            then = f"UPDATE SET {sets}" if sets else "NOTHING"
            on = ",".join(f'"{key}"' for key in keys)
            self._dialect.add(self.raw, table, rows, f"ON CONFLICT ({on}) DO {then} {where}")

    def many(self, sql: str, rows: Sequence[Sequence[object] | Mapping[str, object]]) -> None:
        """Run one statement for many rows of values, by the driver itself."""
        if rows:
            self.raw.cursor().executemany(self._marks(sql), rows)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Every row as a plain tuple, by the driver itself; ``?`` marks."""
        found = self.raw.execute(self._marks(sql), values)
        return [] if found.description is None else found.fetchall()

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Every row as a plain tuple, a few in memory at a time."""
        return self._dialect.stream(self.raw, sql)

    def put(self, table: sa.Table, key: Mapping[str, object], **values: object) -> None:
        """Insert a row or replace its other columns."""
        row = {**key, **values}
        sets = ",".join(f'"{name}"=excluded."{name}"' for name in values)
        self.run(
            f"{_inserted(table, row)} ON CONFLICT ({','.join(key)}) DO UPDATE SET {sets}", **row
        )


class _Later(Tx):
    """A view that begins with its first question: many who open one come to ask nothing."""

    def __init__(self, begin: Callable[[], Any], dialect: Dialect) -> None:
        super().__init__(None, dialect)
        self._begin = begin

    @property
    def has_begun(self) -> bool:
        """Whether anything was asked."""
        return self._raw is not None

    @property
    def raw(self) -> Any:
        """The driver's own connection, the transaction begun."""
        if self._raw is None:
            self._raw = self._begin()
        return self._raw


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


def _version(connection: Connection, name: str) -> int:
    """Which version its tables are of; raises Damaged."""
    if not sa.inspect(connection).has_table("meta"):
        raise damaged(name, "lacks meta")
    rows = connection.execute(sa.text("SELECT name, value FROM meta"))
    said = {row.name: row.value for row in rows}
    if UNFINISHED in said:
        raise Damaged(
            f"{name} was not moved to the end: nothing was lost, say 'machikado hub move' again"
        )
    found = said.get(OF_VERSION)
    if not isinstance(found, bytes) or not found.isdigit():
        raise damaged(name, "does not say which version it is of")
    return int(found)


def version_at(at: Dialect) -> int:
    """Which version a database is of. Raises Damaged, InUse, Unreachable."""
    engine = at.engine(new=False)
    try:
        with engine.connect() as connection:
            return _version(connection, at.name)
    except sa.exc.DBAPIError as error:
        raise (
            at.meaning(error, opening=True) or damaged(at.name, f"cannot be opened ({error.orig})")
        ) from None
    finally:
        engine.dispose()


class _Way:
    """A way into a database: one connection, which is taken up again where it was lost."""

    def __init__(self, dialect: Dialect, engine: sa.Engine) -> None:
        self._dialect = dialect
        self._engine = engine
        self._connection: Connection | None = None
        self._is_opening = False

    @contextmanager
    def _view(self) -> Iterator[Tx]:
        """One moment, as whoever asks first finds it."""
        with self._in_words():
            tx = _Later(partial(self._begin, self._dialect.begin_read), self._dialect)
            try:
                yield tx
            finally:
                if tx.has_begun:
                    self._end(tx)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Say of what is stored, and of the way to it, what is wrong with them."""
        try:
            yield
        except Exception as error:
            told = self._dialect.meaning(error, opening=self._is_opening)
            if told is None:
                raise
            if isinstance(told, Unreachable | DiskFull) and not self._is_opening:
                cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
                _log.warning("%s: %s", self._dialect.name, cause)
            if isinstance(told, Unreachable):
                self._leave()
            raise told from error

    def _begin(self, how: Callable[[Any], None]) -> Any:
        """Begin a transaction; a connection that was lost since the last one costs nothing.

        Gives the connection.
        """
        raw = self._raw()
        try:
            how(raw)
        except Exception:
            if not self._dialect.is_lost(raw):
                raise
            self._leave()
            raw = self._raw()
            how(raw)
        return raw

    def _end(self, tx: Tx) -> None:
        """Undo what was not committed."""
        if self._under_way(tx):
            tx.rows("ROLLBACK")

    def _under_way(self, tx: Tx) -> bool:
        return self._dialect.under_way(tx.raw)

    def _raw(self) -> Any:
        """The one connection's own: taking one from a pool costs more than most questions."""
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection.connection.driver_connection

    def _leave(self) -> None:
        """Forget the way in; the next transaction takes another one."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _close(self) -> None:
        """Let go of the connection, until somebody asks again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()


class _Beside(_Way):
    """The way in for long looks: one at a time, and none of them writes."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect, dialect.beside())
        self._one = threading.Lock()

    @contextmanager
    def look(self) -> Iterator[Tx]:
        """See :meth:`Database.look`."""
        if not self._one.acquire(timeout=_PATIENCE):
            raise DatabaseBusy(
                "somebody else is adding up what is stored: nothing is lost, try again in a moment"
            )
        try:
            with self._view() as tx:
                yield tx
        finally:
            self._one.release()

    def close(self) -> None:
        """Let go of the connection, behind whoever looks."""
        with self._one:
            self._close()


class Database(_Way):
    """One database with a single writer. ``new`` makes its tables; one in memory is always new.

    ``steps`` brings one of an earlier version up to date; without them that one is refused.
    """

    def __init__(
        self,
        at: str | Dialect,
        metadata: sa.MetaData,
        *,
        version: int,
        new: bool = False,
        steps: Steps | None = None,
    ) -> None:
        dialect = Sqlite(at) if isinstance(at, str) else at
        super().__init__(dialect, dialect.engine(new=new))
        self.name = dialect.name
        self._beside = None if dialect.in_memory else _Beside(dialect)
        self._lock = threading.RLock()
        self._open: Tx | None = None
        self._writer = 0
        """The thread that has a transaction open; no thread is 0."""
        self._is_opening = True
        try:
            if new or self._dialect.in_memory:
                self._make(metadata, version)
            else:
                self._recognise(metadata, version, steps)
        except sa.exc.DatabaseError as error:
            self.close()
            raise damaged(self.name, f"cannot be opened ({error.orig})") from None
        except BaseException:
            self.close()
            raise
        self._is_opening = False

    def _make(self, metadata: sa.MetaData, version: int) -> None:
        with self.write() as tx:
            assert self._connection is not None  # noqa: S101  a transaction is open on it
            self._dialect.make(self._connection, metadata)
            tx.put(metadata.tables["meta"], {"name": OF_VERSION}, value=str(version).encode())

    def _recognise(self, metadata: sa.MetaData, version: int, steps: Steps | None) -> None:
        """Whether it has the form that this program reads, or can get it; raises Damaged."""
        with self._in_words(), self._engine.connect() as connection:
            found = _version(connection, self.name)
            if found > version:
                raise Damaged(
                    f"{self.name} is of version {found}, newer than this program ({version}):"
                    " install the newer program"
                )
            if found == version:
                self._require_whole(connection, metadata)
        if found < version:
            if steps is None:
                raise Damaged(
                    f"{self.name} is of version {found}, older than this program reads ({version}):"
                    " nothing was changed; stop the hub, then 'machikado hub upgrade' brings its"
                    " folder up to date"
                )
            if found < steps.oldest:
                raise Damaged(
                    f"{self.name} is of version {found}, older than any that this program can bring"
                    f" up to date ({steps.oldest}): nothing was changed"
                )
            self._bring_up(metadata, version, steps)

    def _bring_up(self, metadata: sa.MetaData, version: int, steps: Steps) -> None:
        """Take the steps that are missing: all of them, or none."""
        with self.write() as tx:
            connection = self._connection
            assert connection is not None  # noqa: S101  a transaction is open on it
            found = _version(connection, self.name)  # nobody else writes from here on
            if found < version:
                steps.take(connection, found)
                self._dialect.expect(connection, metadata)
                self._require_whole(connection, metadata)
                tx.put(metadata.tables["meta"], {"name": OF_VERSION}, value=str(version).encode())

    def _require_whole(self, connection: Connection, metadata: sa.MetaData) -> None:
        lacking = _lacking(connection, metadata)
        if lacking:
            raise damaged(self.name, f"lacks {', '.join(sorted(lacking))}")

    @contextmanager
    def write(self, towns: Collection[str] | None = None) -> Iterator[Tx]:
        """A durable transaction, the only one for its towns. Inside another one it joins that.

        Raises DiskFull; Unreachable where a server does not answer or others were in the way. One
        that went away at the very end may have kept it: whoever asks again hears what became of it.
        Raises Beyond where the other one is not for all of its towns.
        """
        held = None if towns is None else frozenset(towns)
        with self._lock:
            if self._open is not None:
                self._open.require_all(held)
                yield self._open
                return
            with self._in_words():
                begin = partial(self._dialect.begin_write, towns=held)
                self._open = tx = Tx(self._begin(begin), self._dialect)
                self._writer = get_ident()
                tx.towns = held
                try:
                    yield tx
                    tx.rows("COMMIT")
                finally:
                    self._open, self._writer = None, 0
                    self._end(tx)

    def settle(self, towns: Collection[str] | None, do: Callable[[Tx], T]) -> T:
        """Do something durably for some towns; again, for more, where it comes upon others.

        Whatever it does beside the database may be done twice. Raises what :meth:`write` does, and
        Beyond only inside another transaction: whoever began that one begins it again.
        """
        held = None if towns is None else frozenset(towns)
        while True:
            try:
                with self.write(held) as tx:
                    return do(tx)
            except Beyond as others:
                if self._is_inside():
                    raise
                held = None if held is None or others.towns is None else held | others.towns

    def _is_inside(self) -> bool:
        """Whether whoever asks has a transaction open."""
        with self._lock:
            return self._open is not None

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """One consistent view. Raises Unreachable where a server does not answer."""
        with self._lock:
            if self._open is not None:
                yield self._open
                return
            with self._view() as tx:
                yield tx

    @contextmanager
    def look(self) -> Iterator[Tx]:
        """One consistent view for what may take long: nobody who reads or writes waits for it.

        One looks at a time, so that adding up never has more than one processor and one connection;
        whoever comes meanwhile waits a while and is then told to come again. Inside a transaction
        of one's own it is that one, and sees what that has written; what lies in memory has no
        other way in than the one. Raises Unreachable where a server does not answer.
        """
        if self._beside is None or self._writer == get_ident():
            with self.read() as tx:
                yield tx
            return
        with self._beside.look() as tx:
            yield tx

    def ask_all(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of one question, which is consistent by itself: it begins no transaction.

        Raises Unreachable where a server does not answer.
        """
        with self._lock:
            if self._open is not None:
                return self._open.rows(sql, values)
            found: list[list[tuple[Any, ...]]] = []
            with self._in_words():
                self._begin(lambda raw: found.append(Tx(raw, self._dialect).rows(sql, values)))
            return found[-1]

    def size(self, tx: Tx) -> int:
        """How many bytes it takes."""
        return int(tx.scalar(self._dialect.measures))

    def make_month(self, month: int) -> None:
        """Give the transfers of a month (202611) a place of their own, where they have such.

        Raises Unreachable where somebody reads all transfers meanwhile: try later.
        """
        with self.write():
            self._dialect.make_month(self._raw(), month)

    def make_room(self) -> None:
        """Give the log its full size now, so that no commit has to make it longer."""
        with self._lock:
            self._dialect.make_room(self._raw())

    def close(self) -> None:
        """Let go of the files."""
        if self._beside is not None:
            self._beside.close()
        with self._lock:
            self._close()
