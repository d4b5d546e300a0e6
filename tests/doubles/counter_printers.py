"""What a made-up counter answers to whoever sets up its printer."""

from typing import Protocol

from node.outcome import Refused
from node.printerchoice import FoundPrinter, PrinterChoice, Trial


class _Counter(Protocol):
    """What :class:`tests.doubles.counter.FakeCounter` has for this."""

    printers: tuple[FoundPrinter, ...]
    trials: list[Trial]
    tried: list[PrinterChoice]
    kept: list[PrinterChoice]

    def _enter(self, question: str) -> None: ...


class SetsUpPrinters:
    """Prints every test sheet unless a test says otherwise, and remembers what was kept."""

    __slots__ = ()

    def printers_found(self: _Counter) -> tuple[FoundPrinter, ...]:
        """What the test has plugged in."""
        self._enter("printers_found")
        return self.printers

    def try_printer(self: _Counter, choice: PrinterChoice) -> Trial | Refused:
        """The next trial."""
        self._enter("try_printer")
        self.tried.append(choice)
        return self.trials.pop(0) if self.trials else Trial(outcome="printed")

    def set_printer(self: _Counter, choice: PrinterChoice) -> Refused | None:
        """Kept, unless nobody could print with it."""
        self._enter("set_printer")
        if choice.destination.startswith("tcp:nobody"):
            return Refused(reason="no-such-printer", detail="")
        self.kept.append(choice)
        return None
