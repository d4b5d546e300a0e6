"""The hub's database file: made once, room in its log, and what a full disk does to that."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hub.store import schema
from hub.store.database import Database, Tx
from hub.store.files import examine
from sync.errors import DatabaseBusy, DiskFull

pytestmark = pytest.mark.files  # it looks into SQLite's own tables, or changes what stays


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


@pytest.fixture
def database(file: Path) -> Database:
    return Database(f"sqlite:///{file}", schema.metadata, version=schema.VERSION, new=True)


def log_of(file: Path) -> int:
    """The bytes of the write-ahead log."""
    return file.with_name(f"{file.name}-wal").stat().st_size


def remember(database: Database, name: str) -> None:
    """Commit something."""
    with database.write() as tx:
        tx.put(schema.meta, {"name": name}, value=b"x" * 100_000)


def tables(database: Database) -> set[str]:
    with database.read() as tx:
        return {name for (name,) in tx.rows("SELECT name FROM sqlite_master WHERE type='table'")}


def test_a_log_that_was_given_room_grows_no_more(database: Database, file: Path) -> None:
    database.make_room()
    roomy = log_of(file)

    for place in range(20):
        remember(database, f"note {place}")

    assert roomy > 20_000_000
    assert log_of(file) == roomy
    assert "room" not in tables(database)
    database.close()


def test_room_in_the_log_is_not_room_in_memory(database: Database, file: Path) -> None:
    database.close()

    told = subprocess.run(
        [sys.executable, "-c", _MAKES_ROOM, file], check=True, capture_output=True, text=True
    )

    assert int(told.stdout) < 10_000_000


_MAKES_ROOM = """
import os, sys
from pathlib import Path
from hub.store import schema
from hub.store.database import Database

def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

database = Database("sqlite:///" + sys.argv[1], schema.metadata, version=schema.VERSION)
before = resident()
database.make_room()
print(resident() - before)
"""
"""In a process of its own, whose memory nobody else has used and given back."""


def test_whoever_was_cut_off_while_making_room_makes_it_again(database: Database) -> None:
    with database.write() as tx:
        tx.run("CREATE TABLE room (filler BLOB)")

    database.make_room()

    assert "room" not in tables(database)
    database.close()


def test_a_disk_without_room_for_the_log_does_not_stop_the_hub(
    database: Database, file: Path
) -> None:
    with database.read() as tx:
        (pages,) = tx.rows("PRAGMA page_count")[0]
        tx.rows(f"PRAGMA max_page_count={pages + 100}")  # as a disk that is nearly full
    before = log_of(file)

    database.make_room()
    remember(database, "still here")

    assert "room" not in tables(database)
    assert log_of(file) < before + 1_000_000
    database.close()


def test_a_full_disk_is_told_in_words_and_nothing_before_it_is_lost(database: Database) -> None:
    remember(database, "before")
    with database.read() as tx:
        (pages,) = tx.rows("PRAGMA page_count")[0]
        tx.rows(f"PRAGMA max_page_count={pages}")

    with pytest.raises(DiskFull, match="nothing before it was lost"):
        remember(database, "too much")

    with database.read() as tx:
        tx.rows(f"PRAGMA max_page_count={pages + 100}")
        assert {name for (name,) in tx.rows("SELECT name FROM meta")} == {"version", "before"}
    remember(database, "there is room again")
    database.close()


def test_another_program_at_work_in_the_file_is_told_in_words_and_nothing_is_lost(
    database: Database, file: Path
) -> None:
    database._raw().execute("PRAGMA busy_timeout=0")
    with closing(sqlite3.connect(file)) as another:
        another.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy, match="another program is at work in it"):
            remember(database, "first")

    remember(database, "first")
    with database.read() as tx:
        assert tx.rows("SELECT name FROM meta ORDER BY 1") == [("first",), ("version",)]
    database.close()


def test_a_file_that_another_program_has_for_itself_is_not_called_damaged(
    database: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.close()
    monkeypatch.setattr("hub.store.files._PATIENCE", 0)
    with closing(sqlite3.connect(file)) as another:
        another.execute("PRAGMA locking_mode=EXCLUSIVE")
        another.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseBusy):
            examine(file)

    examine(file)


def test_rows_are_read_by_the_names_of_their_columns(database: Database) -> None:
    remember(database, "one")

    with database.read() as tx:
        row = tx.one("SELECT name, length(value) AS size FROM meta WHERE name=:name", name="one")
        nobody = tx.one("SELECT name FROM meta WHERE name=:name", name="two")

    assert row == {"name": "one", "size": 100_000}
    assert nobody is None
    assert isinstance(tx, Tx)
    database.close()


def test_a_view_begins_with_its_first_question_and_one_question_needs_none(
    database: Database,
) -> None:
    with database.read() as tx:
        said: list[str] = []
        tx.raw.set_trace_callback(said.append)
    said.clear()

    with database.read():
        pass
    assert said == []

    with database.read() as tx:
        tx.rows("SELECT 1")
        tx.rows("SELECT 2")
    assert said == ["BEGIN", "SELECT 1", "SELECT 2", "ROLLBACK"]
    said.clear()

    assert database.ask_all("SELECT name FROM meta WHERE name=?", ["version"]) == [("version",)]
    with database.write() as tx:
        remember(database, "within")
        assert len(database.ask_all("SELECT name FROM meta")) == 2
    assert [one for one in said if one in {"BEGIN", "ROLLBACK"}] == []
    database.close()
