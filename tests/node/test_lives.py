"""Old copies, clones, sticks that are gone: a node that may be half of one takes no money."""

import shutil
from pathlib import Path

import pytest

from node.audit import findings
from node.outcome import Approved, Refused
from node.secondpath import SecondPath
from node.store import FILE
from sync.calls import HeldRecords, HubCalls
from sync.errors import Unreachable
from sync.values import Points
from tests.doubles.hub import KAWASAKI, NODE
from tests.node.conftest import Shop, pin


def spend(shop: Shop, points: int = 100) -> Approved | Refused:
    return shop.counter.spend(shop.card, KAWASAKI, Points(points), pin())


def copy_database(shop: Shop, to: Path) -> None:
    """What a backup program does at night."""
    shop.counter.close()
    shutil.copy(shop.folder / FILE, to)
    shop.reopen()


def put_back(shop: Shop, copy: Path) -> None:
    shop.counter.close()
    for file in shop.folder.glob(FILE + "*"):
        file.unlink()
    shutil.copy(copy, shop.folder / FILE)
    shop.reopen()


def test_an_old_copy_that_erases_sales_is_found_out_and_loses_none(
    shop: Shop, tmp_path: Path
) -> None:
    copy_database(shop, tmp_path / "backup.db")
    shop.cut()
    assert isinstance(spend(shop, 700), Approved)

    put_back(shop, tmp_path / "backup.db")

    assert shop.counter.status().stopped == "database-behind"
    assert isinstance(no := spend(shop), Refused)
    assert no.reason == "stopped"
    assert shop.counter.history()[0].points == 700, "the second path gave it back"
    shop.mend()
    shop.counter.sync_now()
    assert shop.hub.balance(shop.key) == 4_300
    assert shop.counter.status().epoch.startswith("2-")
    assert shop.counter.status().stopped is None
    assert isinstance(spend(shop), Approved)
    assert findings(shop.counter.parts.store) == ()


def test_an_old_copy_put_back_again_before_its_new_life_is_found_out_again(
    shop: Shop, tmp_path: Path
) -> None:
    copy_database(shop, tmp_path / "first life.db")
    shop.counter.close()
    shutil.rmtree(shop.second)
    shop.reopen()
    shop.counter.sync_now()
    assert shop.counter.status().epoch.startswith("2-")
    put_back(shop, tmp_path / "first life.db")
    assert shop.counter.status().stopped == "database-behind"
    shop.counter.parts.renewal.trim()  # as after receipts that come while it is stopped

    put_back(shop, tmp_path / "first life.db")

    assert shop.counter.status().stopped == "database-behind"


def test_an_old_copy_does_not_begin_again_the_life_that_its_later_self_began(
    shop: Shop, tmp_path: Path
) -> None:
    spend(shop, 100)
    shop.counter.sync_now()
    shop.counter.parts.keys.fresh(shop.counter.status().epoch)  # filed, and cut off before asking
    shop.counter.close()
    shutil.copytree(shop.folder, tmp_path / "image")
    for path in shop.second.iterdir():
        path.unlink()
    shop.reopen()
    shop.counter.sync_now()
    assert shop.counter.status().epoch.startswith("2-")
    shop.counter.close()
    shutil.rmtree(shop.folder)
    shutil.copytree(tmp_path / "image", shop.folder)
    for path in shop.second.iterdir():
        path.unlink()

    shop.reopen()
    shop.counter.sync_now()

    assert shop.counter.status().epoch.startswith("3-")
    assert isinstance(spend(shop), Approved)


def test_what_only_the_hub_still_has_is_given_back(shop: Shop, tmp_path: Path) -> None:
    copy_database(shop, tmp_path / "backup.db")
    assert isinstance(spend(shop, 700), Approved)
    shop.counter.sync_now()

    put_back(shop, tmp_path / "backup.db")  # the second path keeps its last head only
    assert shop.counter.status().stopped == "database-behind"
    shop.counter.sync_now()

    assert shop.counter.history()[0].points == 700
    assert shop.counter.status().stopped is None
    assert shop.hub.balance(shop.key) == 4_300
    assert findings(shop.counter.parts.store) == ()


def test_an_old_copy_sells_again_only_when_all_has_come_back_however_often_the_line_fails(
    shop: Shop, tmp_path: Path
) -> None:
    copy_database(shop, tmp_path / "backup.db")
    assert isinstance(spend(shop, 700), Approved)
    shop.counter.sync_now()
    shop.cut()
    assert isinstance(spend(shop, 200), Approved)  # on the second path alone, behind that one
    put_back(shop, tmp_path / "backup.db")
    shop.mend()

    with pytest.MonkeyPatch.context() as line:
        line.setattr(HubCalls, "held_records", _unanswered)
        shop.counter.sync_now()
        assert shop.counter.status().stopped == "database-behind"
    shop.counter.sync_now()

    assert shop.counter.status().stopped is None
    assert [row.points for row in shop.counter.history()] == [200, 700]
    assert shop.hub.balance(shop.key) == 4_100
    assert findings(shop.counter.parts.store) == ()


def _unanswered(*_: object) -> HeldRecords:
    raise Unreachable("no answer")


