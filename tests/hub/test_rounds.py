"""The hub's own rounds go on, whatever one of them meets, and the log says no more than it must."""

import logging
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from hub.serve import Rounds
from sync.errors import DiskFull, Unreachable


class Troubled:
    """A hub each of whose rounds meets something, the next one at once, until all is well."""

    def __init__(self, *troubles: Exception) -> None:
        self.judging = SimpleNamespace(beside=self._beside)
        self.well = threading.Event()
        self._troubles = list(troubles)

    def _beside(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        wake()

    def round(self) -> None:
        if self._troubles:
            self._wake()
            raise self._troubles.pop(0)
        self.well.set()


def lines_of(hub: Any, caplog: pytest.LogCaptureFixture) -> list[tuple[str, bool]]:
    """What the log said until a round was well, and whether it showed the way there."""
    rounds = Rounds(hub)
    with caplog.at_level(logging.WARNING):
        rounds.start()
        assert hub.well.wait(10)
        rounds.stop()
    return [(line.getMessage(), line.exc_info is not None) for line in caplog.records]


def test_a_database_that_is_away_is_said_in_a_line_and_a_fault_with_all_that_led_to_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    away, full = Unreachable("the database does not answer"), DiskFull("there is no room")

    said = lines_of(Troubled(away, full, away, ArithmeticError("odd")), caplog)

    assert said == [
        ("a round waits: the database does not answer", False),
        ("a round waits: there is no room", False),
        ("a round waits: the database does not answer", False),
        ("a round stopped", True),
    ]
