"""Power, disks and programs that fail at the worst moment: nothing half-done, nothing lost."""

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial, partialmethod
from pathlib import Path

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from node.audit import findings
from node.folder_lock import FolderLock
from node.looking import status_of
from node.opening import open_counter
from node.outcome import Approved, Prepared, Refused
from node.schedule import start
from node.schema import STEPS
from node.store import FILE, Store
from sync.errors import Damaged, DiskFull, InUse, NoAccess
from sync.values import Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import NOON, Shop, pin

ROOT = Path(__file__).parents[2]


def spend(shop: Shop, points: int = 100) -> Approved | Refused:
    return shop.counter.spend(shop.card, KAWASAKI, Points(points), pin())


@pytest.mark.processes
@pytest.mark.parametrize(
    ("point", "kept"),
    [
        ("before-head", False),
        ("after-insert", False),
        ("before-commit", False),
        ("before-second-path", True),
        ("after-second-path", True),
    ],
)
def test_killed_at_any_point_a_spend_is_there_whole_or_not_at_all(
    shop: Shop, point: str, *, kept: bool
) -> None:
    shop.cut()
    assert isinstance(spend(shop), Approved)
    before = shop.counter.status().seq
    shop.counter.close()
    card = shop.card

    died = subprocess.run(
        [sys.executable, "-m", "tests.node.crash", shop.folder, card, str(NOON), point],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )

    assert died.returncode == -9, died.stderr.decode()
    shop.reopen()
    status = shop.counter.status()
    assert status.seq == before + (1 if kept else 0)
    assert status.stopped is None
    assert findings(shop.counter.parts.store) == ()
    slips = [job for job in shop.counter.parts.paper.jobs.waiting() if job.kind == "slip"]
    assert len(slips) == 1 + (1 if kept else 0)
    shop.mend()
    shop.counter.sync_now()
    assert shop.hub.balance(shop.key) == 5_000 - 100 * len(slips)


def test_a_second_program_is_told_who_has_the_folder(shop: Shop) -> None:
    with pytest.raises(InUse, match=f"machikado \\(process {os.getpid()}\\)"):
        open_counter(shop.folder, shop.ports)

    assert isinstance(spend(shop), Approved)


def test_a_full_disk_refuses_the_sale_in_words_and_keeps_what_was_there(shop: Shop) -> None:
    shop.cut()
    assert isinstance(spend(shop), Approved)
    before = shop.counter.status().seq

    with full_disk(shop), pytest.raises(DiskFull, match="nothing before it was lost"):
        shop.counter.parts.store.execute(
            "INSERT INTO incident (what, detail, at) VALUES ('big', ?, 0)", ("x" * 2_500_000,)
        )

    assert shop.counter.status().seq == before
    assert isinstance(spend(shop), Approved)
    assert findings(shop.counter.parts.store) == ()


@contextmanager
def full_disk(shop: Shop) -> Iterator[None]:
    """No file of this program may grow beyond a little more than the database is now."""
    largest = max(file.stat().st_size for file in shop.folder.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 65_536, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fails_in_a_commit_leaves_the_chain_where_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.cut()
    execute = Store._execute

    def fail(store: Store, statement: str, values: Iterable[object] = ()) -> object:
        if statement == "COMMIT":
            raise DiskFull("the disk is full")
        return execute(store, statement, values)

    prepared = shop.counter.prepare(shop.card, KAWASAKI, Points(100))
    assert isinstance(prepared, Prepared)
    shop.counter.open_shift("花子")
    with monkeypatch.context() as broken:
        broken.setattr(Store, "_execute", fail)
        with pytest.raises(DiskFull):
            shop.counter.take(prepared, shop.card, pin())

    assert isinstance(spend(shop), Approved)
    assert findings(shop.counter.parts.store) == ()


def test_a_database_of_a_newer_program_is_refused_and_left_alone(shop: Shop) -> None:
    shop.counter.close()
    with closing(sqlite3.connect(shop.folder / FILE)) as base, base:
        base.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('node',"
            " 'm999_from_the_future', '')"
        )

    with pytest.raises(Damaged, match="newer program"):
        shop.reopen()

    with closing(sqlite3.connect(shop.folder / FILE)) as base, base:
        base.execute("DELETE FROM _sqlite_migrations WHERE name LIKE 'm999%'")
    shop.reopen()


def test_a_migration_runs_after_a_backup_and_touches_no_record(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    spend(shop)
    records = shop.counter.parts.store.rows("SELECT bytes FROM record ORDER BY seq")
    shop.counter.close()
    with monkeypatch.context() as newer:
        newer.setattr(STEPS, "_migrations", list(STEPS._migrations))
        STEPS(name="m999_another_table")(lambda db: db.execute("CREATE TABLE extra (x)"))

        shop.reopen()

    backup = shop.folder / "node.before-m999_another_table"
    with closing(sqlite3.connect(backup)) as base:
        assert base.execute("SELECT bytes FROM record ORDER BY seq").fetchall() == records
        assert not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'extra'").fetchall()
    assert shop.counter.parts.store.rows("SELECT bytes FROM record ORDER BY seq") == records
    shop.counter.parts.store.execute(
        "DELETE FROM _sqlite_migrations WHERE name = 'm999_another_table'"
    )


def another_programs() -> bytes:
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute("CREATE TABLE songs (title TEXT)")
        return base.serialize()


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"", another_programs()], ids=["junk", "empty", "foreign"]
)
@pytest.mark.parametrize("opening", [partial(Store.open, program="test"), Store.look])
def test_what_is_no_nodes_database_is_named_and_left_as_it_is(
    tmp_path: Path, content: bytes, opening: Callable[[Path], Store]
) -> None:
    (tmp_path / FILE).write_bytes(content)

    with pytest.raises(Damaged, match=r"node\.db .*nothing was changed"):
        opening(tmp_path)

    assert (tmp_path / FILE).read_bytes() == content
    assert not (tmp_path / f"{FILE}-wal").exists()


