"""A hub's database on a PostgreSQL server.

One hub serves a database, or several do and each its own towns: a hub holds advisory locks that say
so for as long as it is connected, and another one that tries is told. Should two serve a town all
the same, as after a failover or through a pooler that gives each transaction another connection,
each transaction still writes alone for its towns: it takes their locks first and reads what those
before it committed. Texts are compared byte by byte, as SQLite does it.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from hub.store import months
from hub.store.alike import Alike
from hub.store.files import busy, damaged, disk_full
from hub.store.spelling import with_percents
from sync.errors import (
    DatabaseAway,
    InUse,
    MachikadoError,
    Malformed,
    RefusedByRule,
)

_SCHEME = "postgresql://"
_ONE_WRITER = 0x6D616368
"""The lock's first key, "mach"; the second one is made from the schema's name."""
OF_A_TRANSACTION = _ONE_WRITER + 1
"""The first key of the locks that last for a transaction; the second one is the schema's again."""
_LONGEST_WAIT = "10s"
"""For whoever writes at the moment; as SQLite's busy_timeout."""
_OWN_GHOST = "500ms"
"""For a lock of a session: a hub that takes up a connection again may have left one that the server
has not missed yet."""
_INSTR = (
    "CREATE FUNCTION instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE"
    " AS 'SELECT strpos($1, $2)'"
)
"""What SQLite calls the place of a text in another one."""


def is_on_server(url: str) -> bool:
    """Whether a URL names a PostgreSQL server's database."""
    return url.startswith(_SCHEME)


def check_url(url: str) -> None:
    """Whether it names a server's database, and no password. Raises Malformed."""
    try:
        parts = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # the second one for a port that is no number
        parts = None
    if parts is None or not is_on_server(url) or not parts.database:
        raise Malformed("a server's database looks like postgresql://machikado@localhost/machikado")
    if _has_password(parts):
        raise Malformed(
            "a password does not belong in the URL, which is kept in the open: write it into"
            " ~/.pgpass, or into the file that PGPASSFILE names"
        )


def _has_password(parts: sa.URL) -> bool:
    return parts.password is not None or "password" in parts.query


_MANY = 32
"""Rows that are worth a COPY of their own."""
_WHICH = "target_session_attrs"
"""Says which of several hosts is meant (PostgreSQL, 34.1.2)."""
_FETCHED = 2_000
"""Rows that a stream asks the server for at once."""
_STAY = {"transfer", "posting", "chronicle"}
"""What was posted or decided is never changed; the server holds every program to it."""
_STAYS = """
CREATE FUNCTION {table}_stays() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a {table} stays as it was written'; END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_stays();
"""


