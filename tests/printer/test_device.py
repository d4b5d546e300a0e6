"""One document and one printer, on the network: printed, not printed, or in doubt."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from printer import escpos, files
from printer.destinations import Nowhere, ToFile, ToNetwork
from printer.device import ReceiptPrinter
from printer.errors import MayHavePrinted, NotPrinted, Trouble
from printer.profiles import UNKNOWN, Profile, profile_of
from printer.sheet import sheet
from tests.printer import samples
from tests.printer.escpos_reader import read_sheets
from tests.printer.mechanism import Mechanism, Port, on_network

PATIENCE = 10.0
"""Seconds: whoever answers does it sooner, on any machine."""
SOON = 1.0
"""Of a printer that answers one thing and not the next: each silence is waited for."""

T20 = profile_of("epson-tm-t20")
SLIP = samples.slip()
TICKET = samples.ticket()


def printer(
    at: ToNetwork, profile: Profile = UNKNOWN, *, timeout: float = PATIENCE
) -> ReceiptPrinter:
    return ReceiptPrinter(destination=at, width=576, profile=profile, timeout=timeout)


def test_a_file_grows_sheet_by_sheet(tmp_path: Path) -> None:
    paper = tmp_path / "paper.bin"
    to_file = ReceiptPrinter(destination=ToFile(paper), width=384)

    to_file.print(samples.slip())
    to_file.print(samples.z_report())

    assert len(read_sheets(paper.read_bytes())) == 2


def test_a_file_that_cannot_be_opened_is_told_and_nothing_was_printed(tmp_path: Path) -> None:
    to_file = ReceiptPrinter(destination=ToFile(tmp_path / "no" / "paper.bin"), width=384)

    with pytest.raises(NotPrinted, match="cannot be opened") as told:
        to_file.print(samples.slip())
    assert told.value.trouble is Trouble.UNREACHABLE


def test_an_unplugged_device_is_missed_and_not_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_DEVICES", tmp_path)
    device = tmp_path / "usb-lp0"

    to_device = ReceiptPrinter(destination=ToFile(device), width=384)
    with pytest.raises(NotPrinted, match="not there"):
        to_device.check()
    with pytest.raises(NotPrinted, match="cannot be opened"):
        to_device.print(samples.slip())
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


def test_a_files_name_that_no_disk_takes_is_told_and_nothing_was_printed(tmp_path: Path) -> None:
    to_file = ReceiptPrinter(destination=ToFile(tmp_path / ("paper" * 100)), width=384)

    for ask in (to_file.check, lambda: to_file.print(samples.slip())):
        with pytest.raises(NotPrinted) as told:
            ask()
        assert told.value.trouble is Trouble.UNREACHABLE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_a_pipe_that_nobody_reads_keeps_no_other_paper_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "to-the-printer"
    os.mkfifo(pipe)
    into = ReceiptPrinter(destination=ToFile(pipe), width=384)

    with pytest.raises(NotPrinted) as told:
        into.print(samples.slip())
    assert told.value.trouble is Trouble.UNREACHABLE

    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    into.print(samples.slip())
    assert len(read_sheets(os.read(reader, 1_000_000))) == 1
    os.close(reader)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_device_that_takes_no_more_leaves_a_doubt() -> None:
    with pytest.raises(MayHavePrinted) as told:
        ReceiptPrinter(destination=ToFile(Path("/dev/full")), width=384).print(samples.slip())
    assert told.value.trouble is Trouble.CUT_OFF


def test_no_printer_is_a_reason_to_wait() -> None:
    nowhere = ReceiptPrinter(destination=Nowhere(), width=384)
    for ask in (nowhere.check, lambda: nowhere.print(samples.slip())):
        with pytest.raises(NotPrinted) as told:
            ask()
        assert told.value.trouble is Trouble.NO_PRINTER


@pytest.mark.parametrize("profile", [UNKNOWN, T20])
def test_a_network_printer_is_asked_before_and_after(profile: Profile) -> None:
    port = Port(Mechanism())

    with on_network(port) as at:
        assert printer(at, profile).print(TICKET) is None

    assert port.mechanism.sheets == [b"".join(sheet(TICKET, 576, profile))]


def test_checking_prints_nothing() -> None:
    port = Port(Mechanism(near_end=True))

    with on_network(port) as at:
        assert printer(at).check() is Trouble.NEAR_END

    assert not port.mechanism.sheets
    assert not port.mechanism.torn


@pytest.mark.parametrize(
    ("state", "trouble"),
    [
        (Mechanism(cover_open=True), Trouble.COVER_OPEN),
        (Mechanism(paper=0), Trouble.PAPER_OUT),
        (Mechanism(cutter_stuck=True), Trouble.CUTTER_STUCK),
        (Mechanism(too_hot=True), Trouble.OVERHEATED),
        (Mechanism(broken=True), Trouble.DEVICE_ERROR),
        (Mechanism(offline=True), Trouble.OFFLINE),
        (Mechanism(answers=False), Trouble.SILENT),
    ],
)
def test_a_printer_that_is_not_ready_gets_no_dot(state: Mechanism, trouble: Trouble) -> None:
    with on_network(Port(state)) as at:
        timeout = PATIENCE if state.answers else SOON
        asked = printer(at, timeout=timeout)
        for ask in (asked.check, lambda: asked.print(SLIP)):
            with pytest.raises(NotPrinted) as told:
                ask()
            assert told.value.trouble is trouble

    state.put_paper_in()
    assert not state.sheets
    assert not state.torn


def test_a_roll_that_is_nearly_used_up_is_a_warning_and_the_sheet_is_printed() -> None:
    port = Port(Mechanism(near_end=True))

    with on_network(port) as at:
        assert printer(at).print(SLIP) is Trouble.NEAR_END

    assert len(port.mechanism.sheets) == 1


def test_a_printer_that_knows_few_questions_prints_all_the_same() -> None:
    port = Port(Mechanism(only_ready=True))

    with on_network(port) as at:
        assert printer(at).print(SLIP) is None

    assert len(port.mechanism.sheets) == 1


def test_reports_that_a_printer_sends_unasked_are_no_answer() -> None:
    with (
        on_network(Port(Mechanism(reports=b"\x80\x00\x03", cover_open=True))) as at,
        pytest.raises(NotPrinted) as told,
    ):
        printer(at).print(SLIP)
    assert told.value.trouble is Trouble.COVER_OPEN


@pytest.mark.parametrize(
    ("happens", "trouble"),
    [
        (lambda port: setattr(port.mechanism, "paper", 2), Trouble.PAPER_OUT),
        (lambda port: setattr(port, "hang_up_after", 30_000), Trouble.CUT_OFF),
    ],
)
@pytest.mark.parametrize("profile", [UNKNOWN, T20])
def test_a_sheet_that_was_begun_and_not_finished_is_in_doubt(
    happens: Callable[[Port], None], trouble: Trouble, profile: Profile
) -> None:
    port = Port(Mechanism())
    happens(port)

    with on_network(port) as at, pytest.raises(MayHavePrinted) as told:
        printer(at, profile).print(TICKET)

    assert told.value.trouble is trouble
    assert not port.mechanism.sheets


def test_done_is_about_this_job_where_the_printer_can_say_so() -> None:
    port = Port(Mechanism(mixes_up=True))

    with on_network(port) as at, pytest.raises(MayHavePrinted) as told:
        printer(at, T20, timeout=SOON).print(SLIP)
    assert told.value.trouble is Trouble.UNCONFIRMED


def test_a_printer_that_never_confirms_leaves_a_doubt() -> None:
    port = Port(Mechanism(knows_jobs=False))

    with on_network(port) as at, pytest.raises(MayHavePrinted) as told:
        printer(at, T20, timeout=SOON).print(SLIP)
    assert told.value.trouble is Trouble.UNCONFIRMED


def test_a_printer_that_says_done_while_it_stands_still_is_not_believed() -> None:
    port = Port(Mechanism(lies=True, paper=5))  # it stops within the last piece

    with on_network(port) as at, pytest.raises(MayHavePrinted) as told:
        printer(at, replace(T20, answers="status")).print(SLIP)

    assert told.value.trouble is Trouble.PAPER_OUT


def test_a_printer_that_may_still_wait_for_the_rest_of_a_picture_gets_no_sheet() -> None:
    drawn = replace(T20, kanji=False, qr=False)
    port = Port(Mechanism(clears=False), hang_up_after=15_000)

    with on_network(port) as at:
        with pytest.raises(NotPrinted) as told:
            printer(at, drawn, timeout=SOON).print(SLIP)
        assert told.value.trouble is Trouble.SILENT
        assert "switch it off and on" in str(told.value)
    assert not port.mechanism.torn


def test_a_picture_that_broke_off_does_not_swallow_the_next_sheet() -> None:
    drawn = replace(T20, kanji=False, qr=False)
    port = Port(Mechanism(), hang_up_after=15_000)

    with on_network(port) as at:
        with pytest.raises(MayHavePrinted):
            printer(at, drawn).print(TICKET)
        assert printer(at, drawn).check() is None  # asking clears nothing
        assert not port.mechanism.torn
        printer(at, drawn).print(SLIP)

    assert port.mechanism.sheets == [b"".join(sheet(SLIP, 576, drawn))]
    assert len(port.mechanism.torn) == 1


def test_a_picture_that_lost_bytes_on_the_way_swallows_the_question_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(escpos, "BAND", 1_024)  # the whole slip is one picture
    port = Port(Mechanism(loses=100))

    with on_network(port) as at, pytest.raises(MayHavePrinted) as told:
        printer(at, replace(T20, kanji=False, qr=False), timeout=SOON).print(SLIP)

    assert told.value.trouble is Trouble.UNCONFIRMED
    assert not port.mechanism.sheets


def test_a_mute_printer_is_believed_when_it_took_everything() -> None:
    port = Port(Mechanism(answers=False))

    with on_network(port, mute=True) as at:
        printer(at).check()
        printer(at).print(SLIP)

    assert len(port.mechanism.sheets) == 1


def test_a_printer_that_takes_nothing_is_given_up_after_a_while() -> None:
    with on_network(Port(Mechanism(), deaf=True)) as at, pytest.raises(NotPrinted) as told:
        printer(at, timeout=SOON).print(SLIP)
    assert told.value.trouble is Trouble.SILENT


@pytest.mark.parametrize("profile", [UNKNOWN, T20])
@pytest.mark.parametrize("drip", [b"\x80", b"\x80" * 64], ids=["drip", "flood"])
def test_a_printer_that_talks_nonsense_for_ever_is_listened_to_no_longer_than_a_silent_one(
    profile: Profile, drip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Babbler(drip)
    monkeypatch.setattr("printer.device.connect", lambda *_: line)
    monkeypatch.setattr("printer.status.time", line)

    with pytest.raises(NotPrinted) as told:
        printer(ToNetwork("babbler", 9100), profile, timeout=SOON).print(SLIP)

    assert told.value.trouble is Trouble.SILENT
    assert line.now <= SOON


class Babbler:
    """A connection that never stops, and the clock that goes on while it talks."""

    name, speed = "babbler", 10_000

    def __init__(self, drip: bytes) -> None:
        self.drip = drip
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def send(self, data: bytes, wait: float) -> None:
        """Take everything."""

    def receive(self, wait: float) -> bytes:
        self.now += min(wait, 0.05)
        return self.drip

    def close(self) -> None:
        """Go on talking to nobody."""


@pytest.mark.parametrize("host", ["192.168.1..50", "x" * 64])
def test_an_address_that_cannot_be_one_is_told_as_one_that_is_not_there(host: str) -> None:
    with pytest.raises(NotPrinted) as told:
        printer(ToNetwork(host, 9100)).print(SLIP)
    assert told.value.trouble is Trouble.UNREACHABLE


def test_a_printer_that_is_switched_off_is_told_with_its_address() -> None:
    with on_network(Port(Mechanism())) as at:
        pass

    with pytest.raises(NotPrinted, match=f"127.0.0.1:{at.port}") as told:
        printer(at).print(SLIP)
    assert told.value.trouble is Trouble.UNREACHABLE


def test_a_counter_without_paper_loads_no_drawing_library() -> None:
    program = (
        "import sys, printer.device, printer.spool, printer.words\n"
        "heavy = {'PIL', 'qrcode', 'escpos', 'usb', 'serial'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or None)"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)

    assert run.returncode == 0, run.stderr
