"""A street corner for each test; people and a shell for whoever has a town hall."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.people import Person, Role
from hub.store.database import Database
from tests.doubles import databases
from tests.hub.corner import Corner, Resident, corner
from tests.hub.shells import Shells, shells
from tests.hub.townhall import KAWASAKI, TOSHIMA, Townhall


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is about files is left out on a server."""
    if config.getoption("--database") == "postgresql":
        about_files = [item for item in items if item.get_closest_marker("files")]
        config.hook.pytest_deselected(items=about_files)
        items[:] = [item for item in items if item not in about_files]


@pytest.fixture(scope="session", autouse=True)
def _database(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.config.getoption("--database") == "sqlite":
        yield
        return
    with databases.on_server():
        yield


@pytest.fixture(scope="session", autouse=True)
def _audited_into_copies() -> Iterator[None]:
    """An audit plays everything into an empty database; to make its tables takes longest here.

    The audits of programs that are started make them as a hub does.
    """

    def empty(_at: str, metadata: sa.MetaData, *, version: int) -> Database:
        return databases.in_memory(metadata, version)

    with pytest.MonkeyPatch.context() as patch:
        for module in ("hub.rebuilt", "hub.mykey.audit"):
            patch.setattr(f"{module}.Database", empty)
        yield


@pytest.fixture(autouse=True)
def _swept() -> Iterator[None]:
    yield
    databases.sweep()


@pytest.fixture
def town() -> Corner:
    """A hub in memory with two towns and three shops."""
    return corner()


@pytest.fixture
def hana(town: Corner, card_keys: list[RSAPrivateKey]) -> Resident:
    """A resident with 1,000 points in Kawasaki."""
    who = town.resident(card_keys[0])
    town.grant(who, 1_000)
    return who


@pytest.fixture
def jiro(town: Corner, card_keys: list[RSAPrivateKey]) -> Resident:
    """A resident without points."""
    return town.resident(card_keys[1])


@pytest.fixture
def kato(hall: Townhall) -> Person:
    """A clerk of Kawasaki."""
    return hall.person("Kato", Role.CLERK, KAWASAKI)


@pytest.fixture
def mori(hall: Townhall) -> Person:
    """A clerk of Toshima."""
    return hall.person("Mori", Role.CLERK, TOSHIMA)


@pytest.fixture
def shell(hall: Townhall, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shells]:
    """The hub's commands, as typed by the people of the town hall."""
    with shells(hall, monkeypatch) as found:
        yield found
