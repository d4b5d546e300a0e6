"""The second path by itself: what it keeps, how it is compared, and what becomes of its tail."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.audit import findings
from node.outcome import Approved
from node.secondpath import Comparison, Entry, SecondPath, compare
from node.store import FILE
from sync.values import Digest, EpochId, Millis, NodeId, Points
from tests.doubles.hub import KAWASAKI, NODE
from tests.node.conftest import Shop, pin

LIFE = EpochId("1-00000000000000aa")


def entry(seq: int, history: bytes = b"a", *, trimmed: bool = False) -> Entry:
    record = b"" if trimmed else history + bytes([seq])
    return Entry(LIFE, seq, Digest(history * 31 + bytes([seq])), bytes(64), record, b"")


def known(*entries: Entry) -> list[tuple[EpochId, int, Digest]]:
    return [(each.epoch, each.seq, each.digest) for each in entries]


def test_a_file_that_is_not_there_is_missing() -> None:
    assert compare([], exists=False, known=[]).verdict == "missing"


def test_a_file_that_lags_fits() -> None:
    ours = [entry(1), entry(2), entry(3)]
    assert compare(ours[:2], exists=True, known=known(*ours)) == Comparison(verdict="fits")


def test_what_the_database_lacks_is_the_tail_and_trimmed_entries_give_nothing_back() -> None:
    file = [entry(1, trimmed=True), entry(2), entry(3)]
    found = compare(file, exists=True, known=known(entry(1)))
    assert (found.verdict, found.tail) == ("behind", (entry(2), entry(3)))

    only_head = compare([entry(2, trimmed=True)], exists=True, known=known(entry(1)))
    assert (only_head.verdict, only_head.tail) == ("behind", ())


def test_another_history_is_all_that_the_database_does_not_have_so() -> None:
    file = [entry(1), entry(2, b"b"), entry(3, b"b")]
    found = compare(file, exists=True, known=known(entry(1), entry(2)))
    assert (found.verdict, found.tail) == ("differs", ())
    assert found.other == (entry(2, b"b"), entry(3, b"b"))


@given(st.lists(st.integers(1, 200), unique=True, max_size=8), st.integers(0, 2_000))
def test_a_file_torn_anywhere_gives_whole_entries_from_its_beginning(
    tmp_path_factory: pytest.TempPathFactory, seqs: list[int], torn: int
) -> None:
    path = SecondPath(tmp_path_factory.mktemp("stick"), NodeId(NODE))
    entries = [entry(seq) for seq in seqs]
    path.begin_anew(entries)
    path.file.write_bytes(path.file.read_bytes()[:torn])

    read = path.entries()

    assert read == entries[: len(read)]


def test_files_are_laid_aside_beside_each_other(tmp_path: Path) -> None:
    path = SecondPath(tmp_path, NodeId(NODE))
    for seq in (1, 2):
        path.begin_anew([entry(seq)])
        path.lay_aside()
    assert not path.exists()
    assert len(list(tmp_path.glob("*.other-*"))) == 2


def spend(shop: Shop, points: int) -> None:
    done = shop.counter.spend(shop.card, KAWASAKI, Points(points), pin())
    assert isinstance(done, Approved)


def put_back(shop: Shop, copy: Path) -> None:
    shop.counter.close()
    for file in shop.folder.glob(FILE + "*"):
        file.unlink()
    shutil.copy(copy, shop.folder / FILE)


def backup(shop: Shop, to: Path) -> None:
    shop.counter.close()
    shutil.copy(shop.folder / FILE, to)
    shop.reopen()


def test_the_tail_comes_back_with_its_evidence_and_sums(shop: Shop, tmp_path: Path) -> None:
    shop.cut()
    backup(shop, tmp_path / "backup.db")
    for points in (100, 200):
        spend(shop, points)
    columns = "SELECT epoch, seq, digest, bytes, head, evidence FROM record ORDER BY seq"
    before = shop.counter.parts.store.rows(columns)
    history = shop.counter.history()

    put_back(shop, tmp_path / "backup.db")
    shop.reopen()

    assert shop.counter.parts.store.rows(columns) == before
    assert [row.points for row in shop.counter.history()] == [row.points for row in history]
    assert shop.counter.status().stopped == "database-behind"
    assert findings(shop.counter.parts.store) == ()


def test_the_tail_comes_back_once_however_often_the_pc_starts(shop: Shop, tmp_path: Path) -> None:
    shop.cut()
    backup(shop, tmp_path / "backup.db")
    spend(shop, 100)
    put_back(shop, tmp_path / "backup.db")

    for _ in range(3):
        shop.reopen()
        assert len(shop.counter.history()) == 1
        shop.counter.close()
    shop.reopen()


def test_a_tail_that_follows_on_nothing_is_another_history_and_stops_nobody_for_ever(
    shop: Shop, tmp_path: Path
) -> None:
    shop.cut()
    backup(shop, tmp_path / "backup.db")
    spend(shop, 100)
    spend(shop, 200)
    put_back(shop, tmp_path / "backup.db")
    second = SecondPath(shop.second, NODE)
    second.begin_anew(second.entries()[-1:])  # what it followed on is nowhere any more
    shop.reopen()
    assert shop.counter.status().stopped == "database-behind"

    shop.mend()
    shop.counter.sync_now()

    assert shop.counter.status().stopped is None
    assert any(i.what == "other-history" for i in shop.counter.status().incidents)
    shop.restart()
    assert shop.counter.status().stopped is None


def test_what_is_not_what_its_digest_says_is_not_handed_in(shop: Shop) -> None:
    others = shop.counter.parts.renewal._others

    others.keep([entry(9), entry(10, trimmed=True)], Millis(1))

    assert others.waiting() == []
