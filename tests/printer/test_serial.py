"""A printer at a serial port: a real one of the system, with a played printer at its other end."""

import os
import pty
import select
import sys
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from printer.destinations import ToSerial
from printer.device import ReceiptPrinter
from printer.errors import MayHavePrinted, NotPrinted, Trouble
from printer.profiles import profile_of
from printer.sheet import sheet
from tests.printer import samples
from tests.printer.mechanism import Mechanism

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are POSIX's")
T20 = profile_of("epson-tm-t20")
SLIP = samples.slip()


@contextmanager
def plugged_in(mechanism: Mechanism) -> Iterator[ToSerial]:
    """The printer at one end of a pseudo terminal, and the other end's name."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            if select.select([ours], [], [], 0.05)[0]:
                with suppress(OSError):
                    answer = mechanism.feed(os.read(ours, 4096))
                    if answer:
                        os.write(ours, answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield ToSerial(os.ttyname(theirs), 115200)
    finally:
        ended.set()
        thread.join(10)
        os.close(theirs)
        os.close(ours)


def printer(to: ToSerial) -> ReceiptPrinter:
    return ReceiptPrinter(destination=to, width=576, profile=T20, timeout=0.3)


def test_a_serial_printer_is_asked_before_and_after() -> None:
    mechanism = Mechanism(near_end=True)

    with plugged_in(mechanism) as at:
        assert printer(at).check() is Trouble.NEAR_END
        assert printer(at).print(SLIP) is Trouble.NEAR_END

    assert mechanism.sheets == [b"".join(sheet(SLIP, 576, T20))]


def test_a_serial_printer_without_paper_gets_no_dot() -> None:
    with plugged_in(Mechanism(paper=0)) as at, pytest.raises(NotPrinted) as told:
        printer(at).print(SLIP)
    assert told.value.trouble is Trouble.PAPER_OUT


def test_a_cable_to_nowhere_is_silent_and_a_sheet_cut_short_is_in_doubt() -> None:
    with plugged_in(Mechanism(answers=False)) as at, pytest.raises(NotPrinted) as silent:
        printer(at).print(SLIP)
    with plugged_in(Mechanism(paper=3)) as at, pytest.raises(MayHavePrinted) as cut:
        printer(at).print(SLIP)

    assert silent.value.trouble is Trouble.SILENT
    assert cut.value.trouble in (Trouble.PAPER_OUT, Trouble.UNCONFIRMED)


def test_a_port_that_another_program_has_is_busy_and_one_that_is_not_there_is_missed() -> None:
    import serial

    with plugged_in(Mechanism()) as at:
        other = serial.Serial(at.device, 9600, exclusive=True)
        with pytest.raises(NotPrinted) as busy:
            printer(at).print(SLIP)
        other.close()
    with pytest.raises(NotPrinted) as missing:
        printer(ToSerial("/dev/ttyNone9")).print(SLIP)

    assert busy.value.trouble is Trouble.BUSY
    assert missing.value.trouble is Trouble.UNREACHABLE
