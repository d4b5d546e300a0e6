"""A small festival in a minute: everything is receipted, the books add up, people are served,
and a crowd that comes back leaves no more in memory than the one before.
"""

import os
from pathlib import Path

import pytest

from tests.bench.figures import median
from tests.load.fleet import Shape
from tests.load.run import spend_day


@pytest.mark.processes
@pytest.mark.slow
def test_a_hundred_stalls_come_back_at_once_again_and_again_while_a_verifier_is_killed(
    tmp_path: Path,
) -> None:
    shape = Shape(stalls=100, tills=5, sales=3)

    day = spend_day(tmp_path, shape, 8.0, cores=os.cpu_count() or 1, kills=True)

    assert day.records > 100 * 8
    assert day.killed, "a verifier was there to be killed"
    assert len(day.told.holds) > 5 * 4
    assert median(day.told.holds) < 1.0
    assert day.told.crowds == shape.crowds
    assert day.memory[-1] <= 1.15 * day.memory[0]