class Postgres:
    """``postgresql://user@host/database``; the tables lie in a schema of their own."""

    in_memory = False
    measures = "SELECT pg_database_size(current_database())"
    joins = "string_agg"

    def __init__(
        self,
        url: str,
        schema: str,
        *,
        looks: bool = False,
        serves: Collection[str] | None = None,
    ) -> None:
        """``looks``: it changes nothing, so it may be there beside the hub.

        ``serves``: the towns that it serves beside hubs of other towns; None: all there are.
        """
        parts = sa.make_url(url)
        self._url = parts.set(drivername="postgresql+psycopg")
        hidden = parts.difference_update_query(["password"])
        self._written = hidden.render_as_string() if _has_password(parts) else url
        """For people to see."""
        self._schema = schema
        self._looks = looks
        self._serves = serves
        self.name = f"{self._written} ({schema})"

    def marks(self, sql: str) -> str:
        """As psycopg wants them."""
        return with_percents(sql)

    def engine(self, *, new: bool) -> sa.Engine:
        """See :class:`hub.store.dialect.Dialect`."""
        del new  # the schema is made with its tables, in one transaction
        if self._looks:
            return self.beside()
        engine = self._engine(self._options())
        sa.event.listen(engine, "connect", self._keep_others_out)
        return engine

    def beside(self) -> sa.Engine:
        """See :class:`hub.store.dialect.Dialect`: it takes no lock that keeps others out."""
        url = self._url
        if _WHICH in url.query:
            # libpq asks whether it could write, and a session that only looks could not
            url = url.update_query_dict({_WHICH: "primary"})
        return self._engine(f"{self._options()} -cdefault_transaction_read_only=on", url)

    def _options(self) -> str:
        return (
            f"-csearch_path={self._schema} -csynchronous_commit=on -clock_timeout={_LONGEST_WAIT}"
        )

    def _engine(self, options: str, url: sa.URL | None = None) -> sa.Engine:
        arguments = {"options": options, "autocommit": True}
        engine = sa.create_engine(url or self._url, poolclass=NullPool, connect_args=arguments)
        sa.event.listen(engine, "connect", _prepare)
        return engine

    def require_unused(self) -> None:
        """Whether a new hub may begin here. Raises Unreachable; RefusedByRule where one is."""
        try:
            with self._engine("").connect() as connection:
                used = sa.inspect(connection).get_table_names(schema=self._schema)
        except sa.exc.DBAPIError as error:
            raise self.meaning(error, opening=True) or error from None
        if used:
            raise RefusedByRule("hub-exists", f"{self.name} already holds a hub: name another one")

    def _keep_others_out(self, connection: Any, _record: object) -> None:
        """Take the locks of a session: the schema's, or a share of it and one a town."""
        shared = "" if self._serves is None else "_shared"
        for_all = f"pg_advisory_lock{shared}({_ONE_WRITER}, hashtext('{self._schema}'))"
        if not _taken(connection, for_all):
            raise InUse(f"{self.name} is in use by another hub: stop it first")
        for town in sorted(self._serves or ()):
            key = f"(hashtext('{self._schema}/served')::bigint << 32) | {crc32(town.encode())}"
            if not _taken(connection, f"pg_advisory_lock({key})"):
                raise InUse(f"{town} is served by another hub on {self.name}: stop it first")

    def begin_write(self, raw: Any, towns: Collection[str] | None = None) -> None:
        """See :class:`hub.store.dialect.Dialect`. All at once: one round trip.

        Who writes for all towns locks the schema, and who writes for some shares that lock and
        takes one for each town, in the order of their keys, so that nobody waits in a circle. Keys
        of one number lie apart from those of two; two towns with one key only wait for each other.
        A statement reads all that was committed when it begins, while the locks were waited for
        too.
        """
        whole = f"{OF_A_TRANSACTION}, hashtext('{self._schema}')"
        locks = [f"pg_advisory_xact_lock({whole})"]
        if towns is not None:
            keys = sorted({crc32(town.encode()) for town in towns})
            of_schema = f"hashtext('{self._schema}')::bigint << 32"
            each = [f"pg_advisory_xact_lock(({of_schema}) | {key})" for key in keys]
            locks = [f"pg_advisory_xact_lock_shared({whole})", *each]
        takes = "; SELECT ".join(["BEGIN ISOLATION LEVEL READ COMMITTED", *locks])
        raw.execute(takes, prepare=False)

    def begin_read(self, raw: Any) -> None:
        """See :class:`hub.store.dialect.Dialect`."""
        raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", prepare=False)

    def make(self, connection: sa.Connection, metadata: sa.MetaData) -> None:
        """See :class:`hub.store.dialect.Dialect`."""
        raw: Any = connection.connection.driver_connection
        if self._schema not in sa.inspect(connection).get_schema_names():
            connection.execute(sa.schema.CreateSchema(self._schema))
        raw.execute(_INSTR)
        metadata.create_all(connection)
        for table in sorted(_STAY & metadata.tables.keys()):
            raw.execute(_STAYS.format(table=table))
        if "transfer" in metadata.tables:
            months.prepare(raw)

    def make_month(self, raw: Any, month: int) -> None:
        """See :class:`hub.store.dialect.Dialect`."""
        months.make_month(raw, month)

    def add(
        self, raw: Any, table: sa.Table, rows: Sequence[Sequence[object]], otherwise: str
    ) -> None:
        """By COPY, or as arrays: either way one statement, whatever the number of rows.

        A row alone, as most are that somebody waits for, is sent as it is: to make an array of each
        of its values and take them apart again costs the hub more than all the rest of it.
        """
        names = ",".join(f'"{name}"' for name in table.columns.keys())  # noqa: SIM118  no dict
        if len(rows) == 1:
            marks = ",".join(map(_mark_of, table.columns))
            raw.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks}) {otherwise}", rows[0])
            return
        if otherwise or len(rows) < _MANY:
            arrays = ",".join(map(_array_of, table.columns))
            raw.execute(
                f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays}) {otherwise}",
                [list(column) for column in zip(*rows, strict=True)],
            )
            return
        copying = f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)"
        with raw.cursor().copy(copying) as copy:
            copy.set_types([_type_of(column) for column in table.columns])
            for row in rows:
                copy.write_row(row)

    def add_alike(self, raw: Any, table: sa.Table, some: Sequence[Alike]) -> None:
        """All of them by one COPY."""
        self.add(raw, table, [row for alike in some for row in alike.rows(table)], "")

    def stream(self, raw: Any, sql: str) -> Iterator[tuple[Any, ...]]:
        """By a cursor of the server's own, which lasts as long as the transaction."""
        with raw.cursor(name="stream") as cursor:
            cursor.itersize = _FETCHED
            yield from cursor.execute(sql)

    def tables(self, connection: sa.Connection) -> set[str]:
        """The names of the tables in its schema."""
        return set(sa.inspect(connection).get_table_names(schema=self._schema))

    def clear(self, connection: sa.Connection) -> None:
        """Throw away all tables and functions of its schema."""
        raw: Any = connection.connection.driver_connection
        for name in self.tables(connection):
            raw.execute(f'DROP TABLE IF EXISTS "{name}" CASCADE')
        for (name,) in raw.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p"
            " WHERE p.pronamespace=current_schema()::regnamespace"
        ).fetchall():
            raw.execute(f"DROP FUNCTION {name}")

    def expect(self, connection: sa.Connection, metadata: sa.MetaData) -> None:
        """The server looks at its tables by itself."""

    def under_way(self, raw: Any) -> bool:
        """See :class:`hub.store.dialect.Dialect`."""
        from psycopg.pq import TransactionStatus

        return raw.info.transaction_status not in {
            TransactionStatus.IDLE,
            TransactionStatus.UNKNOWN,
        }

    def is_lost(self, raw: Any) -> bool:
        """See :class:`hub.store.dialect.Dialect`."""
        return bool(raw.closed)

    def meaning(self, error: BaseException, *, opening: bool = False) -> MachikadoError | None:
        """See :class:`hub.store.dialect.Dialect`; conditions are named in PostgreSQL's Appendix A.

        A deadlock, a serialization failure and a lock that was waited for too long are undone
        whole, and may be tried again.
        """
        from psycopg import DataError, InterfaceError, OperationalError, errors

        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        match cause:
            case errors.DataCorrupted() | errors.IndexCorrupted():
                return damaged(self.name, f"is damaged ({cause})")
            case errors.DiskFull():
                return disk_full()
            case DataError():
                return Malformed("a text holds a sign that cannot be kept")
            case (
                errors.SerializationFailure()
                | errors.DeadlockDetected()
                | errors.LockNotAvailable()
            ):
                return busy()
            case errors.InsufficientPrivilege():
                return DatabaseAway(
                    f"the database {self._written} forbids the hub's role something:"
                    f" {_said(cause)}. To upgrade a ledger of a keeper's, make the role a member"
                )
            case OperationalError() | InterfaceError() if opening:
                return DatabaseAway(
                    f"the database {self._written} cannot be opened: {_said(cause)}. Is its"
                    " server up? A password belongs in ~/.pgpass, or in the file that PGPASSFILE"
                    " names"
                )
            case OperationalError() | InterfaceError():
                return DatabaseAway("the hub's database does not answer: try again in a moment")
        return None

    def make_room(self, raw: Any) -> None:
        """The server keeps its own log."""


