"""One pcscd for all tests of a module, and for each test a fresh card."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import cast

import pytest

from node.card.softcard import Knobs, SoftCard
from tests.node.card.conftest import PIN as PIN  # noqa: PLC0414  the same cards as everywhere
from tests.node.card.conftest import ca as ca  # noqa: PLC0414
from tests.node.card.conftest import ca_directory as ca_directory  # noqa: PLC0414
from tests.node.card.conftest import card as card  # noqa: PLC0414
from tests.node.card.conftest import card_key as card_key  # noqa: PLC0414
from tests.node.card.conftest import curve_key as curve_key  # noqa: PLC0414
from tests.node.card.conftest import new_card_file as new_card_file  # noqa: PLC0414
from tests.node.card.conftest import next_card as next_card  # noqa: PLC0414
from tests.node.card.conftest import other_key as other_key  # noqa: PLC0414
from tests.readers.doors import Door, OverPcscd, loopback
from tests.readers.opensc import OpenSC
from tests.readers.service import Service, alone, answers, lacking


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


@pytest.fixture
def over_pcscd(service: Service, opensc: OpenSC) -> OverPcscd:
    return OverPcscd(service, opensc)


@pytest.fixture(
    params=[
        "loopback",
        pytest.param("pcscd", marks=[pytest.mark.readers, pytest.mark.processes]),
    ]
)
def door(request: pytest.FixtureRequest) -> Door:
    """Each way to a card in turn."""
    if request.param == "loopback":
        return loopback
    if os.environ.get("CI") != "true":  # there, its absence fails
        pytest.importorskip("smartcard", reason="pyscard is not installed: make card")
    return cast("Door", request.getfixturevalue("over_pcscd"))


OnReader = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def on_reader(over_pcscd: OverPcscd, card: Path) -> OnReader:
    """Lays Taro's card on the real service's reader, and takes it off at the end of its block."""

    @contextmanager
    def on_reader(knobs: Knobs | None = None) -> Generator[None]:
        with over_pcscd(lambda: SoftCard(card, knobs)):
            yield

    return on_reader
