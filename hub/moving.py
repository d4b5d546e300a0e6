"""Moving a stopped hub from files to a PostgreSQL server, once.

1. Each database is copied in one transaction of the server, table by table, and read back in it:
   unless every row is there as it is in the file, nothing of it stays. What is there says that it
   is not in use yet, so no hub opens it.
2. ``hub.json`` names the server: from here on the files are the past.
3. The files get names by which nobody opens them.
4. Both databases say their version, and hubs open them.

Whoever is cut off says it again. Before 2 it begins anew and throws away what its own earlier try
left on the server; behind it, it only goes on.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import msgspec
import sqlalchemy as sa
from msgspec import structs

from hub.core import current_incarnation
from hub.folder import (
    Config,
    check_servers,
    databases_of,
    lock,
    read_config,
    servers_of,
    write_config,
)
from hub.mykey import schema as identity_schema
from hub.store import schema
from hub.store.database import OF_VERSION, UNFINISHED, Database, Tx
from hub.store.files import examine, sync_names
from hub.store.postgres import Postgres, is_on_server
from sync.errors import Damaged, RefusedByRule
from sync.wire import laid_out

MOVED = "moved"
"""What the files' names end with afterwards."""
_AT_ONCE = 10_000
"""Rows that are read and sent together."""
_BOTH = (
    (schema.metadata, schema.VERSION),
    (identity_schema.metadata, identity_schema.VERSION),
)


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What lies on the server now."""

    rows: int
    """In all tables of both databases. 0: they had been moved before."""
    transfers: int
    points: int
    """What the transfers moved together."""
    files: tuple[str, ...]
    """The old files, under the names that they have now."""


class Contents(msgspec.Struct, frozen=True):
    """What a database holds: rows and their digest by table, and the sums of a ledger."""

    tables: dict[str, tuple[int, bytes]]
    transfers: int = 0
    points: int = 0
    balances: int = 0

    @property
    def rows(self) -> int:
        """In all tables."""
        return sum(count for count, _ in self.tables.values())


class Unfinished(msgspec.Struct, frozen=True):
    """What stands in a database on the server until the move has ended."""

    hub: str
    """Whose try this is."""
    files: tuple[str, ...]
    """What is to be set aside."""


def move_hub(folder: Path, database: str, identities: str = "") -> Moved:
    """Move a hub's databases to a server; see above.

    Raises RefusedByRule where the hub is on another server already or another hub is there, InUse
    where it runs, Malformed for a URL that cannot be, Damaged, Unreachable, DiskFull. Before the
    switch the files are then as they were.
    """
    config = read_config(folder)
    wanted = structs.replace(config, database=database, identities=identities)
    check_servers(database, identities)
    contents = Contents({}), Contents({})
    with ExitStack() as undone:
        undone.callback(lock(folder))
        if not is_on_server(config.database):
            contents = _copied(folder, config, wanted)
            write_config(folder, wanted)
        elif config != wanted:
            raise RefusedByRule("hub-on-server", f"this hub is on a server: {config.database}")
        servers = servers_of(wanted)
        files = _set_aside(next(filter(None, map(_left_to_do, servers)), ()))
        for at, (metadata, version) in zip(servers, _BOTH, strict=True):
            _begin(at, metadata, version)
    return Moved(
        rows=sum(each.rows for each in contents),
        transfers=contents[0].transfers,
        points=contents[0].points,
        files=tuple(files),
    )


# -- 1


def _copied(folder: Path, config: Config, wanted: Config) -> tuple[Contents, Contents]:
    """Copy both databases; says what is in them."""
    sources = databases_of(folder, config)
    for source in sources:
        examine(Path(source.name), most=None)
    with ExitStack() as undone:
        ledger, persons = (
            undone.enter_context(closing(Database(source, metadata, version=version)))
            for source, (metadata, version) in zip(sources, _BOTH, strict=True)
        )
        mark = Unfinished(
            f"{wanted.origin} {current_incarnation(ledger)}", (ledger.name, persons.name)
        )
        points, people = servers_of(wanted)
        return (
            _copy(ledger, points, schema.metadata, mark),
            _copy(persons, people, identity_schema.metadata, mark),
        )


def _copy(files: Database, to: Postgres, metadata: sa.MetaData, mark: Unfinished) -> Contents:
    with files.read() as old, _writing(to) as (connection, new):
        _clear(connection, new, to, mark)
        to.make(connection, metadata)
        if "transfer" in metadata.tables:
            for (month,) in old.rows("SELECT DISTINCT month FROM transfer"):
                to.make_month(new.raw, month)
        for table in metadata.sorted_tables:
            for rows in _read(old, table):
                new.insert_many(table, rows)
        new.run("DELETE FROM meta WHERE name=:name", name=OF_VERSION)
        said = msgspec.json.encode(mark)
        new.put(metadata.tables["meta"], {"name": UNFINISHED}, value=said)
        contents = _contents(old, metadata)
        if contents != _contents(new, metadata):
            raise Damaged(f"{to.name} does not hold what {files.name} holds: nothing was moved")
        return contents


def _clear(connection: sa.Connection, tx: Tx, to: Postgres, mark: Unfinished) -> None:
    """Throw away what an earlier try of the same hub left; anything else there is somebody's."""
    there = to.tables(connection)
    if not there:
        return
    left = _unfinished(tx) if "meta" in there else None
    if left is None or left.hub != mark.hub:
        raise RefusedByRule("hub-exists", f"{to.name} already holds a hub: name another one")
    to.clear(connection)


