"""A person sets up the printer: choose, try, look, keep."""

from pathlib import Path

import pytest

from node.printerchoice import FoundPrinter, PrinterChoice, Trial
from tests.doubles.counter import shop
from tests.tui.conftest import Staged
from tui.screens.printer import Printer
from tui.screens.printersetup import PrinterSetUp

USB = FoundPrinter(destination="usb:04b8:0e28", shown="EPSON TM-m30")
QUEUE = FoundPrinter(destination="cups:office", shown="office")


async def test_a_printer_that_is_plugged_in_is_kept_after_a_look_at_its_test_sheet(
    stage: Staged,
) -> None:
    async with stage(shop(printers=(USB,))) as at:
        await at.press("f10", "f12")
        assert "EPSON TM-m30" in at.text
        await at.press("enter", "6", "1")  # TM-m30, no drawer
        assert at.counter.tried == [
            PrinterChoice(destination=USB.destination, profile="epson-tm-m30")
        ]
        assert "both edge marks" in at.answer
        assert not at.counter.kept

        await at.press("1")

        assert at.light == "good"
        assert at.counter.kept == at.counter.tried
        await at.press("escape")
        await at.press("escape")
        assert isinstance(at.app.screen, Printer)


async def test_a_network_printer_is_typed_and_gets_the_usual_port(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f10", "f12", "1", *"192.168.1.50", "enter", "4", "2", "1")
        assert at.counter.kept == [
            PrinterChoice(destination="tcp:192.168.1.50:9100", profile="epson-tm-t88", drawer=True)
        ]


async def test_words_that_are_no_address_are_asked_for_again(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f10", "f12", "1", *"shop:printer", "enter")
        assert "no address" in at.answer
        assert "192.168.1.50" in at.text


@pytest.mark.parametrize(
    ("row", "destination", "profile"),
    [("1", "cups:office,a6", "unknown"), ("3", "cups:office", "unknown")],
)
async def test_a_print_queue_is_one_of_pages_or_of_receipts(
    stage: Staged, row: str, destination: str, profile: str
) -> None:
    async with stage(shop(printers=(QUEUE,))) as at:
        await at.press("f10", "f12", "1", row, "1")
        assert at.counter.kept == [PrinterChoice(destination=destination, profile=profile)]


async def test_pdf_files_go_to_a_folder_of_the_person_s_documents_unless_told_otherwise(
    stage: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_documents_path", lambda: Path("/home/hana/書類"))
    async with stage() as at:
        await at.press("f10", "f12", "2", "enter", "1", "1")
        assert at.counter.kept == [PrinterChoice(destination="pdf:/home/hana/書類/machikado,a6")]


async def test_pdf_files_need_a_folder_and_a_size(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f10", "f12", "2", *"/srv/papers", "enter", "2", "1")
        assert at.counter.kept == [PrinterChoice(destination="pdf:/srv/papers,a4")]


async def test_no_printer_is_an_answer_too(stage: Staged) -> None:
    async with stage() as at:
        await at.press("f10", "f12", "3")
        assert at.counter.kept == [PrinterChoice(destination="none")]


async def test_a_test_sheet_that_did_not_come_is_said_and_tried_again(stage: Staged) -> None:
    trials = [Trial(outcome="not-printed", trouble="cover-open"), Trial(outcome="printed")]
    async with stage(shop(printers=(USB,), trials=trials)) as at:
        await at.press("f10", "f12", "1", "1")
        assert at.light == "look"
        assert "Close the printer's cover." in at.answer
        await at.press("2")
        assert len(at.counter.tried) == 2
        assert "both edge marks" in at.answer


async def test_a_sheet_with_the_wrong_width_leads_back_to_the_choice(stage: Staged) -> None:
    async with stage(shop(printers=(USB,))) as at:
        await at.press("f10", "f12", "1", "1", "3")
        assert "Which printer?" in at.text
        assert not at.counter.kept


async def test_escape_goes_back_to_the_first_question_and_then_out(stage: Staged) -> None:
    async with stage(shop(printers=(USB,))) as at:
        await at.press("f10", "f12", "1", "5", "escape")
        assert isinstance(at.app.screen, PrinterSetUp)
        assert "Which printer?" in at.text
        await at.press("escape")
        assert isinstance(at.app.screen, Printer)
        assert not at.counter.asked.count("set_printer")


async def test_a_scan_keeps_nothing(stage: Staged) -> None:
    async with stage(shop(printers=(USB,))) as at:
        await at.press("f10", "f12", "1", "1", *"QR", "enter")
        assert not at.counter.kept