def test_without_its_second_path_a_node_waits_for_a_new_life(shop: Shop) -> None:
    shop.cut()
    assert isinstance(spend(shop, 300), Approved)
    shop.counter.close()
    shutil.rmtree(shop.second)

    shop.reopen()

    assert shop.counter.status().stopped == "second-path-missing"
    assert isinstance(spend(shop), Refused)
    shop.mend()
    shop.counter.sync_now()
    assert shop.counter.status().stopped is None
    assert shop.hub.balance(shop.key) == 4_700
    assert isinstance(spend(shop), Approved)
    assert SecondPath(shop.second, NODE).entries()[-1].seq == shop.counter.status().seq


def test_a_stopped_node_stays_stopped_over_a_restart(shop: Shop) -> None:
    shop.cut()
    shop.counter.close()
    shutil.rmtree(shop.second)
    shop.reopen()

    shop.second.mkdir()
    shop.restart()

    assert shop.counter.status().stopped == "second-path-missing"


def test_a_torn_end_of_the_second_path_is_lag_and_stops_nobody(shop: Shop) -> None:
    shop.cut()
    assert isinstance(spend(shop), Approved)
    assert isinstance(spend(shop), Approved)
    shop.counter.close()
    file = SecondPath(shop.second, NODE).file
    file.write_bytes(file.read_bytes()[:-100])

    shop.reopen()

    assert shop.counter.status().stopped is None
    assert SecondPath(shop.second, NODE).entries()[-1].seq == shop.counter.status().seq


def test_a_second_path_that_tells_another_history_stops_the_node(
    shop: Shop, tmp_path: Path
) -> None:
    shop.cut()
    copy_database(shop, tmp_path / "backup.db")
    spend(shop, 100)
    second = SecondPath(shop.second, NODE)
    other = second.file.read_bytes()
    put_back(shop, tmp_path / "backup.db")
    shop.counter.parts.store.execute("DELETE FROM record WHERE seq > 3")
    shop.counter.parts.store.execute("UPDATE record SET digest = zeroblob(32) WHERE seq = 3")
    shop.counter.close()
    second.file.write_bytes(other)

    shop.reopen()

    assert shop.counter.status().stopped


def test_trimming_at_receipts_keeps_the_last_head(shop: Shop) -> None:
    spend(shop)
    shop.counter.sync_now()

    entries = SecondPath(shop.second, NODE).entries()

    assert [(entry.seq, entry.record) for entry in entries] == [(shop.counter.status().seq, b"")]


def test_a_clone_that_sold_on_is_judged_too_and_both_live_on(shop: Shop, tmp_path: Path) -> None:
    shop.cut()
    shop.counter.close()
    shutil.copytree(shop.folder, tmp_path / "clone")
    shop.reopen()
    assert isinstance(spend(shop, 100), Approved)
    shop.mend()
    shop.counter.sync_now()
    shop.counter.close()
    shutil.rmtree(shop.second)
    shop.second.mkdir()
    original = shop.folder
    shop.folder = tmp_path / "clone"
    shop.reopen()
    shop.counter.parts.writer.life = shop.counter.parts.writer.life.__class__(
        shop.counter.parts.writer.epoch, ""
    )  # somebody made it believe its second path is there
    shop.hub.silent = True
    assert isinstance(spend(shop, 200), Approved)
    shop.mend()

    shop.counter.sync_now()

    kept = shop.hub.kept[next(iter(shop.hub.kept))]
    assert kept.state == "closed"
    assert shop.counter.status().epoch.startswith("2-")
    assert any(i.what == "fork" for i in shop.counter.status().incidents)
    assert original.exists()


def test_both_paths_on_one_disk_are_one_copy(shop: Shop) -> None:
    assert shop.counter.status().only_copy


def test_a_failing_second_path_costs_a_banner_and_not_the_sale(shop: Shop) -> None:
    second = shop.counter.parts.second
    assert second is not None
    second.close()
    second.file.unlink()
    second.file.mkdir()

    done = spend(shop)

    assert isinstance(done, Approved)
    assert any(i.what == "second-path" for i in shop.counter.status().incidents)
    second.file.rmdir()
    assert isinstance(spend(shop), Approved)
    shop.restart()
    assert shop.counter.status().stopped is None


def test_a_stopped_node_takes_nothing_back_either(shop: Shop) -> None:
    done = spend(shop)
    assert isinstance(done, Approved)

    shop.counter.parts.writer.stop("forked")

    for answer in (shop.counter.reverse(done.seq), shop.counter.open_shift("花子"), spend(shop)):
        assert isinstance(answer, Refused)
    assert isinstance(no := shop.counter.reverse(done.seq), Refused)
    assert no.reason == "stopped"


def test_a_stick_with_another_history_is_laid_aside_whole(shop: Shop, tmp_path: Path) -> None:
    shop.cut()
    second = SecondPath(shop.second, NODE)
    copy_database(shop, tmp_path / "backup.db")
    before = second.file.read_bytes()
    spend(shop, 100)
    other = second.file.read_bytes()
    shop.counter.close()
    second.file.write_bytes(before)
    for file in shop.folder.glob(FILE + "*"):
        file.unlink()
    shutil.copy(tmp_path / "backup.db", shop.folder / FILE)
    shop.reopen()
    assert isinstance(spend(shop, 200), Approved)
    shop.counter.close()
    second.file.write_bytes(other)

    shop.reopen()
    assert shop.counter.status().stopped == "second-path-differs"
    shop.mend()
    shop.counter.sync_now()

    kept = [path.read_bytes() for path in second.file.parent.glob("*.other-*")]
    assert other in kept
    assert shop.counter.status().stopped is None
