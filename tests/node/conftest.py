"""A shop's node at a hub in memory, and a resident with a card."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec.structs import replace

from node.card.cardfile import create
from node.card.tap import Tap
from node.counter import Counter
from node.enrol import enrol
from node.identity import keep_settings, settings_of
from node.opening import Ports, open_counter
from node.outcome import Refused, RegisteredCard
from node.reach import Straight
from sync.democa import DemoCa, new_key
from sync.values import KeyDigest, Millis
from tests.doubles.hub import FakeHub
from tests.doubles.ports import CountedRandomness, HandClock

NOON = Millis(int(datetime(2026, 11, 20, 3, 0, tzinfo=UTC).timestamp() * 1000))
"""20 November 2026, 12:00 in Tokyo."""
PIN = b"1234"


def pin() -> bytearray:
    return bytearray(PIN)


@pytest.fixture(scope="session")
def resident_key() -> RSAPrivateKey:
    return new_key()


@pytest.fixture(scope="session")
def blank_card(tmp_path_factory: pytest.TempPathFactory, resident_key: RSAPrivateKey) -> Path:
    folder = tmp_path_factory.mktemp("resident")
    ca = DemoCa.create(folder / "ca", at=NOON, key=resident_key)
    create(folder / "hanako.card", ca, pin(), at=NOON, key=resident_key)
    return folder / "hanako.card"


@dataclass
class Shop:
    """A shop with its node, the hub at the other end, and Hanako with her card."""

    folder: Path
    second: Path
    hub: FakeHub
    clock: HandClock
    ports: Ports
    card: str
    key: KeyDigest
    counter: Counter

    def restart(self) -> Counter:
        """Close the program and open it again."""
        self.counter.close()
        return self.reopen()

    def reopen(self) -> Counter:
        self.counter = open_counter(self.folder, self.ports)
        return self.counter

    def register(self, *wishes: str) -> RegisteredCard | Refused:
        """The resident chooses an ID, then types the PIN."""
        chosen = self.counter.choose_id(wishes)
        if isinstance(chosen, Refused):
            return chosen
        return self.counter.register(self.card, pin(), chosen, consent=True)

    def pass_time(self, *, hours: int = 0, minutes: int = 0) -> None:
        self.clock.advance(hours=hours, minutes=minutes)
        self.hub.now = Millis(self.hub.now + hours * 3_600_000 + minutes * 60_000)

    def cut(self) -> None:
        """The line goes down, and the counter has noticed."""
        self.hub.silent = True
        self.counter.probe()

    def mend(self) -> None:
        self.hub.silent = False
        self.counter.probe()


@pytest.fixture
def shop(tmp_path: Path, blank_card: Path) -> Iterator[Shop]:
    card = Path(shutil.copy(blank_card, tmp_path / "hanako.card"))
    hub, clock = FakeHub(NOON), HandClock(NOON)
    with Tap(f"soft:{card}") as tap:
        key = tap.key.digest
    hub.give(key, 5_000)
    hub.certificates.add(key)
    randomness = CountedRandomness()
    second = tmp_path / "stick"
    ports = Ports(
        clock=clock, randomness=randomness, door=lambda _: hub, patience=Straight(), tap=Tap
    )
    new = enrol(tmp_path / "node", hub.invitation, ports, second_path=second, door=hub)
    store = new.counter.parts.store
    keep_settings(store, replace(settings_of(store), printer=f"file:{tmp_path / 'paper.bin'}"))
    made = Shop(
        folder=tmp_path / "node",
        second=second,
        hub=hub,
        clock=clock,
        ports=ports,
        card=f"soft:{card}",
        key=key,
        counter=new.counter,
    )
    made.counter.sync_now()
    yield made
    made.counter.close()
