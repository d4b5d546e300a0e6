"""What the hub is compared with does its work whole, and is missed aloud where it is not there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import compared
from tests.bench.figures import NotMeasured, SumsDoNotHold
from tests.doubles.databases import Server, running


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as it:
        yield it


def test_plain_transfers_are_counted_and_their_books_add_up(server: Server) -> None:
    done = compared._transfers(server, 0.1, connections=2, shops=1)

    assert done.transfers >= 2  # one of each connection, however busy the machine
    assert 0 < len(done.samples) <= done.transfers


def test_a_transfer_of_points_that_are_not_there_is_no_figure(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compared, "GRANTED", compared.PRICE - 1)

    with pytest.raises(SumsDoNotHold, match="the points are there"):
        compared._transfers(server, 0.1, connections=1, shops=1)


def test_without_its_environment_hordak_is_said_to_be_missing(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(compared, "PYTHON", tmp_path / "python")

    with pytest.raises(NotMeasured, match="make compare"):
        next(compared._hordak(server, 0.1, ours=1.0, commit=1.0))
