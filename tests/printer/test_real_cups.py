"""The system's own CUPS between us and the played printer."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from printer import cups
from printer.destinations import ToCups
from printer.device import ReceiptPrinter
from printer.errors import MayHavePrinted, NotPrinted, Trouble
from printer.profiles import UNKNOWN
from printer.sheet import sheet
from tests.printer import samples
from tests.printer.cupsd import Cupsd, lack
from tests.printer.mechanism import Mechanism, Port, on_network

pytestmark = [pytest.mark.printers, pytest.mark.processes]
SLIP = samples.slip()
SHOP = ReceiptPrinter(destination=ToCups("shop"), width=384)


@pytest.fixture
def cupsd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cupsd]:
    missing = lack()
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    # Not under pytest's own folder, which only its owner may enter.
    with TemporaryDirectory(prefix="cups-") as folder:
        server = Cupsd(Path(folder))
        monkeypatch.setenv("CUPS_SERVER", server.address)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def test_a_sheet_goes_through_a_queue_and_comes_out_as_it_was_sent(cupsd: Cupsd) -> None:
    port = Port(Mechanism())
    with on_network(port) as at:
        cupsd.add_raw("shop", at.port)
        assert cups.queues() == ("shop",)

        SHOP.check()
        SHOP.print(SLIP)

    assert port.mechanism.sheets == [b"".join(sheet(SLIP, 384, UNKNOWN))]


def test_a_queue_that_was_stopped_is_told_and_gets_nothing(cupsd: Cupsd) -> None:
    port = Port(Mechanism())
    with on_network(port) as at:
        cupsd.add_raw("shop", at.port)
        cupsd.run("cupsdisable", "shop")

        with pytest.raises(NotPrinted) as stopped:
            SHOP.print(SLIP)
        cupsd.run("cupsenable", "shop")
        SHOP.print(SLIP)

    assert stopped.value.trouble is Trouble.QUEUE_STOPPED
    assert len(port.mechanism.sheets) == 1


def test_a_job_that_never_arrives_is_taken_back_and_does_not_come_out_later(cupsd: Cupsd) -> None:
    port = Port(Mechanism())
    with on_network(port) as at:
        pass  # the printer is switched off
    cupsd.add_raw("shop", at.port)

    with pytest.raises(MayHavePrinted) as told:
        cups.submit(ToCups("shop"), b"x" * 10_000, patience=2)

    assert told.value.trouble is Trouble.UNCONFIRMED
    assert cups._look("-W", "not-completed", "-o", "shop") == ""


def test_a_queue_that_is_not_there_is_told(cupsd: Cupsd) -> None:
    assert cupsd.port
    with pytest.raises(NotPrinted) as told:
        SHOP.print(SLIP)
    assert told.value.trouble is Trouble.UNREACHABLE
