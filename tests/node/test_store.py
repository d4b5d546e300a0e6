"""What a sale waits for: one transaction, few pages, no file that has to grow."""

import sqlite3
import struct
import sys
from pathlib import Path

import pytest

from node.outcome import Approved, Prepared
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


def test_a_busy_hour_without_rest_lengthens_no_file(shop: Shop) -> None:
    store = shop.counter.parts.store
    store.make_room()
    sizes = {file.name: file.stat().st_size for file in shop.folder.glob(f"{FILE}*")}
    assert sizes[f"{FILE}-wal"] >= LOG * PAGE

    for n in range(LOG):
        store.execute("INSERT INTO incident (what, detail, at) VALUES ('busy', ?, 0)", (str(n),))

    assert {file.name: file.stat().st_size for file in shop.folder.glob(f"{FILE}*")} == sizes


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
