"""The node's database: one file, one writing connection, one transaction for what belongs together.

SQLite in WAL with ``synchronous=FULL``: when :meth:`Store.transaction` ends, what was written is on
the disk. One program writes (:class:`node.folder_lock.FolderLock`); others may open the same file
read-only beside it and never checkpoint. Whoever needs a query writes it beside its meaning
(:mod:`node.ledger`, :mod:`node.knowledge`, :mod:`node.attempts` ...); here is only how to ask.

The connection is shared by the program's threads under one lock, so that a screen, the outbox and
the scheduler never meet in the middle of a transaction.
"""

import sqlite3
import threading
from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from node.folder_lock import FolderLock
from sync.errors import Damaged, DiskFull, Malformed, NoAccess
from sync.wire import read, write

FILE = "node.db"
PAGE = 4096
"""Bytes of a page; a commit writes each page that it touches whole."""
LOG = 1000
"""Pages after which a commit moves the log into the file, if no idle moment came before."""
ROOM = LOG * PAGE
"""Bytes kept free inside the file and its log: commits go on for a while on a full disk, and a
commit never has to make a file longer before it is durable. The log stays within what was made
for it."""
STATEMENTS = 256
"""Statements that stay prepared; more than this program has."""
T = TypeVar("T", bound=msgspec.Struct)
Row = tuple[Any, ...]


class Store:
    """An open database."""

    def __init__(self, connection: sqlite3.Connection, file: Path, lock: FolderLock | None) -> None:
        self.file = file
        self.writable = lock is not None
        self._connection = connection
        self._folder_lock = lock
        self._lock = threading.RLock()
        self._depth = 0

    @classmethod
    def create(cls, folder: Path, program: str) -> "Store":
        """Make the database of a new node, or go on making one; only its owner may read it.

        Raises Damaged when there is one already, InUse, DiskFull, NoAccess.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise NoAccess(f"{folder} cannot be made ({error.strerror})") from None
        if not is_blank(folder):
            raise Damaged(f"{folder} already holds a node; nothing was changed")
        return cls._open(folder, FolderLock(folder, program), new=True)

    @classmethod
    def open(cls, folder: Path, program: str) -> "Store":
        """Open for writing.

        Raises InUse, DiskFull, NoAccess, Damaged (no database, a newer one, a broken one, one of
        another program); a damaged file is not touched.
        """
        _must_exist(folder)
        return cls._open(folder, FolderLock(folder, program), new=False)

    @classmethod
    def look(cls, folder: Path) -> "Store":
        """Open read-only, beside whoever writes. Raises Damaged, NoAccess."""
        _must_exist(folder)
        file = folder / FILE
        connection: sqlite3.Connection | None = None
        try:
            connection = _connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
            _check(connection, file)
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, sqlite3.Error):
                raise _in_words(error, file) from None
            raise
        return cls(connection, file, None)

    def require_present_form(self) -> None:
        """Raise Damaged unless the database is as this program writes it; for who only looks."""
        from node.schema import require_present_form

        require_present_form(self._connection, self.file)

    @classmethod
    def _open(cls, folder: Path, lock: FolderLock, *, new: bool) -> "Store":
        from node.schema import bring_up_to_date

        file = folder / FILE
        connection: sqlite3.Connection | None = None
        try:
            if new:
                _make_private(file)
            connection = _connect(str(file), uri=False)
            if not new:
                _check(connection, file)
            _set_up(connection)
            bring_up_to_date(connection, file)
        except BaseException as error:
            if connection is not None:
                connection.close()
            lock.release()
            if isinstance(error, sqlite3.Error):
                raise _in_words(error, file) from None
            raise
        return cls(connection, file, lock)

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """All or nothing, durable at the end; a transaction inside another one joins it.

        Raises DiskFull when the disk is; then nothing of it was kept.
        """
        with self._lock:
            if self._depth:
                yield
                return
            self._execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
                self._execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def execute(self, statement: str, values: Iterable[object] = ()) -> int:
        """Run one statement inside a transaction; give the number of rows it changed."""
        with self._lock:
            if self._depth:
                return self._execute(statement, values).rowcount
            with self.transaction():
                return self._execute(statement, values).rowcount

    def rows(self, statement: str, values: Iterable[object] = ()) -> list[Row]:
        """All rows of a question."""
        with self._lock:
            return self._execute(statement, values).fetchall()

    def row(self, statement: str, values: Iterable[object] = ()) -> Row | None:
        """The first row of a question, or None."""
        with self._lock:
            row: Row | None = self._execute(statement, values).fetchone()
            return row

    def number(self, statement: str, values: Iterable[object] = ()) -> int:
        """The one number a question asks for; 0 where there is none."""
        row = self.row(statement, values)
        return 0 if row is None or row[0] is None else int(row[0])

    def keep(self, key: str, value: msgspec.Struct) -> None:
        """Keep a typed value under a name, replacing the one before."""
        self.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, write(value)))

    def kept(self, key: str, kind: type[T]) -> T | None:
        """The value kept under a name, or None. Raises Damaged when it is of another kind."""
        row = self.row("SELECT value FROM meta WHERE key = ?", (key,))
        try:
            return None if row is None else read(row[0], kind)
        except Malformed as error:
            raise Damaged(f"{self.file}: {key} cannot be read ({error})") from None

    def forget(self, key: str) -> None:
        """Drop the value kept under a name."""
        self.execute("DELETE FROM meta WHERE key = ?", (key,))

    def make_room(self) -> None:
        """Lengthen file and log once, ahead of need; for programs that stay. Raises DiskFull.

        Whoever was cut off in the middle left the table behind: it is dropped first.
        """
        with self._lock:
            with self.transaction():
                self._execute("DROP TABLE IF EXISTS room")
                self._execute("CREATE TABLE room (filler BLOB)")
                self._execute("INSERT INTO room VALUES (zeroblob(?))", (ROOM,))
            with self.transaction():
                self._execute("DROP TABLE room")
            self.checkpoint()

    def checkpoint(self) -> None:
        """Move the log into the file, without shortening it, and begin it anew. For idle moments.

        The first commit of a log that begins anew syncs twice, once for the log's own header: no
        customer should wait for that, so it is made here, of the header of the file.
        """
        with self._lock:
            self._execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            with self.transaction():
                self._execute("PRAGMA user_version = 0")

    def in_memory(self) -> "Store":
        """A copy that lives in memory only, to compute in without touching anything."""
        copy = _connect(":memory:", uri=False)
        with self._lock:
            self._connection.backup(copy)
        return Store(copy, self.file, None)

    def close(self) -> None:
        """Let go of the file and of the folder."""
        with self._lock:
            self._connection.close()
            if self._folder_lock is not None:
                self._folder_lock.release()

    def _execute(self, statement: str, values: Iterable[object] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, tuple(values))
        except sqlite3.DatabaseError as error:
            raise _in_words(error, self.file) from None


_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_NO_ACCESS = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_blank(folder: Path) -> bool:
    """Whether nothing was kept here yet: no database, or one that was cut off while it was made."""
    file = folder / FILE
    if not file.exists():
        return True
    try:
        with closing(_connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return not connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name NOT LIKE '%sqlite%'"
            ).fetchall()
    except sqlite3.Error:
        return False


def _in_words(error: sqlite3.Error, file: Path) -> Exception:
    """What a person is told of the library's error; what nobody expects stays as it is."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _FULL:
        return DiskFull(
            "the disk is full or failing: this action was not kept, nothing before it was"
            " lost; free some space and try again"
        )
    if code in _NO_ACCESS:
        return NoAccess(f"{file} may not be opened or written ({error}); nothing was lost")
    if code in _DAMAGED:
        return Damaged(f"{file} cannot be read ({error}); nothing was changed")
    return error