def _prepare(connection: Any, _record: object) -> None:
    from psycopg.adapt import Loader

    class Whole(Loader):
        """A sum of whole numbers, which PostgreSQL makes ``numeric``."""

        def load(self, data: bytes | bytearray | memoryview) -> int:
            return int(bytes(data))

    connection.adapters.register_loader("numeric", Whole)


def _said(error: BaseException) -> str:
    """What the server itself said, or the system about the way there: no library's words."""
    first = str(error).partition("\n")[0]
    for before in ("failed: ", "FATAL:", "fe_sendauth:"):
        first = first.rpartition(before)[2]
    return first.strip()


def _taken(connection: Any, lock: str) -> bool:
    """Whether a lock was free, or soon was; a connection that does not get it is of no use."""
    from psycopg import errors

    try:
        connection.execute(f"SET lock_timeout='{_OWN_GHOST}'; SELECT {lock}")
        connection.execute(f"SET lock_timeout='{_LONGEST_WAIT}'")
    except errors.LockNotAvailable:
        connection.close()
        return False
    return True


def _mark_of(column: sa.Column[Any]) -> str:
    """A mark for a column's value; bytes go as they are, and not as text."""
    kind = _type_of(column)
    return f"{'%b' if kind == 'bytea' else '%s'}::{kind}"


def _array_of(column: sa.Column[Any]) -> str:
    """A mark for a list of a column's values."""
    return f"{_mark_of(column)}[]"


def _type_of(column: sa.Column[Any]) -> str:
    """What PostgreSQL calls the type of a column's values."""
    if isinstance(column.type, sa.LargeBinary):
        return "bytea"
    if isinstance(column.type, sa.Boolean):
        return "bool"
    return "int8" if isinstance(column.type, sa.Integer) else "text"