def _read(tx: Tx, table: sa.Table) -> Iterator[list[tuple[object, ...]]]:
    """A table's rows as the server takes them, some at once."""
    truths = [isinstance(column.type, sa.Boolean) for column in table.columns]
    some = []
    for row in tx.stream(_ordered(table)):
        some.append(
            tuple(bool(value) if truth else value for value, truth in zip(row, truths, strict=True))
            if any(truths)
            else row
        )
        if len(some) == _AT_ONCE:
            yield some
            some = []
    yield some


def _ordered(table: sa.Table) -> str:
    names = ",".join(f'"{column.name}"' for column in table.columns)
    keys = ",".join(f'"{column.name}"' for column in table.primary_key.columns)
    return f"SELECT {names} FROM {table.name} ORDER BY {keys}"


def _contents(tx: Tx, metadata: sa.MetaData) -> Contents:
    """What a database holds, without what differs as long as it is being moved."""
    tables = {}
    for table in metadata.sorted_tables:
        count, chained = 0, b""
        for row in tx.stream(_ordered(table)):
            if table.name == "meta" and row[0] in {OF_VERSION, UNFINISHED}:
                continue
            chained = hashlib.sha256(chained + msgspec.msgpack.encode([*map(_plain, row)])).digest()
            count += 1
        tables[table.name] = (count, chained)
    if "transfer" not in tables:
        return Contents(tables)
    [(transfers, points)] = tx.rows("SELECT count(*), coalesce(sum(points), 0) FROM transfer")
    [(balances,)] = tx.rows("SELECT coalesce(sum(points), 0) FROM balance")
    return Contents(tables, transfers, points, balances)


def _plain(value: object) -> object:
    """The same for what the two drivers give: SQLite has no truth values, only 0 and 1."""
    return int(value) if isinstance(value, bool) else value


@contextmanager
def _writing(at: Postgres) -> Iterator[tuple[sa.Connection, Tx]]:
    """A transaction of a database that nobody can open yet."""
    engine = at.engine(new=True)
    try:
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            at.begin_write(raw)
            tx = Tx(raw, at)
            yield connection, tx
            tx.rows("COMMIT")
    except Exception as error:
        told = at.meaning(error)
        if told is None:
            raise
        raise told from error
    finally:
        engine.dispose()


# -- 3 and 4


def _unfinished(tx: Tx) -> Unfinished | None:
    found = tx.scalar("SELECT value FROM meta WHERE name=:name", name=UNFINISHED)
    return None if found is None else msgspec.json.decode(found, type=laid_out(Unfinished))


def _left_to_do(at: Postgres) -> tuple[str, ...]:
    """Files that are to be set aside, as long as a database waits to be used."""
    with _writing(at) as (_, tx):
        left = _unfinished(tx)
    return () if left is None else left.files


def _set_aside(files: Sequence[str]) -> list[str]:
    """Give old files other names, each whole in itself: without a log beside it."""
    names = []
    for path in map(Path, files):
        kept = path.with_name(f"{path.name}.{MOVED}")
        if path.exists():
            with closing(sqlite3.connect(path)) as file:
                file.execute("PRAGMA journal_mode=DELETE")
            path.rename(kept)
            sync_names(path.parent)
        names.append(str(kept))
    return names


def _begin(at: Postgres, metadata: sa.MetaData, version: int) -> None:
    """Let hubs open what was moved; again changes nothing."""
    with _writing(at) as (_, tx):
        if tx.run("DELETE FROM meta WHERE name=:name", name=UNFINISHED):
            tx.put(metadata.tables["meta"], {"name": OF_VERSION}, value=str(version).encode())
