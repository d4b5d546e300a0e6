"""What a sale waits for: one transaction, few pages, no file that has to grow."""

import sqlite3
import stat
import struct
import sys
from contextlib import closing
from pathlib import Path

import pytest

from node.outcome import Approved, Prepared
from node.schema import back_up
from node.store import FILE, LOG, PAGE
from sync.values import Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin


def pages_in_the_log(folder: Path) -> int:
    """``mxFrame`` of the index beside the log, in the machine's byte order (SQLite, walformat 2.1).

    Each page that a commit touches is one frame.
    """
    header = (folder / f"{FILE}-shm").read_bytes()[16:20]
    return int(struct.unpack("<I" if sys.byteorder == "little" else ">I", header)[0])


def log_header(folder: Path) -> bytes:
    """What a log that begins anew begins with (SQLite, fileformat 4.1)."""
    return (folder / f"{FILE}-wal").read_bytes()[:32]


def test_a_sale_writes_three_pages(shop: Shop) -> None:
    """Its record with evidence and slip, its move, and the move's place under the account."""
    shop.cut()
    assert isinstance(shop.counter.spend(shop.card, KAWASAKI, Points(100), pin()), Approved)
    written = []
    for _ in range(2):
        prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(100))
        assert isinstance(prepared, Prepared)
        before = pages_in_the_log(shop.folder)
        assert isinstance(shop.counter.take(prepared, shop.card, pin()), Approved)
        written.append(pages_in_the_log(shop.folder) - before)

    assert min(written) == 3  # the other one may have begun a new page


def test_the_first_sale_after_a_rest_begins_no_log_anew(shop: Shop) -> None:
    """Who begins it syncs its header too (SQLite, fileformat 4.4): that was done in the rest."""
    begun = set()
    for act in (lambda: shop.counter.open_shift("staff"), shop.counter.close_shift):
        shop.counter.rest()
        rested = log_header(shop.folder)
        act()
        assert log_header(shop.folder) == rested, "salts and sequence are as the rest left them"
        begun.add(rested)

    assert len(begun) == 2, "each rest moves the log into the file"


def test_between_the_pin_and_the_word_there_is_one_commit(shop: Shop) -> None:
    """Each commit is a sync, of which a slow disk makes ten milliseconds."""
    shop.cut()
    assert isinstance(shop.counter.spend(shop.card, KAWASAKI, Points(100), pin()), Approved)
    prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(100))
    assert isinstance(prepared, Prepared)
    statements: list[str] = []
    shop.counter.parts.store._connection.set_trace_callback(statements.append)

    assert isinstance(shop.counter.take(prepared, shop.card, pin()), Approved)

    assert [one for one in statements if one.startswith(("BEGIN", "COMMIT"))] == [
        "BEGIN IMMEDIATE",
        "COMMIT",
    ]
    assert sum("record" in one for one in statements if one.startswith(("INSERT", "UPDATE"))) == 1


def test_a_busy_hour_without_rest_lengthens_no_file(shop: Shop) -> None:
    store = shop.counter.parts.store
    store.make_room()
    sizes = {file.name: file.stat().st_size for file in shop.folder.glob(f"{FILE}*")}
    assert sizes[f"{FILE}-wal"] >= LOG * PAGE

    for n in range(LOG):
        store.execute("INSERT INTO incident (what, detail, at) VALUES ('busy', ?, 0)", (str(n),))

    assert {file.name: file.stat().st_size for file in shop.folder.glob(f"{FILE}*")} == sizes


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_what_a_counter_keeps_is_read_by_its_owner_only(shop: Shop) -> None:
    shop.cut()
    assert isinstance(shop.counter.spend(shop.card, KAWASAKI, Points(100), pin()), Approved)

    (second,) = shop.second.iterdir()
    kept = (*shop.folder.glob(f"{FILE}*"), shop.folder / "keys", second)

    assert len(kept) == 5, "the database, its log and index, the keys, the second path"
    assert {stat.S_IMODE(file.stat().st_mode) for file in kept} == {0o600}
    assert stat.S_IMODE(shop.folder.stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_backup_before_a_migration_is_as_private(shop: Shop, tmp_path: Path) -> None:
    copy = tmp_path / "node.before"

    with closing(sqlite3.connect(shop.folder / FILE)) as connection:
        back_up(connection, copy)

    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_an_action_that_fails_in_the_middle_leaves_nothing(shop: Shop) -> None:
    store = shop.counter.parts.store
    add = "INSERT INTO incident (what, detail, at) VALUES ('half', 'done', 0)"

    def note_the_same_twice() -> None:
        with store.transaction():
            store.execute(add)
            store.execute(add)

    with pytest.raises(sqlite3.IntegrityError):
        note_the_same_twice()

    assert store.number("SELECT count(*) FROM incident WHERE what = 'half'") == 0
    assert store.execute(add) == 1
