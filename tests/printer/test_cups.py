"""A print queue of this PC, by CUPS's own programs: here by scripts that answer as they do."""

import stat
from pathlib import Path

import pytest

from printer import cups
from printer.destinations import ToCups
from printer.device import ReceiptPrinter
from printer.errors import MayHavePrinted, NotPrinted, Trouble
from printer.profiles import UNKNOWN
from printer.sheet import sheet
from tests.printer import samples

JOB = "shop-12"
WAITS = f"{JOB}  root  1024  Sat Nov 21 23:29:02 2026\n\tAlerts: none\n\tqueued for shop\n"
PRINTS = WAITS.replace("Alerts: none", "Status: Sending data.\n\tAlerts: job-printing")
DONE = WAITS.replace("Alerts: none", "Status: \n\tAlerts: processing-to-stop-point")
DONE_NEWER = WAITS.replace(
    "Alerts: none", "Status: All sent.\n\tAlerts: job-completed-successfully"
)
CANCELLED = WAITS.replace("Alerts: none", "Status: Sending.\n\tAlerts: job-canceled-by-user")
CANCELLED_WAITING = WAITS.replace("Alerts: none", "Alerts: processing-to-stop-point")
OTHERS = DONE.replace(JOB, "shop-1") + DONE.replace(JOB, "shop-123")


@pytest.mark.parametrize(
    ("listed", "ended", "fate"),
    [
        (WAITS, OTHERS, "waits"),
        (PRINTS, "", "prints"),
        ("", OTHERS + DONE, "done"),
        ("", DONE_NEWER, "done"),
        ("", CANCELLED, "gone"),
        ("", CANCELLED_WAITING, "gone"),
        ("", OTHERS, "prints"),  # in neither list for a moment
        ("", "", "prints"),
    ],
)
def test_what_became_of_a_job_is_read_from_lpstats_lists(
    listed: str, ended: str, fate: str
) -> None:
    assert cups.fate(listed, ended, JOB) == fate


class Programs:
    """``lp``, ``lpstat`` and ``cancel`` in a folder of their own, first in PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken = folder / "taken"
        self.asked = folder / "asked"
        self.script("lp", f'cat > "{self.taken}"; echo "request id is {JOB} (1 file(s))"')
        self.script("cancel", "exit 0")
        self.lists(listed="", ended=DONE)

    def script(self, name: str, body: str) -> None:
        file = self.folder / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.asked}"\n{body}\n', "utf-8")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def lists(self, *, listed: str, ended: str, state: str = "is idle.  enabled since") -> None:
        (self.folder / "listed").write_text(listed, "utf-8")
        (self.folder / "ended").write_text(ended, "utf-8")
        self.script(
            "lpstat",
            f'case "$*" in\n  *not-completed*) cat "{self.folder}/listed" ;;\n'
            f'  *completed*) cat "{self.folder}/ended" ;;\n  -e) echo shop; echo office ;;\n'
            f'  "-p shop") echo "printer shop {state} Sat Nov 21" ;;\n'
            '  *) echo "lpstat: Invalid destination name" >&2; exit 1 ;;\nesac',
        )


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(cups, "_LOOK_EVERY", 0.01)
    return Programs(tmp_path)


def test_receipt_bytes_go_through_a_queue_as_they_are(programs: Programs) -> None:
    to_queue = ReceiptPrinter(destination=ToCups("shop"), width=384)

    to_queue.check()
    to_queue.print(samples.slip())

    assert programs.taken.read_bytes() == b"".join(sheet(samples.slip(), 384, UNKNOWN))
    assert "lp -d shop -o raw -t machikado" in programs.asked.read_text()


def test_a_printer_of_pages_gets_a_pdf_of_its_size(programs: Programs) -> None:
    ReceiptPrinter(destination=ToCups("shop", "a6"), width=576).print(samples.ticket())

    assert programs.taken.read_bytes().startswith(b"%PDF-")
    assert "-o media=A6" in programs.asked.read_text()


def test_the_queues_of_this_pc_are_listed(programs: Programs) -> None:
    assert programs.folder
    assert cups.queues() == ("office", "shop")


def test_a_pc_without_cups_says_so_and_lists_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert cups.queues() == ()
    with pytest.raises(NotPrinted) as told:
        cups.submit(ToCups("shop"), b"x")
    assert told.value.trouble is Trouble.NO_DRIVER


def test_a_queue_that_is_not_there_or_has_stopped_gets_no_job(programs: Programs) -> None:
    with pytest.raises(NotPrinted) as missing:
        cups.submit(ToCups("elsewhere"), b"x")
    programs.lists(listed="", ended="", state="disabled since")
    with pytest.raises(NotPrinted, match="cupsenable shop") as stopped:
        cups.submit(ToCups("shop"), b"x")

    assert missing.value.trouble is Trouble.UNREACHABLE
    assert stopped.value.trouble is Trouble.QUEUE_STOPPED
    assert not programs.taken.exists()


def test_a_job_that_somebody_cancelled_is_in_doubt(programs: Programs) -> None:
    programs.lists(listed="", ended=CANCELLED)

    with pytest.raises(MayHavePrinted) as told:
        cups.submit(ToCups("shop"), b"x")
    assert told.value.trouble is Trouble.UNCONFIRMED


@pytest.mark.parametrize(
    ("listed", "error"), [(WAITS, NotPrinted), (PRINTS, MayHavePrinted), ("", MayHavePrinted)]
)
def test_a_job_that_takes_too_long_is_taken_back_so_that_it_never_comes_by_itself(
    programs: Programs, listed: str, error: type[Exception]
) -> None:
    programs.lists(listed=listed, ended="")

    with pytest.raises(error):
        cups.submit(ToCups("shop"), b"x", patience=0.1)

    assert f"cancel {JOB}" in programs.asked.read_text()


def test_a_job_that_cannot_be_taken_back_is_in_doubt(programs: Programs) -> None:
    programs.lists(listed=WAITS, ended="")
    programs.script("cancel", "exit 1")

    with pytest.raises(MayHavePrinted):
        cups.submit(ToCups("shop"), b"x", patience=0.05)


def test_a_job_whose_cancelling_hangs_is_in_doubt_and_not_printed_a_second_time(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cups, "_COMMAND", 0.5)
    programs.lists(listed=WAITS, ended="")
    programs.script("cancel", "exec sleep 5")

    with pytest.raises(MayHavePrinted, match="may still come out"):
        cups.submit(ToCups("shop"), b"x", patience=0.05)


def test_a_job_that_was_taken_under_no_number_is_in_doubt(programs: Programs) -> None:
    programs.script("lp", f'cat > "{programs.taken}"')

    with pytest.raises(MayHavePrinted):
        cups.submit(ToCups("shop"), b"x")
    assert programs.taken.read_bytes() == b"x"


def test_cups_that_hangs_while_it_takes_a_job_leaves_a_doubt(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cups, "_COMMAND", 0.5)
    programs.script("lp", "exec sleep 5")

    with pytest.raises(MayHavePrinted):
        cups.submit(ToCups("shop"), b"x")


def test_a_queue_that_takes_nothing_says_why(programs: Programs) -> None:
    programs.script("lp", 'echo "lp: Error - not accepting jobs." >&2; exit 1')

    with pytest.raises(NotPrinted, match="not accepting jobs"):
        cups.submit(ToCups("shop"), b"x")
