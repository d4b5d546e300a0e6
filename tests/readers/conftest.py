"""One pcscd for all tests of a module, and for each test a fresh card."""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from node.card.cardfile import create
from node.card.softcard import Knobs, SoftCard
from sync.democa import DemoCa
from sync.values import Millis
from tests.readers.opensc import OpenSC
from tests.readers.service import NAME, Service, alone, answers, lacking, laid, until

NOW = Millis(1_790_000_000_000)
PIN = b"4649"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    _need_or_skip(lacking())
    with alone():
        _need_or_skip("another pcscd runs on this PC" if answers() else "")
        service = Service(tmp_path_factory.mktemp("pcscd"))
        try:
            service.start()
            yield service
        finally:
            service.stop()


def _need_or_skip(lack: str) -> None:
    if lack and os.environ.get("CI") == "true":
        pytest.fail(lack)
    if lack:
        pytest.skip(lack)


@pytest.fixture
def opensc(tmp_path: Path) -> OpenSC:
    return OpenSC.at(tmp_path / "opensc")


@pytest.fixture(scope="session")
def new_card(tmp_path_factory: pytest.TempPathFactory, card_keys: list[RSAPrivateKey]) -> Path:
    folder = tmp_path_factory.mktemp("cards")
    ca = DemoCa.create(folder / "ca", at=NOW, key=card_keys[1])
    create(folder / "new.card", ca, bytearray(PIN), at=NOW, key=card_keys[0])
    return folder / "new.card"


@pytest.fixture
def card(tmp_path: Path, new_card: Path) -> Path:
    """A fresh card with PIN 4649 and all its tries."""
    return Path(shutil.copy(new_card, tmp_path / "taro.card"))


OnReader = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def until_empty(opensc: OpenSC) -> Callable[[], None]:
    """Waits until the reader is there and the service has seen that no card lies on it.

    It looks every 0.4 s only. A card that takes another one's place in between is not noticed, and
    gets no power.
    """

    def is_empty() -> bool:
        return NAME in opensc.readers() and not opensc.sees_a_card(NAME)

    return lambda: until(is_empty, "the empty virtual reader")


@pytest.fixture
def on_reader(
    service: Service, opensc: OpenSC, until_empty: Callable[[], None], card: Path
) -> OnReader:
    """Lays the card on the reader, and takes it off at the end of its block."""

    @contextmanager
    def on_reader(knobs: Knobs | None = None) -> Generator[None]:
        until_empty()
        with laid(lambda: SoftCard(card, knobs), service.port):
            until(lambda: opensc.sees_a_card(NAME), "the card on the virtual reader")
            yield
        until_empty()

    return on_reader
