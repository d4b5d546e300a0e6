"""The files of a hub's folder, and what is said when one of them is gone or damaged.

Nothing is made in the place of a file that is missed: a hub that began anew would have forgotten
what it owes, and a new key opens nothing that the old one closed.
"""

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sync.errors import Damaged, DatabaseBusy, DiskFull

AT_ONCE = 256 * 2**20
"""The largest database file, in bytes, that is read through before it is opened: a second or two,
where it has to come from the disk (docs/adr/0012)."""
_PATIENCE = 10
"""Seconds for another program that has the file for itself."""
_PRIMARY = 0xFF
"""The part of SQLite's number that says what happened; the rest says where."""


def damaged(name: object, what: str) -> Damaged:
    """The error that names a file, says what is wrong with it and what to do."""
    return Damaged(
        f"{name} {what}: keep what is there, and put the file back from the newest copy of the"
        " hub's folder"
    )


def disk_full() -> DiskFull:
    """What terminals and people hear of it; the hub's log names the database."""
    return DiskFull(
        "the disk of the hub's database is full: nothing of this was kept, nothing before it was"
        " lost; when there is room it goes on by itself"
    )


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another program had a file for too long; an error of the driver alone has no code."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY == sqlite3.SQLITE_BUSY


def busy() -> DatabaseBusy:
    """What terminals and people hear of it; the hub's log names the database."""
    return DatabaseBusy(
        "the hub's database is busy: another program is at work in it; nothing is lost, try again"
        " in a moment"
    )


def read_whole(path: Path) -> bytes:
    """A file's bytes; raises Damaged where there is none, or none that can be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise damaged(path, "is missing") from None
    except OSError as error:
        raise damaged(path, f"cannot be read ({error.strerror})") from None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that only the hub's user may read, as a whole or not at all, to the disk."""
    fresh = path.with_suffix(".new")
    _write(fresh, data)
    fresh.replace(path)
    sync_names(path.parent)


def write_first(path: Path, data: bytes) -> bool:
    """As :func:`write_whole` where there is no such file yet; says whether it was this one.

    Of several programs that write it at the same moment one does, and the others find its bytes.
    """
    fresh = path.with_suffix(f".{os.getpid()}-{threading.get_native_id()}.new")
    _write(fresh, data)
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        return False
    finally:
        fresh.unlink()
    sync_names(path.parent)
    return True


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_names(folder: Path) -> None:
    """Bring a folder's names to the disk too: a power cut must not take a new file back."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def must_be_there(path: Path) -> int:
    """A file's size in bytes; raises Damaged where it is missing or empty."""
    if not path.is_file():
        raise damaged(path, "is missing")
    size = path.stat().st_size
    if not size:
        raise damaged(path, "is empty")
    return size


def examine(path: Path, *, most: int | None = AT_ONCE) -> None:
    """Read a database file through (SQLite's ``quick_check``); raises Damaged, DatabaseBusy.

    One of more than ``most`` bytes is not read through.
    """
    size = must_be_there(path)
    if most is not None and size > most:
        return
    at = f"file:{quote(str(path))}?mode=rw"
    try:
        with closing(sqlite3.connect(at, _PATIENCE, uri=True)) as file:
            (found,) = file.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if is_busy(error):
            raise busy() from None
        found = str(error)
    if found != "ok":
        raise damaged(path, f"is damaged ({' '.join(found.split())})")
