"""Paper and two hands: the counter prints after a sale while the schedule's round does too."""

import threading
from pathlib import Path

import msgspec
import pytest

from node.identity import keep_settings, settings_of
from node.looking import set_printer
from node.outcome import Sheet
from printer.device import ReceiptPrinter
from printer.errors import MayHavePrinted, Trouble
from sync.values import Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin
from tests.printer.escpos_reader import read_sheets


def test_two_hands_at_the_printer_make_one_sheet_a_sale(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.counter.close()
    set_printer(shop.folder, f"file:{tmp_path / 'paper'}")
    shop.reopen()
    for points in (300, 500):
        shop.counter.spend(shop.card, KAWASAKI, Points(points), pin())
    at_the_printer, go_on = threading.Event(), threading.Event()
    sheets = []

    def slowly(_printer: ReceiptPrinter, document: object) -> None:
        sheets.append(document)
        at_the_printer.set()
        go_on.wait(10)

    monkeypatch.setattr(ReceiptPrinter, "print", slowly)
    hands = [threading.Thread(target=shop.counter.print_waiting) for _ in range(2)]
    hands[0].start()
    assert at_the_printer.wait(10)
    hands[1].start()
    hands[1].join(0.2)  # without a lock it goes ahead now
    go_on.set()
    for hand in hands:
        hand.join(10)

    assert len(sheets) == 2


def _one_in_doubt(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sheet:
    shop.counter.close()
    set_printer(shop.folder, f"file:{tmp_path / 'paper'}")
    shop.reopen()
    shop.counter.spend(shop.card, KAWASAKI, Points(300), pin())

    def cut_off(_printer: ReceiptPrinter, _document: object) -> None:
        raise MayHavePrinted(Trouble.CUT_OFF, "the cable was pulled")

    with monkeypatch.context() as pulled:
        pulled.setattr(ReceiptPrinter, "print", cut_off)
        shop.counter.print_waiting()
    (sheet,) = shop.counter.sheets()
    assert (sheet.what, sheet.state, sheet.trouble) == ("spend", "sent", "cut-off")
    return sheet


def test_a_sheet_in_doubt_that_came_out_is_done(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = _one_in_doubt(shop, monkeypatch, tmp_path)
    assert shop.counter.came_out(sheet.job) is None
    assert shop.counter.status().printer.unsure == 0
    shop.counter.print_waiting()
    assert not (tmp_path / "paper").exists()


def test_a_sheet_in_doubt_that_did_not_come_out_is_printed(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = _one_in_doubt(shop, monkeypatch, tmp_path)
    assert shop.counter.reprint(sheet.job) is None
    shop.counter.print_waiting()
    assert (tmp_path / "paper").stat().st_size > 0
    assert shop.counter.sheets()[0].state == "confirmed"


def test_a_sheet_that_nobody_printed_is_no_answer(shop: Shop) -> None:
    for said in (shop.counter.came_out(99), shop.counter.reprint(99)):
        assert said is not None
        assert said.reason == "no-such-job"


def test_a_slip_that_waited_for_paper_does_not_open_the_drawer_behind_peoples_backs(
    shop: Shop, tmp_path: Path
) -> None:
    paper = tmp_path / "drawer.bin"
    store = shop.counter.parts.store
    printer = {"printer": f"file:{paper}", "profile": "epson-tm-t20", "drawer": True}
    keep_settings(store, msgspec.structs.replace(settings_of(store), **printer))
    shop.counter.spend(shop.card, KAWASAKI, Points(100), pin())
    shop.counter.print_waiting()
    shop.counter.spend(shop.card, KAWASAKI, Points(200), pin())
    shop.pass_time(minutes=3)

    shop.counter.print_waiting()

    assert [sheet.kicks for sheet in read_sheets(paper.read_bytes())] == [1, 0]
