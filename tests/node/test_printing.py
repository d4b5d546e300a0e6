"""Paper and two hands: the counter prints after a sale while the schedule's round does too."""

import threading
from pathlib import Path

import pytest

from node.looking import set_printer
from printer.escpos import ReceiptPrinter
from sync.values import Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin


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
