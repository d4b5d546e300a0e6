"""A move to a server that is killed at each of its moments, and said again."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from hub.audit import audit_hub
from hub.hub import copy_of, open_hub
from hub.intake.verify import InlineVerifier
from hub.moving import move_hub
from sync.errors import Damaged
from tests.bench.street import build
from tests.doubles import databases
from tests.doubles.clocks import TurnedClock
from tests.faults.programs import move_until, start

MOMENTS = 20
"""More than there are."""


def contents(folder: Path) -> tuple[int, ...]:
    with copy_of(folder) as copy, copy.core.database.read() as tx:
        return tuple(
            tx.scalar(f"SELECT count(*) FROM {table}")
            for table in ("transfer", "chronicle", "record", "inbox", "cursor", "node")
        )


@pytest.mark.processes
@pytest.mark.slow
def test_a_move_killed_at_any_moment_is_said_again(
    tmp_path: Path, server: databases.Server
) -> None:
    street = build(tmp_path / "hub", shops=2, residents=2, cores=1)
    for pen, body in zip(street.pens, street.bodies, strict=True):
        street.hub.judging.hand_in(pen.node, pen.epoch, 1, body)
    street.hub.judging.round()
    now = street.corner.clock.now()
    street.hub.close()
    before = contents(tmp_path / "hub")

    for moment in range(MOMENTS):
        folder = tmp_path / str(moment)
        shutil.copytree(tmp_path / "hub", folder)
        url = server.fresh_database()
        if start(move_until, folder, url, moment).heard():
            break  # it has come to its end

        _still_a_hub_or_told(folder, before)
        move_hub(folder, url)

        assert contents(folder) == before
        assert sorted(path.name for path in folder.glob("*.db*")) == [
            "hub.db.moved",
            "mykey.db.moved",
        ]
        with closing(open_hub(folder, TurnedClock(now))) as hub:
            assert hub.judging.round() == 0
            assert audit_hub(hub, InlineVerifier()) == []
    assert 8 < moment < MOMENTS


def _still_a_hub_or_told(folder: Path, before: tuple[int, ...]) -> None:
    """Whoever opens it now finds everything, or hears that the move is to be said again."""
    try:
        assert contents(folder) == before
    except Damaged as told:
        assert "say 'machikado hub move' again" in str(told)  # noqa: PT017  either is right
