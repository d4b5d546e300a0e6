"""Dots on their way to a device."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import ImageChops

from printer import files
from printer.destinations import Destination, Nowhere, ToFile, ToNetwork, parse_destination
from printer.device import ReceiptPrinter
from printer.errors import BadDestination, MayHavePrinted, NotPrinted, Trouble
from printer.escpos import BAND, FEED_BEFORE_CUT, to_bytes
from printer.raster import WIDTHS, render
from tests.printer import doubles, samples
from tests.printer.escpos_reader import NotUnderstood, read_sheets


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ("none", Nowhere()),
        ("file:/tmp/paper.bin", ToFile(Path("/tmp/paper.bin"))),  # noqa: S108  never opened
        ("file:C:\\paper.bin", ToFile(Path("C:\\paper.bin"))),
        ("tcp:192.0.2.7:9100", ToNetwork("192.0.2.7", 9100)),
        (" tcp:printer.local:9100,mute ", ToNetwork("printer.local", 9100, mute=True)),
        ("tcp:[2001:db8::7]:9100", ToNetwork("2001:db8::7", 9100)),
    ],
)
def test_a_destination_is_read_as_it_was_written(text: str, destination: Destination) -> None:
    assert parse_destination(text) == destination


@pytest.mark.parametrize(
    "text",
    [
        *("", "usb", "lp0", "none:x", "file:", "tcp:", "tcp:host", "tcp:host:", "tcp::9100"),
        *("tcp:host:0", "tcp:host:65536", "tcp:host:-1", "tcp:host:９１００"),
        "tcp:host:9100,loud",
    ],
)
def test_other_words_are_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(BadDestination, match="tcp:HOST:PORT"):
        parse_destination(text)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_bytes_make_the_picture_on_paper(width: int) -> None:
    picture = render(samples.ticket(), width)
    assert picture.height > BAND  # so that bands meet

    (sheet,) = read_sheets(to_bytes(picture))

    assert sheet.picture.size == picture.size
    assert ImageChops.difference(sheet.picture.convert("L"), picture.convert("L")).getbbox() is None
    assert sheet.fed_lines == FEED_BEFORE_CUT


def test_the_reader_of_these_tests_takes_nothing_on_trust() -> None:
    good = to_bytes(render(samples.slip(), 384))

    for bad in (good[:-1], good[1:], good + b"\n", good.replace(b"\x1dv0", b"\x1dv1", 1)):
        with pytest.raises(NotUnderstood):
            read_sheets(bad)


def test_a_file_grows_sheet_by_sheet(tmp_path: Path) -> None:
    paper = tmp_path / "paper.bin"
    printer = ReceiptPrinter(destination=ToFile(paper), width=384)

    printer.print(samples.slip())
    printer.print(samples.z_report())

    assert len(read_sheets(paper.read_bytes())) == 2


def test_a_file_that_cannot_be_opened_is_told_and_nothing_was_printed(tmp_path: Path) -> None:
    printer = ReceiptPrinter(destination=ToFile(tmp_path / "no" / "paper.bin"), width=384)

    with pytest.raises(NotPrinted, match="cannot be opened") as told:
        printer.print(samples.slip())
    assert told.value.trouble is Trouble.UNREACHABLE


def test_an_unplugged_device_is_missed_and_not_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_DEVICES", tmp_path)
    device = tmp_path / "usb-lp0"

    with pytest.raises(NotPrinted, match="cannot be opened"):
        ReceiptPrinter(destination=ToFile(device), width=384).print(samples.slip())
    assert not device.exists()


def test_a_sheet_in_a_file_survives_a_power_cut_once_it_counts_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[int, int]] = []

    def remember(fd: int) -> None:
        kept = os.fstat(fd)
        synced.append((kept.st_ino, kept.st_size))

    monkeypatch.setattr(os, "fsync", remember)
    paper = tmp_path / "paper.bin"

    ReceiptPrinter(destination=ToFile(paper), width=384).print(samples.slip())

    kept = paper.stat()
    assert synced[0] == (kept.st_ino, kept.st_size)  # the whole sheet
    assert synced[1][0] == tmp_path.stat().st_ino  # and the new file's name


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_device_that_takes_no_more_leaves_a_doubt() -> None:
    with pytest.raises(MayHavePrinted) as told:
        ReceiptPrinter(destination=ToFile(Path("/dev/full")), width=384).print(samples.slip())
    assert told.value.trouble is Trouble.CUT_OFF


def test_no_printer_is_a_reason_to_wait() -> None:
    with pytest.raises(NotPrinted) as told:
        ReceiptPrinter(destination=Nowhere(), width=384).print(samples.slip())
    assert told.value.trouble is Trouble.NO_PRINTER


def test_a_network_printer_is_asked_before_and_after() -> None:
    device = doubles.SocketPrinter()

    with doubles.plugged_in(device) as destination:
        ReceiptPrinter(destination=destination, width=384).print(samples.slip())

    (sheet,) = read_sheets(bytes(device.taken))
    assert sheet.picture.width == 384


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (doubles.COVER_OPEN, Trouble.COVER_OPEN),
        (doubles.PAPER_OUT, Trouble.PAPER_OUT),
        (doubles.JAMMED, Trouble.DEVICE_ERROR),
        (None, Trouble.SILENT),
    ],
)
def test_a_printer_that_is_not_ready_gets_no_dot(answer: bytes | None, trouble: Trouble) -> None:
    device = doubles.SocketPrinter(ready=answer)

    with doubles.plugged_in(device) as destination, pytest.raises(NotPrinted) as told:
        ReceiptPrinter(destination=destination, width=384, timeout=0.2).print(samples.slip())

    assert told.value.trouble is trouble
    assert not device.taken


def test_reports_that_a_printer_sends_unasked_are_no_answer() -> None:
    device = doubles.SocketPrinter(ready=b"\x80\x00\x03" + doubles.COVER_OPEN)

    with doubles.plugged_in(device) as destination, pytest.raises(NotPrinted) as told:
        ReceiptPrinter(destination=destination, width=384).print(samples.slip())

    assert told.value.trouble is Trouble.COVER_OPEN


@pytest.mark.parametrize(
    ("done", "trouble"), [(None, Trouble.UNCONFIRMED), (doubles.ROLL_EMPTY, Trouble.PAPER_OUT)]
)
def test_a_printer_that_does_not_confirm_leaves_a_doubt(
    done: bytes | None, trouble: Trouble
) -> None:
    device = doubles.SocketPrinter(done=done)

    with doubles.plugged_in(device) as destination, pytest.raises(MayHavePrinted) as told:
        ReceiptPrinter(destination=destination, width=384, timeout=0.2).print(samples.slip())

    assert told.value.trouble is trouble


def test_a_printer_cut_off_half_way_leaves_a_doubt() -> None:
    device = doubles.SocketPrinter(hang_up_after=1_000)

    with doubles.plugged_in(device) as destination, pytest.raises(MayHavePrinted):
        ReceiptPrinter(destination=destination, width=576).print(samples.ticket())


def test_a_mute_printer_is_believed_when_it_took_everything() -> None:
    device = doubles.SocketPrinter(ready=None, done=None)

    with doubles.plugged_in(device, mute=True) as destination:
        ReceiptPrinter(destination=destination, width=384, timeout=0.2).print(samples.slip())

    assert len(read_sheets(bytes(device.taken))) == 1


def test_a_printer_that_is_switched_off_is_told_with_its_address() -> None:
    with doubles.plugged_in(doubles.SocketPrinter()) as destination:
        ReceiptPrinter(destination=destination, width=384).print(samples.slip())

    with pytest.raises(NotPrinted, match=f"127.0.0.1:{destination.port}") as told:
        ReceiptPrinter(destination=destination, width=384, timeout=0.5).print(samples.slip())
    assert told.value.trouble is Trouble.UNREACHABLE


def test_a_counter_without_paper_loads_no_drawing_library() -> None:
    program = (
        "import sys, printer.device, printer.spool, printer.words\n"
        "heavy = {'PIL', 'qrcode', 'escpos'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or None)"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)

    assert run.returncode == 0, run.stderr
