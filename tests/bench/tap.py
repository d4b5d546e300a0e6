"""A tap over the PC's real card service, without the card's own time, beside bare round trips.

    figure   connect, exclusively -> application, tries, certificate, PIN, one signature -> no power
    limit    as many commands and answers of the same lengths through SCardTransmit alone, on a card
             that is connected already

A software card lies on the virtual reader. What it takes to be powered and to answer is measured
there and left out on both sides: a card of plastic takes most of a second for the same. Limit and
taps are measured by turns, as pcscd is not the same from second to second.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from node.card.apdu import Octets
from node.card.cardfile import create
from node.card.errors import CardInUse, NoReaderSupport
from node.card.pcsc import PcscConnection, scard
from node.card.softcard import SoftCard
from node.card.tap import Connection, ReaderAddress, Tap
from sync.democa import DemoCa
from tests.bench.figures import (
    Better,
    Figure,
    NotMeasured,
    against,
    median,
    must,
    slowest_of_hundred,
)
from tests.doubles.clocks import at
from tests.readers.opensc import OpenSC
from tests.readers.service import NAME, Service, alone, answers, lacking, laid, until

_NOON = at("2026-11-20 12:00")
_PIN = b"4649"
_FEWEST = 12
"""Commands of a tap; fewer were no tap."""
_MESSAGE = b"300 points for the fish shop"
_READER = f"{NAME} 00 00"


@dataclass
class _Own:
    """What the card itself took since it was last asked, in seconds, and what it was told."""

    seconds: float = 0.0
    told: list[tuple[bytes, bytes]] = field(default_factory=list)

    def taken(self) -> float:
        taken, self.seconds = self.seconds, 0.0
        return taken

    @contextmanager
    def clock(self) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - began


@dataclass
class _Timed:
    """A card whose own time is counted."""

    card: Connection
    own: _Own

    def transmit(self, command: Octets) -> bytes:
        with self.own.clock():
            answer = self.card.transmit(command)
            self.own.told.append((bytes(command), answer))
            return answer

    def close(self) -> None:
        with self.own.clock():
            self.card.close()


def measure(folder: Path, *, taps: int) -> list[Figure]:
    """p50 and p99 of a tap. Raises NotMeasured."""
    lack = lacking() or _lack_of_support()
    if lack:
        raise NotMeasured(lack)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ca = DemoCa.create(folder / "tap-ca", at=_NOON, key=key)
    create(folder / "tap.card", ca, bytearray(_PIN), at=_NOON, key=key)
    with alone():
        if answers():
            raise NotMeasured("another pcscd runs on this PC")
        service = Service(folder)
        try:
            service.start()
            return _figures(service, OpenSC.at(folder / "opensc"), folder / "tap.card", taps)
        except CardInUse as busy:
            raise NotMeasured(f"another program looks at every reader: {busy}") from busy
        finally:
            service.stop()


def _lack_of_support() -> str:
    try:
        scard()
    except NoReaderSupport:
        return "not installed: pyscard (make card)"
    return ""


def _figures(service: Service, opensc: OpenSC, card: Path, taps: int) -> list[Figure]:
    own = _Own()

    def power_on() -> _Timed:
        with own.clock():
            return _Timed(SoftCard(card), own)

    until(lambda: NAME in opensc.readers(), "the virtual reader")
    samples: list[float] = []
    walls: list[float] = []
    with laid(power_on, service.port):
        until(lambda: opensc.sees_a_card(NAME), "the card on the virtual reader")
        tap = _taps(own)
        for _ in range(max(1, taps // 10)):
            tap()
        for _ in range(taps):
            own.told.clear()
            samples.append(tap())
            told = tuple(own.told)
            must(len(told) >= _FEWEST, "the card was used")
            walls.append(_bare(own, told))
    must(len(own.told) > 10, "the card was used")
    return [
        against(
            f"card: a tap over PC/SC, {name}",
            1e3 * of(samples),
            "ms",
            limit=1e3 * of(walls),
            target=None,
            better=Better.LOWER,
        )
        for name, of in (("p50", median), ("p99", slowest_of_hundred))
    ]


def _taps(own: _Own) -> Callable[[], float]:
    """Gives what makes one tap and says how long it took, without the card's time."""

    def tap() -> float:
        own.taken()
        began = time.perf_counter()
        with Tap(ReaderAddress(), connect=lambda _: PcscConnection.open(_READER)) as one:
            one.verify(bytearray(_PIN))
            one.sign_record(_MESSAGE)
        return time.perf_counter() - began - own.taken()

    return tap


def _bare(own: _Own, told: Sequence[tuple[bytes, bytes]]) -> float:
    """The same commands again, without a tap around them; without the card's time."""
    functions = scard()
    commands = [list(command) for command, _ in told]
    with closing(PcscConnection.open(_READER, functions=functions)) as held:
        card, protocol = held._handle, held._protocol
        own.taken()
        began = time.perf_counter()
        said = [functions.SCardTransmit(card, protocol, command) for command in commands]
        took = time.perf_counter() - began - own.taken()
    must([bytes(answer) for _, answer in said] == [answer for _, answer in told], "the same tap")
    return took
