"""A hub whose PostgreSQL server is killed while it posts: started anew, or another takes over."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hub.audit import audit_hub
from hub.handing_in import Judging
from hub.hub import copy_of
from hub.intake.receive import receive
from hub.intake.verify import InlineVerifier
from hub.serve import Rounds
from hub.store.database import Tx
from sync.errors import Unreachable
from tests.bench.street import Street, build
from tests.doubles import databases
from tests.doubles.standbys import following

LONGEST = 30.0
"""Seconds until the hub must have gone on; it looks every second."""


@pytest.fixture
def mine() -> Iterator[databases.Server]:
    """A server that only this test kills."""
    with databases.running() as one:
        yield one


@pytest.fixture(autouse=True)
def _small_postings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.intake.pace.MOST", 16)


def street_on(url: str, folder: Path) -> Street:
    """Shops have sold, and all of it is in custody."""
    street = build(folder / "hub", shops=3, residents=3, cores=1, database=url)
    for pen, body in zip(street.pens, street.bodies, strict=True):
        receive(street.hub.core, pen.node, pen.epoch, 1, body)
    street.hub.nights.before()  # from here on there is nothing to commit but postings
    return street


class _Fate:
    """What befalls the server at one of the commits."""

    def __init__(self, befalls: Callable[[], None], *, kept: bool) -> None:
        self._befalls = befalls
        self._kept = kept
        self._commits = 0
        self.happened = False

    def watch(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        """Let it happen at a commit: before it, or between it and its answer."""
        rows = Tx.rows

        def statement(tx: Tx, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
            if sql == "COMMIT" and not self.happened:
                self._commits += 1
                if self._commits == at:
                    self.happened = True
                    if self._kept:
                        rows(tx, sql, values)
                    self._befalls()
            return rows(tx, sql, values)

        monkeypatch.setattr(Tx, "rows", statement)


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not done():
        assert time.monotonic() < end, "it did not go on"
        time.sleep(0.1)


def _all_posted(street: Street) -> bool:
    try:
        return street.corner.waiting() == 0
    except Unreachable:
        return False


def _all_is_there_once(street: Street) -> None:
    assert street.corner.stored("record") == sum(pen.seq for pen in street.pens)
    for pen, body in zip(street.pens, street.bodies, strict=True):  # handed in once more
        street.hub.judging.hand_in(pen.node, pen.epoch, 1, body)
    assert street.corner.stored("record") == sum(pen.seq for pen in street.pens)
    assert sum(street.corner.balances().values()) == 0
    assert audit_hub(street.hub, InlineVerifier()) == []


@pytest.mark.slow
@pytest.mark.parametrize("kept", [False, True], ids=["before a commit", "behind a commit"])
def test_a_server_killed_while_posting_goes_on_where_it_was(
    tmp_path: Path, mine: databases.Server, monkeypatch: pytest.MonkeyPatch, *, kept: bool
) -> None:
    street = street_on(mine.fresh_database(), tmp_path)
    with closing(street.hub):
        fate = _Fate(mine.kill, kept=kept)
        fate.watch(monkeypatch, at=2)
        rounds = Rounds(street.hub)
        rounds.start()

        until(lambda: fate.happened)
        pen = street.pens[0]
        with pytest.raises(Unreachable):
            receive(street.hub.core, pen.node, pen.epoch, 1, street.bodies[0])
        mine.start()
        until(lambda: _all_posted(street))

        rounds.stop()
        _all_is_there_once(street)


@pytest.mark.slow
def test_a_standby_takes_over_and_the_hub_finds_it(
    tmp_path: Path, mine: databases.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with following(mine) as standby:
        street = street_on(standby.beside(mine.fresh_database()), tmp_path)
        with closing(street.hub):
            fate = _Fate(mine.kill, kept=True)
            fate.watch(monkeypatch, at=2)
            judging = Judging(street.hub.core, street.corner.identities, InlineVerifier())
            with pytest.raises(Unreachable):
                judging.round()
            assert fate.happened
            with pytest.raises(Unreachable):  # the other one takes no writes yet
                judging.round()

            standby.promote()
            judging.round()

            _all_is_there_once(street)
            with copy_of(tmp_path / "hub") as copy:  # people who only look find it, too
                assert audit_hub(copy, InlineVerifier()) == []
