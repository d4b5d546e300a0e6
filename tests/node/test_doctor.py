"""The doctor: what a shop reads out on the telephone."""

import shutil
from pathlib import Path

import pytest

from node import doctor
from node.card.errors import NoReaderSupport
from node.card.pcsc import Scard
from node.doctor import examine
from node.looking import set_printer
from node.outcome import Check, Level
from node.readercheck import Pc
from node.store import FILE
from tests.doubles.scard import FakeScard
from tests.node.conftest import Shop
from tests.printer.mechanism import Mechanism, Port, on_network


def no_readers() -> Scard:
    raise NoReaderSupport


def checks_of(shop: Shop, folder: Path | None = None) -> tuple[Check, ...]:
    return examine(folder or shop.folder, lambda _: shop.hub, functions=no_readers, pc=Pc)


def unwell(shop: Shop) -> dict[str, str]:
    """What is not well, and what to do."""
    return {c.check: c.detail for c in checks_of(shop) if not c.well}


@pytest.fixture(autouse=True)
def two_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "same_disk", lambda *_: False)


def test_at_a_counter_where_all_is_well_every_check_says_what_it_found(shop: Shop) -> None:
    shop.counter.close()

    checks = checks_of(shop)

    assert [c.check for c in checks if not c.well] == []
    assert [c.check for c in checks] == [
        "folder", "disk", "keys", "cards", "database", "clock", "second-path", "printer", "hub",
        "reader-support",
    ]  # fmt: skip
    assert Check(check="hub", level=Level.WELL, detail="https://hub.example") in checks
    shop.reopen()


def test_the_counter_may_go_on_working_beside_it(shop: Shop) -> None:
    assert unwell(shop) == {}


def test_each_thing_that_is_wrong_is_named_alone(shop: Shop) -> None:
    shop.hub.silent = True
    shutil.rmtree(shop.second)

    found = unwell(shop)

    assert set(found) == {"hub", "second-path"}
    assert "plug the stick in" in found["second-path"]


def test_a_damaged_database_hides_neither_disk_nor_keys(shop: Shop) -> None:
    shop.counter.close()
    whole = (shop.folder / FILE).read_bytes()
    (shop.folder / FILE).write_bytes(b"junk" * 1_000)

    found = unwell(shop)

    assert set(found) == {"database", "clock", "second-path", "printer", "hub"}
    assert "node.db" in found["database"]
    (shop.folder / FILE).write_bytes(whole)
    shop.reopen()


def test_keys_that_are_gone_and_a_disk_that_is_nearly_full_are_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = shop.folder / "keys"
    kept = keys.read_bytes()
    keys.unlink()
    monkeypatch.setattr(doctor, "LEAST_ROOM", 2**80)

    assert set(unwell(shop)) == {"disk", "keys"}
    keys.write_bytes(kept)


def test_a_folder_that_is_not_there_is_asked_for(shop: Shop, tmp_path: Path) -> None:
    checks = checks_of(shop, tmp_path / "nowhere")

    assert checks[0].detail.endswith("is its disk plugged in?")
    assert not any(c.well for c in checks if c.check not in ("cards", "reader-support"))


def test_a_printer_whose_cover_is_open_is_told_and_prints_nothing(shop: Shop) -> None:
    device = Mechanism(cover_open=True)
    with on_network(Port(device)) as printer:
        shop.counter.close()
        set_printer(shop.folder, f"tcp:{printer.host}:{printer.port}")
        shop.reopen()

        assert "its cover is open" in unwell(shop)["printer"]
    device.put_paper_in()
    assert not device.sheets
    assert not device.torn


def test_readers_are_looked_at_behind_everything_else(shop: Shop) -> None:
    service = FakeScard()
    service.plug("SONY FeliCa RC-S300/S 00 00")

    checks = examine(shop.folder, lambda _: shop.hub, functions=lambda: service, pc=Pc)

    assert [c.check for c in checks][-4:] == [
        "reader-support", "reader-service", "reader", "card-on-reader",
    ]  # fmt: skip
    assert checks[-1].level is Level.NOTE
    service.kill()
    checks = examine(shop.folder, lambda _: shop.hub, functions=lambda: service, pc=Pc)
    assert (checks[-1].check, checks[-1].level) == ("reader-service", Level.NOTE)  # of a demo
