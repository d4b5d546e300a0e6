"""One demo CA and two card keys for all tests of the card, because making keys takes its time."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from node.card.apdu import Octets
from node.card.cardfile import create
from node.card.softcard import Knobs, SoftCard
from node.card.tap import CardAddress, Connect, SoftAddress, Tap
from sync.cardkey import Algorithm
from sync.democa import DemoCa, new_card_key, new_key
from sync.values import Millis

NOW = Millis(1_790_000_000_000)
PIN = b"4649"
MESSAGE = b"300 points"

TapWith = Callable[[Knobs], Tap]


@pytest.fixture(scope="session")
def card_key() -> RSAPrivateKey:
    return new_key()


@pytest.fixture(scope="session")
def other_key() -> RSAPrivateKey:
    return new_key()


@pytest.fixture(scope="session")
def ca_directory(tmp_path_factory: pytest.TempPathFactory, other_key: RSAPrivateKey) -> Path:
    directory = tmp_path_factory.mktemp("ca")
    DemoCa.create(directory, at=NOW, key=other_key)
    return directory


@pytest.fixture(scope="session")
def ca(ca_directory: Path) -> DemoCa:
    return DemoCa.load(ca_directory)


@pytest.fixture(scope="session")
def new_card_file(
    tmp_path_factory: pytest.TempPathFactory, ca: DemoCa, card_key: RSAPrivateKey
) -> Path:
    path = tmp_path_factory.mktemp("cards") / "new.card"
    create(path, ca, bytearray(PIN), at=NOW, key=card_key)
    return path


@pytest.fixture(scope="session", params=[Algorithm.ES256, Algorithm.ES384])
def curve_key(request: pytest.FixtureRequest) -> EllipticCurvePrivateKey:
    """A key as the next card holds it, on each curve."""
    key = new_card_key(request.param)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key


@pytest.fixture
def next_card(tmp_path: Path, ca: DemoCa, curve_key: EllipticCurvePrivateKey) -> Path:
    """The next card, with each curve; PIN 4649 and all its tries."""
    path = tmp_path / "next.card"
    create(path, ca, bytearray(PIN), at=NOW, key=curve_key)
    return path


@pytest.fixture
def card(tmp_path: Path, new_card_file: Path) -> Path:
    """A fresh card with PIN 4649 and all its tries."""
    return Path(shutil.copy(new_card_file, tmp_path / "taro.card"))


@pytest.fixture
def tap_with(card: Path) -> TapWith:
    """A tap of that card on one of its bad days."""

    def tap(knobs: Knobs) -> Tap:
        return Tap(SoftAddress(card), connect=connect_with(knobs))

    return tap


def connect_with(knobs: Knobs) -> Connect:
    def connect(address: CardAddress) -> SoftCard:
        assert isinstance(address, SoftAddress)
        return SoftCard(address.path, knobs)

    return connect


@pytest.fixture(scope="module")
def good(new_card_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[bytes, bytes]:
    """Each command of a whole tap with the answer of a good card."""
    path = Path(shutil.copy(new_card_file, tmp_path_factory.mktemp("good") / "taro.card"))
    heard: dict[bytes, bytes] = {}

    class Listening(SoftCard):
        def transmit(self, command: Octets) -> bytes:
            asked = bytes(command)
            heard[asked] = super().transmit(command)
            return heard[asked]

    with Tap(SoftAddress(path), connect=lambda _: Listening(path)) as tap:
        tap.verify(bytearray(PIN))
        tap.sign_look(MESSAGE)
        tap.sign_record(MESSAGE)
    return heard