def _check(connection: sqlite3.Connection, file: Path) -> None:
    """Raise Damaged unless this is a node's database, whole; reads only."""
    from node.schema import is_begun

    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise Damaged(f"{file} is damaged ({verdict}); nothing was changed")
    if not is_begun(connection):
        raise Damaged(
            f"{file} is no node's database; nothing was changed: put the right file back, or set"
            " this PC up anew with a new invitation"
        )


def _must_exist(folder: Path) -> None:
    try:
        there = (folder / FILE).is_file()
    except OSError as error:
        raise NoAccess(f"{folder} may not be read ({error.strerror})") from None
    if not there:
        raise Damaged(
            f"{folder} holds no node (there is no {FILE}); a new disk needs a new invitation"
        )


def _make_private(file: Path) -> None:
    """Begin a file that only its owner may read; SQLite gives its log the same rights."""
    try:
        file.touch(mode=0o600)
    except OSError as error:
        raise NoAccess(f"{file} cannot be made ({error.strerror})") from None


def _connect(name: str, *, uri: bool) -> sqlite3.Connection:
    return sqlite3.connect(
        name,
        uri=uri,
        isolation_level=None,
        check_same_thread=False,
        timeout=10,
        cached_statements=STATEMENTS,
    )


def _set_up(connection: sqlite3.Connection) -> None:
    """Durable at each commit, strict, and no checkpoint in the middle of a busy hour."""
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        f"wal_autocheckpoint={LOG}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
