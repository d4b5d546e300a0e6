"""What two hubs post side by side is all there, whichever way they do it."""

from pathlib import Path

import pytest

from tests.bench import apart


@pytest.mark.processes
@pytest.mark.slow
def test_each_way_posts_everything(tmp_path: Path) -> None:
    rates = dict(apart.measured(tmp_path, shops=1, residents=1, turns=1))

    assert list(rates) == [apart.ONE_HUB, apart.TWO_HUBS, apart.ONE_LOCK, apart.TWO_LEDGERS]
    assert min(rates.values()) > 0
