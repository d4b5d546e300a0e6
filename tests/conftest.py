"""What every test may share: how properties are tried, and card keys, which are slow to make.

Properties try the same examples in every run, so that a failure is a failure everywhere;
``pytest --hypothesis-profile=explore`` tries new ones.
"""

import signal
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import settings

from tests.doubles import databases

settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("same")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background programs ignore Ctrl+C, and so would every program that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--database=postgresql``: the hubs of these tests are on a server."""
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")


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


@pytest.fixture(autouse=True)
def _swept() -> Iterator[None]:
    yield
    databases.sweep()


@pytest.fixture(scope="session")
def card_keys() -> list[RSAPrivateKey]:
    """Two residents' keys."""
    return [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
