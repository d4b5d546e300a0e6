"""What every test may share: how properties are tried, and card keys, which are slow to make.

Properties try the same examples in every run, so that a failure is a failure everywhere;
``pytest --hypothesis-profile=explore`` tries new ones.
"""

import logging
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import is_hypothesis_test, settings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tests.doubles.databases import Server

settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("same")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background programs ignore Ctrl+C, and so would every program that a test starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--database=postgresql``: the hubs of these tests are on a server."""
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> "Generator[None, object, object]":
    """No tracer watches a property: its examples come by the hundred and would take twice as long.

    Coverage says what stories tell. pytest-cov's own ``no_cover`` stops one of the two tracers that
    its workers have.
    """
    if not isinstance(item, pytest.Function) or not is_hypothesis_test(item.obj):
        return (yield)
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


@pytest.fixture(autouse=True)
def _the_programs_log_as_it_was() -> "Iterator[None]":
    """A command that ran sends the program's log to a file; the next test's lines are not its."""
    log = logging.getLogger("machikado")
    propagate, handlers = log.propagate, log.handlers[:]
    yield
    for handler in set(log.handlers).difference(handlers):
        with suppress(OSError):
            handler.close()
    log.propagate, log.handlers[:] = propagate, handlers


@pytest.fixture(scope="session")
def card_keys() -> list[RSAPrivateKey]:
    """Two residents' keys."""
    return [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]


@pytest.fixture(scope="session")
def server() -> "Iterator[Server]":
    """A PostgreSQL server for what is about servers, whatever the tests' own databases are."""
    from tests.doubles import databases

    with databases.running() as one:
        yield one


@pytest.fixture
def url(server: "Server") -> str:
    """A database there that nobody has used."""
    return server.fresh_database()
