"""The two doors through which a counter reaches a card, behind one shape for one suite of tests.

    loopback   the card is called directly; everywhere
    pcscd      the card lies on the virtual reader of a real card service

What lies there is anything that can be powered: a software card, or one with a script.
"""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from node.card.apdu import Octets
from node.card.errors import CardRemoved
from node.card.tap import Connection, ReaderAddress, Tap
from node.card.vpcd import PowerOn
from tests.readers.opensc import OpenSC
from tests.readers.service import NAME, Service, laid, until

READER = f"{NAME} 00 00"


@dataclass(frozen=True, slots=True)
class Lying:
    """A card that lies there; ``connect`` powers it and makes it ours alone."""

    connect: Callable[[], Connection]

    def tap(self) -> Tap:
        return Tap(ReaderAddress(), connect=lambda _: self.connect())


Door = Callable[[PowerOn], AbstractContextManager[Lying]]


@contextmanager
def loopback(power_on: PowerOn) -> Generator[Lying]:
    yield Lying(power_on)


@dataclass(frozen=True, slots=True)
class OverPcscd:
    """The door over the real service."""

    service: Service
    opensc: OpenSC

    @contextmanager
    def __call__(self, power_on: PowerOn) -> Generator[Lying]:
        from node.card.pcsc import PcscConnection

        self.wait_until_empty()
        field_of = _Field(power_on)
        try:
            with laid(field_of.power_on, self.service.port):
                until(lambda: self.opensc.sees_a_card(NAME), "the card on the virtual reader")
                yield Lying(lambda: PcscConnection.open(READER))
        finally:
            if field_of.left:  # vpcd is slow to believe in a card after one that left by itself
                self.service.stop()
                self.service.start()
            self.wait_until_empty()

    def wait_until_empty(self) -> None:
        """Wait until the reader is there and the service has seen that no card lies on it.

        It looks every 0.4 s only. A card that takes another one's place in between is not noticed,
        and gets no power.
        """
        until(self._is_empty, "the empty virtual reader")

    def _is_empty(self) -> bool:
        return NAME in self.opensc.readers() and not self.opensc.sees_a_card(NAME)


@dataclass
class _Field:
    """The reader's field; it notices a card that leaves it in the middle of a command."""

    card: PowerOn
    left: bool = field(default=False, init=False)

    def power_on(self) -> Connection:
        return _InField(self, self.card())


@dataclass
class _InField:
    field: _Field
    card: Connection

    def transmit(self, command: Octets) -> bytes:
        try:
            return self.card.transmit(command)
        except CardRemoved:
            self.field.left = True
            raise

    def close(self) -> None:
        self.card.close()
