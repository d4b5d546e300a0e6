"""Card readers that are made up: a test says what the watch would tell."""

from collections.abc import Callable

from node.card.errors import NoReaderSupport
from node.card.watch import CardGone, CardThere, Event, ReaderThere

SONY, ACS = "Sony RC-S300/P 00 00", "ACS ACR39U 00 00"


class FakeReaders:
    """Tells ``events`` when it is watched, and later what a test makes happen."""

    def __init__(self, *events: Event, supported: bool = True) -> None:
        self._events = events
        self._supported = supported
        self._report: Callable[[Event], None] | None = None
        self.stopped = False

    def watch(self, report: Callable[[Event], None]) -> "FakeReaders":
        """Begin, as :data:`tui.readers.StartWatch`."""
        if not self._supported:
            raise NoReaderSupport
        self._report = report
        self.tell(*self._events)
        return self

    def stop(self) -> None:
        self.stopped = True

    def tell(self, *events: Event) -> None:
        """These happen, one after the other."""
        assert self._report is not None, "nobody watches"
        for event in events:
            self._report(event)

    def put(self, reader: str = SONY, *, silent: bool = False) -> None:
        """A card is put on a reader."""
        self.tell(CardThere(reader, silent))

    def lift(self, reader: str = SONY) -> None:
        """It is taken off."""
        self.tell(CardGone(reader))


def one_reader() -> FakeReaders:
    """A PC with one reader and nothing on it."""
    return FakeReaders(ReaderThere(SONY))