@pytest.mark.parametrize("opening", [partial(Store.open, program="test"), Store.look])
def test_a_database_with_a_broken_page_is_damage_for_who_writes_and_who_looks(
    shop: Shop, opening: Callable[[Path], Store]
) -> None:
    shop.counter.close()
    file = shop.folder / FILE
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] + bytes(4096) + whole[len(whole) // 2 + 4096 :])

    with pytest.raises(Damaged, match=r"node\.db"):
        opening(shop.folder)

    file.write_bytes(whole)
    shop.reopen()


def test_a_folder_without_a_node_says_so(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="holds no node"):
        Store.look(tmp_path / "nowhere")


def test_a_folder_that_may_not_be_written_is_told_in_words(shop: Shop, tmp_path: Path) -> None:
    shop.counter.close()
    lock = shop.folder / "lock"
    lock.unlink()
    lock.mkdir()  # as good as a folder without the right to write: no lock can be had

    with pytest.raises(NoAccess, match="may not be written"):
        shop.reopen()

    lock.rmdir()
    (tmp_path / "a file").touch()
    with pytest.raises(NoAccess, match="cannot be made"):
        Store.create(tmp_path / "a file", "test")
    with closing(Store.look(shop.folder)) as store, pytest.raises(NoAccess, match=r"node\.db"):
        store.execute("DELETE FROM record")
    shop.reopen()


def test_a_full_disk_at_the_start_is_told_in_words_and_the_lock_needs_no_room(shop: Shop) -> None:
    shop.counter.close()

    with no_file_grows(), pytest.raises(DiskFull, match="free some space"):
        shop.reopen()
    with no_file_grows():
        lock = FolderLock(shop.folder, "test")

    with pytest.raises(InUse, match="another program"):
        FolderLock(shop.folder, "second")
    lock.release()
    shop.reopen()


@contextmanager
def no_file_grows() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_start_that_was_cut_off_while_it_made_room_forbids_no_later_one(shop: Shop) -> None:
    store = shop.counter.parts.store
    store.execute("CREATE TABLE room (filler BLOB)")  # between the two transactions

    shop.restart()
    shop.counter.parts.store.make_room()

    tables = "SELECT count(*) FROM sqlite_master WHERE name = 'room'"
    assert shop.counter.parts.store.number(tables) == 0


def test_a_counter_starts_though_there_is_no_room_to_be_made(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Store) -> None:
        raise DiskFull("the disk is full")

    monkeypatch.setattr(Store, "make_room", full)
    monkeypatch.setattr(
        BackgroundScheduler, "start", partialmethod(BackgroundScheduler.start, paused=True)
    )

    start(shop.counter).shutdown(wait=True)

    assert isinstance(spend(shop), Approved)


@pytest.mark.parametrize("content", [None, b"", b"junk"])
def test_keys_that_are_gone_or_broken_are_found(shop: Shop, content: bytes | None) -> None:
    keys = shop.folder / "keys"
    whole = keys.read_bytes()
    keys.unlink() if content is None else keys.write_bytes(content)

    assert "keys" in {found.finding for found in findings(shop.counter.parts.store)}
    with pytest.raises(Damaged, match="keys"):
        status_of(shop.folder)
    keys.write_bytes(whole)


@pytest.mark.parametrize(
    ("wrong", "finding"),
    [
        ("UPDATE move SET points = points + 1", "projection"),
        ("UPDATE record SET bytes = CAST(bytes || x'00' AS BLOB) WHERE kind = 'spend'", "digest"),
        ("UPDATE record SET head = zeroblob(64) WHERE kind = 'spend'", "head"),
        ("DELETE FROM record WHERE kind = 'shift.opened'", "gap"),
        ("UPDATE record SET evidence = NULL", "evidence"),
        ("UPDATE record SET evidence = x'00' WHERE kind = 'spend'", "evidence"),
        (
            "UPDATE answer SET bytes = CAST(substr(bytes, 1, 80) || x'00' AS BLOB)",
            "answer",
        ),
        ("UPDATE epoch SET receipted = receipted - 1", "receipted"),
        ("DELETE FROM verdict WHERE seq = 1", "receipted"),
        ("UPDATE job SET document = x'00'", "print-job"),
        ("UPDATE record SET slip = x'00' WHERE kind = 'spend'", "print-job"),
        ("DELETE FROM shift", "projection"),
    ],
)
def test_the_audit_finds_each_fact_that_was_broken(shop: Shop, wrong: str, finding: str) -> None:
    spend(shop)
    shop.counter.sync_now()
    shop.counter.print_waiting()
    assert findings(shop.counter.parts.store) == ()

    shop.counter.parts.store.execute(wrong)

    assert finding in {found.finding for found in findings(shop.counter.parts.store)}


def test_the_audit_holds_the_second_path_against_the_database(shop: Shop) -> None:
    shop.cut()
    spend(shop)
    shop.counter.parts.store.execute("DELETE FROM record WHERE kind = 'spend'")

    assert "second-path" in {found.finding for found in findings(shop.counter.parts.store)}


def test_every_commit_reaches_the_disk_before_anybody_speaks(shop: Shop) -> None:
    store = shop.counter.parts.store
    full = 2

    assert store.number("PRAGMA synchronous") == full
    assert store.row("PRAGMA journal_mode") == ("wal",)
    store.make_room()
    assert store.number("PRAGMA synchronous") == full
    assert store.number("PRAGMA freelist_count") * store.number("PRAGMA page_size") > 3_000_000
