"""The program is killed while it prints: what it does not know afterwards, it says."""

import signal
import subprocess
import sys

import pytest

from node.looking import set_printer
from sync.values import Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import NOON, Shop, pin
from tests.node.papercrash import POINTS
from tests.printer.mechanism import Mechanism, Port, on_network

IN_DOUBT = {"after-sent", "half-way", "before-done", "before-confirmed"}
ON_PAPER = {"before-done", "before-confirmed", "after-confirmed"}
"""Where the first sheet came out all the same."""


@pytest.mark.processes
@pytest.mark.parametrize("point", POINTS)
def test_a_sheet_is_in_doubt_exactly_where_nobody_can_know(shop: Shop, point: str) -> None:
    port = Port(Mechanism())
    printed = port.mechanism.sheets
    with on_network(port) as at:
        shop.counter.close()
        set_printer(shop.folder, f"tcp:{at.host}:{at.port}")
        shop.reopen()
        for points in (300, 500):
            shop.counter.spend(shop.card, KAWASAKI, Points(points), pin())
        shop.counter.close()

        died = subprocess.run(
            [sys.executable, "-m", "tests.node.papercrash", shop.folder, str(NOON), point],
            check=False,
            capture_output=True,
        )
        assert died.returncode == -signal.SIGKILL, died.stderr.decode()

        shop.reopen()
        first = shop.counter.sheets()[-1]  # the newest comes first, what is in doubt before all
        doubt = shop.counter.status().printer.unsure
        assert doubt == (1 if point in IN_DOUBT else 0)
        shop.counter.print_waiting()
        assert len(printed) == 1 + (point in ON_PAPER) + (point == "before-sent")
        assert len(set(printed)) == len(printed)  # none twice

        if point in IN_DOUBT:
            (first,) = (sheet for sheet in shop.counter.sheets() if sheet.state == "sent")
            tell = shop.counter.came_out if point in ON_PAPER else shop.counter.reprint
            assert tell(first.job) is None
            shop.counter.print_waiting()

    assert len(printed) == len(set(printed)) == 2
    assert {sheet.state for sheet in shop.counter.sheets()} == {"confirmed"}
