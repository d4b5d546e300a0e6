"""Choosing a printer at the shell, trying it out, and a counter that does not wait for it."""

import threading
import time
from pathlib import Path

import pytest

from node import printers
from node.identity import settings_of
from node.looking import set_printer, try_printer
from node.outcome import Approved
from node.printerchoice import FoundPrinter, PrinterChoice
from node.printers import chosen
from node.schedule import Rounds
from printer import cups, serialport, usbport
from printer.usbport import FoundUsb
from sync.errors import Malformed
from sync.values import Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin
from tests.printer.escpos_reader import read_sheets
from tests.printer.mechanism import Mechanism, Port, on_network


def printing_to(shop: Shop, destination: str) -> None:
    shop.counter.close()
    set_printer(shop.folder, destination)
    shop.reopen()


def test_a_profile_brings_its_width_and_what_is_not_named_stays(shop: Shop) -> None:
    shop.counter.close()
    first = set_printer(shop.folder, "usb", profile="generic-58", drawer=True, language="en")
    second = set_printer(shop.folder, "usb:04b8:0e28")
    third = set_printer(shop.folder, profile="epson-tm-t88")
    shop.reopen()

    assert (first.profile, first.width, first.drawer) == ("generic-58", 384, True)
    assert (second.printer, second.width, second.language) == ("usb:04b8:0e28", 384, "en")
    assert (third.printer, third.width, third.drawer) == ("usb:04b8:0e28", 512, True)
    now = shop.counter.status().printer
    assert (now.destination, now.profile, now.width, now.drawer) == (
        "usb:04b8:0e28",
        "epson-tm-t88",
        512,
        True,
    )


@pytest.mark.parametrize(
    "choice",
    [PrinterChoice(destination="lpt:1"), PrinterChoice(destination="usb", profile="laser")],
)
def test_what_nobody_could_print_with_is_not_kept(shop: Shop, choice: PrinterChoice) -> None:
    with pytest.raises(Malformed, match=r"Write none|Known:"):
        chosen(settings_of(shop.counter.parts.store), choice)


def test_a_test_sheet_shows_whose_counter_it_is_and_how_it_prints(
    shop: Shop, tmp_path: Path
) -> None:
    paper = tmp_path / "paper"
    shop.counter.close()
    set_printer(shop.folder, f"file:{paper}", profile="epson-tm-t20", drawer=True)

    trial = try_printer(shop.folder)
    shop.reopen()

    (sheet,) = read_sheets(paper.read_bytes())
    assert (trial.outcome, trial.trouble, sheet.kicks) == ("printed", "", 0)
    said = "\n".join(line.text for line in sheet.lines)
    assert shop.counter.parts.identity.organisation_name in said
    assert "テスト印刷" in said
    assert sheet.codes[0].text.startswith("MACHIKADO TEST")
    assert shop.counter.sheets() == ()  # no record stands behind it


def test_a_folder_for_pdf_files_is_made_when_it_is_named_and_missed_when_it_is_gone(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shop.counter.close()

    set_printer(shop.folder, "pdf:stick/papers,a6")
    monkeypatch.chdir("/")
    made = try_printer(shop.folder)
    (tmp_path / "stick").rename(tmp_path / "pulled out")
    missed = try_printer(shop.folder)
    shop.reopen()

    assert (made.outcome, made.trouble) == ("printed", "")
    assert len([*tmp_path.glob("pulled out/papers/*.pdf")]) == 1
    assert (missed.outcome, missed.trouble) == ("not-printed", "no-folder")
    assert not (tmp_path / "stick").exists()


@pytest.mark.parametrize(
    ("state", "outcome", "trouble"),
    [
        (Mechanism(cover_open=True), "not-printed", "cover-open"),
        (Mechanism(near_end=True), "printed", "near-end"),
        (Mechanism(paper=1), "look", "paper-out"),
    ],
)
def test_a_test_sheet_says_what_became_of_it(
    shop: Shop, state: Mechanism, outcome: str, trouble: str
) -> None:
    with on_network(Port(state)) as at:
        shop.counter.close()
        set_printer(shop.folder, f"tcp:{at.host}:{at.port}")
        trial = try_printer(shop.folder)
        shop.reopen()

    assert (trial.outcome, trial.trouble) == (outcome, trouble)


def test_what_this_pc_has_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usbport, "usb_printers", lambda: (FoundUsb(0x04B8, 0x0E28, "EPSON TM"),))
    monkeypatch.setattr(serialport, "serial_ports", lambda: (("/dev/ttyUSB0", "FT232R"),))
    monkeypatch.setattr(cups, "queues", lambda: ("office",))

    assert printers.found() == (
        FoundPrinter(destination="usb:04b8:0e28", shown="EPSON TM"),
        FoundPrinter(destination="serial:/dev/ttyUSB0", shown="FT232R"),
        FoundPrinter(destination="cups:office", shown="office"),
    )


def test_a_printer_that_hangs_keeps_no_sale_waiting(shop: Shop) -> None:
    port = Port(Mechanism(), deaf=True)
    with on_network(port) as at:
        printing_to(shop, f"tcp:{at.host}:{at.port}")
        shop.counter.spend(shop.card, KAWASAKI, Points(300), pin())
        reached = threading.Event()
        port.before = reached.set
        hand = threading.Thread(target=shop.counter.print_waiting)
        hand.start()
        assert reached.wait(10)

        began = time.perf_counter()
        done = [shop.counter.spend(shop.card, KAWASAKI, Points(1), pin()) for _ in range(5)]
        took = (time.perf_counter() - began) / len(done)

        assert hand.is_alive()  # the printer still hangs
        assert all(isinstance(one, Approved) for one in done)
        assert took < 1.0
        port.ended = True
        hand.join(20)
    assert shop.counter.status().printer.waiting == 6


def test_paper_goes_on_by_itself_when_the_printer_can_again(shop: Shop) -> None:
    port = Port(Mechanism(paper=0))
    with on_network(port) as at:
        printing_to(shop, f"tcp:{at.host}:{at.port}")
        shop.counter.spend(shop.card, KAWASAKI, Points(300), pin())
        rounds = Rounds(shop.counter)
        rounds.paper()
        stopped = shop.counter.status().printer
        port.mechanism.put_paper_in()
        port.mechanism.near_end = True
        rounds.paper()
        after = shop.counter.status().printer

    assert (stopped.waiting, stopped.trouble) == (1, "paper-out")
    assert (after.waiting, after.trouble, after.warning) == (0, "", "near-end")
    assert len(port.mechanism.sheets) == 1


def test_a_warning_goes_away_with_the_next_sheet_that_has_none(shop: Shop) -> None:
    port = Port(Mechanism(near_end=True))
    with on_network(port) as at:
        printing_to(shop, f"tcp:{at.host}:{at.port}")
        for warning in ("near-end", ""):
            shop.counter.spend(shop.card, KAWASAKI, Points(300), pin())
            assert shop.counter.print_waiting().warning == warning
            port.mechanism.near_end = False


def test_one_turn_at_the_printer_does_not_wait_for_another(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds, at_the_printer, go_on = Rounds(shop.counter), threading.Event(), threading.Event()
    turns = []

    def slowly() -> None:
        turns.append(1)
        at_the_printer.set()
        go_on.wait(10)

    monkeypatch.setattr(shop.counter, "print_waiting", slowly)
    hand = threading.Thread(target=rounds.paper)
    hand.start()
    assert at_the_printer.wait(10)
    rounds.paper()  # passes at once
    go_on.set()
    hand.join(10)

    assert turns == [1]
