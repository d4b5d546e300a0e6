"""The hub's disk is full: a clear answer, nothing lost, and it goes on by itself."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.handing_in import Judging
from hub.intake.verify import InlineVerifier
from hub.problems import NO_ROOM_WAIT, problem_of
from sync.errors import Busy, DiskFull
from sync.request import raise_for_problem
from tests.doubles.pen import Pen
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner, Resident, corner

pytestmark = pytest.mark.files
_ROOM = 6 * 1024 * 1024
"""Bytes of the small disk: a hub with two towns fits, and little more."""


@contextmanager
def small_disk(at: Path) -> Iterator[Path]:
    """A file system of its own; skipped where nobody may mount one."""
    at.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_ROOM}", "tmpfs", str(at)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


@contextmanager
def no_room(town: Corner) -> Iterator[None]:
    """As if the file system had no page left for the ledger."""
    raw = town.core.database._raw()
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count={pages}")
    yield
    raw.execute("PRAGMA max_page_count=1000000000")


def shops(town: Corner, who: Resident, count: int) -> list[Pen]:
    """Shops with a day's sales that they have not handed in."""
    pens = [town.node(GREENGROCER, str(1111 + n)) for n in range(count)]
    for pen in pens:
        town.feed(pen, available=900)
        for _ in range(60):
            pen.spend(who.card, town.account(who), 10, town=KAWASAKI)
    return pens


def test_all_who_hand_in_hear_that_the_disk_is_full_and_come_again(
    town: Corner, hana: Resident
) -> None:
    pens = shops(town, hana, 6)
    hub = Judging(town.core, town.identities, InlineVerifier())
    before = town.stored("inbox")

    def hand_in(pen: Pen) -> object:
        return hub.hand_in(pen.node, pen.epoch, 1, pen.batch())

    with no_room(town), ThreadPoolExecutor(6) as pool:
        errors = [pool.submit(hand_in, pen).exception(20) for pen in pens]

    full = [error for error in errors if isinstance(error, DiskFull)]
    assert full, "some of them found no room"
    kept = [pen for pen, error in zip(pens, errors, strict=True) if error is None]
    assert len(full) + len(kept) == len(pens)
    assert town.stored("inbox") == before + len(kept)

    for pen in pens:
        hub.hand_in(pen.node, pen.epoch, 1, pen.batch())
    hub.round()
    assert town.waiting() == 0
    assert town.stored("record") == sum(pen.seq for pen in pens)
    assert town.audit() == []


def test_a_terminal_takes_it_for_a_busy_hub_and_waits() -> None:
    answer = problem_of(DiskFull("the disk is full"))

    assert answer.status == 503
    with pytest.raises(Busy, match="full") as caught:
        raise_for_problem(answer)
    assert caught.value.retry_after == NO_ROOM_WAIT


@pytest.mark.slow
def test_on_a_disk_that_really_is_full_nothing_is_lost_and_room_is_enough_to_go_on(
    tmp_path: Path, card_keys: list[RSAPrivateKey]
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        here = corner(disk)
        who = here.resident(card_keys[0])
        here.grant(who, 1_000)
        (pen,) = shops(here, who, 1)
        hub = Judging(here.core, here.identities, InlineVerifier())
        filler = disk / "filler"
        _fill(filler)

        with pytest.raises(DiskFull):
            hub.hand_in(pen.node, pen.epoch, 1, pen.batch())
        assert here.stored("inbox") == 0

        filler.unlink()
        hub.hand_in(pen.node, pen.epoch, 1, pen.batch())
        assert here.waiting() == 0
        assert here.audit() == []
        here.core.database.close()
        here.mykey.close()


def _fill(filler: Path) -> None:
    """Take all the room that is left."""
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return
