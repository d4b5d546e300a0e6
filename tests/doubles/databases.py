"""Where a test's hub keeps what it knows: in memory, or with ``--database=postgresql`` on a server.

The server is PostgreSQL's own (:mod:`tests.doubles.postmaster`) and is stopped with the tests.
"""

import itertools
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from hub.mykey import schema as identity_schema
from hub.store import schema
from hub.store.database import Database, Tx
from hub.store.postgres import Postgres
from hub.store.sqlite import IN_MEMORY, Sqlite
from tests.doubles import postmaster
from tests.doubles.postmaster import Postmaster

_FAST = ("fsync", "synchronous_commit", "full_page_writes")
"""Nobody pulls this server's plug; what a power cut does is tried elsewhere."""
_UNGUARDED = "SET LOCAL session_replication_role=replica"
"""For one transaction no trigger says that something stays."""
_AT_ONCE = 60
"""Connections; the server takes a hundred."""
T = TypeVar("T")


class Server:
    """A PostgreSQL server of this process; a ``durable`` one syncs as a town's does."""

    def __init__(self, folder: Path, programs: Path, *, durable: bool = False) -> None:
        self._postmaster = at = Postmaster(folder / "data", programs)
        self._at = sa.URL.create("postgresql", at.user, query={"host": str(at.data)})
        at.begin()
        at.start()
        self._names = itertools.count(1)
        self.used: list[tuple[sa.MetaData, int, Database]] = []
        """What the next sweep empties."""
        self._empty: dict[int, list[Database]] = defaultdict(list)
        self._connected: list[Database] = []
        for setting in () if durable else _FAST:
            self.run(f"ALTER SYSTEM SET {setting}=off")
        self.run("SELECT pg_reload_conf()")

    @property
    def url(self) -> str:
        """The database that is always there."""
        return self._at.set(database="postgres").render_as_string()

    def database(self, metadata: sa.MetaData, version: int) -> Database:
        """An empty one, in a schema of its own; what another test has left is used again."""
        empty = self._empty[id(metadata)]
        if empty:
            made = empty.pop()
        else:
            at = Postgres(self.url, f"test_{next(self._names)}")
            made = Database(at, metadata, version=version, new=True)
        self.used.append((metadata, version, made))
        self._connects(made)
        return made

    def _connects(self, database: Database) -> None:
        """Who was asked longest ago lets its connection go; it opens again if asked."""
        if database in self._connected:
            self._connected.remove(database)
        self._connected.append(database)
        if len(self._connected) > _AT_ONCE:
            self._connected.pop(0).close()

    def fresh_database(self) -> str:
        """The URL of a database that nobody has used."""
        name = f"hub_{next(self._names)}"
        self.run(f"CREATE DATABASE {name}")
        return self._at.set(database=name).render_as_string()

    def cut_off(self, url: str) -> None:
        """End everybody's connection to a database, as a server does that is started anew."""
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname='{sa.make_url(url).database}' AND pid<>pg_backend_pid()"
        )

    def run(self, statement: str, url: str = "") -> None:
        """Do something as the server's owner."""
        engine = Postgres(url or self.url, "public").engine(new=False)
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def sweep(self) -> None:
        """What a test has left is thrown away."""
        used, self.used = self.used, []
        for metadata, version, database in used:
            self._connects(database)
            with database.write() as tx:
                tx.run(_UNGUARDED)  # what stays goes, too
                for table in metadata.sorted_tables[::-1]:
                    tx.run(f"DELETE FROM {table.name}")
                tx.put(metadata.tables["meta"], {"name": "version"}, value=str(version).encode())
            self._empty[id(metadata)].append(database)

    def kill(self) -> None:
        """SIGKILL to the server and everything that it has started, as when its machine goes."""
        self._postmaster.kill()

    def start(self) -> None:
        """Start it again where it lay: it recovers what was committed."""
        self._postmaster.start()

    def stop(self) -> None:
        """Stop it."""
        self._postmaster.stop()


class _Place:
    """Where databases are made now."""

    server: Server | None = None


@contextmanager
def running(*, durable: bool = False, programs: Path | None = None) -> Iterator[Server]:
    """A server, as long as it is needed; ``durable`` is for measuring."""
    with tempfile.TemporaryDirectory(prefix="machikado-pg-") as folder:
        server = Server(Path(folder), programs or postmaster.programs(), durable=durable)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def on_server() -> Iterator[None]:
    """Databases are made on a server from now on."""
    with running() as _Place.server:
        yield
    _Place.server = None


def sweep() -> None:
    """After each test."""
    if _Place.server is not None:
        _Place.server.sweep()


@contextmanager
def outliving(make: Callable[[], T]) -> Iterator[T]:
    """What is made here, with its databases, for more tests than one."""
    server = _Place.server
    if server is None:
        yield make()
        return
    of_this_test, server.used = server.used, []
    made = make()
    of_many, server.used = server.used, of_this_test
    yield made
    server.used += of_many


def behind_its_back(tx: Tx) -> None:
    """What stays as it was written can be changed now, as by somebody who owns the server."""
    if _Place.server is not None:
        tx.run(_UNGUARDED)


def ledger() -> Database:
    """A new hub's points, intake and settlement."""
    return _made(schema.metadata, schema.VERSION)


def identities() -> Database:
    """A new hub's identities."""
    return _made(identity_schema.metadata, identity_schema.VERSION)


def _made(metadata: sa.MetaData, version: int) -> Database:
    if _Place.server is not None:
        return _Place.server.database(metadata, version)
    return in_memory(metadata, version)


def in_memory(metadata: sa.MetaData, version: int) -> Database:
    """A new one: thousands of tests begin with one, and making its tables takes longest."""
    return Database(_Copied(_made_once(metadata)), metadata, version=version)


class _Copied(Sqlite):
    """In memory, a copy of one that the hub itself has made."""

    def __init__(self, made: Database) -> None:
        super().__init__(IN_MEMORY)
        self._made = made

    def _prepare(self, connection: Any, record: object) -> None:
        super()._prepare(connection, record)
        self._made._raw().backup(connection)

    def make(self, connection: sa.Connection, metadata: sa.MetaData) -> None:
        """Its tables, and what the planner is told of them, came with the copy."""


@cache
def _made_once(metadata: sa.MetaData) -> Database:
    return Database(IN_MEMORY, metadata, version=0)
