"""A demo CA, a hub that believes it, and a counter."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sync.calls import HubCalls
from sync.democa import DemoCa
from tests.doubles.clocks import at
from tests.hub.townhall import Holder, Townhall, holder, townhall


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> DemoCa:
    return DemoCa.create(tmp_path_factory.mktemp("ca") / "ca", at=at("2026-01-01 00:00"))


@pytest.fixture
def hall(tmp_path: Path, ca: DemoCa) -> Townhall:
    return townhall(tmp_path, ca.roots)


@pytest.fixture
def counter(hall: Townhall) -> HubCalls:
    return hall.terminal()


@pytest.fixture
def hana(ca: DemoCa, card_keys: list[RSAPrivateKey]) -> Holder:
    return holder(ca, card_keys[0])


@pytest.fixture
def jiro(ca: DemoCa, card_keys: list[RSAPrivateKey]) -> Holder:
    return holder(ca, card_keys[1])
