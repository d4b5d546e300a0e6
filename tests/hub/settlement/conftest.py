"""The month that the stories of this room happen in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.settlement.month import Month


@pytest.fixture
def month(tmp_path: Path) -> Iterator[Month]:
    month = Month(tmp_path / "journal")
    yield month
    month.close()
