"""The node's keys under its secret, and its four ideas of the time."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.keys import FILE, Keys, is_sealed
from node.outcome import Approved, Refused
from node.timekeeping import Known, Reading, age, has_run, moment
from sync.clock import At, ClockState
from sync.errors import Damaged, NotAuthentic, RefusedByRule
from sync.values import DAY, EpochId, Millis, Points
from tests.doubles.hub import KAWASAKI
from tests.doubles.ports import CountedRandomness
from tests.node.conftest import NOON, Shop, pin

SECRET = b"correct horse"
EPOCH = EpochId("1-00000000000000aa")


def test_sealed_keys_open_only_with_their_secret(tmp_path: Path) -> None:
    keys = Keys.create(tmp_path, SECRET, CountedRandomness())
    public = keys.fresh().public
    keys.settle(EPOCH)

    again = Keys.open(tmp_path, SECRET, CountedRandomness("other"))

    assert again.of(EPOCH).public == public
    assert is_sealed(tmp_path)
    assert keys.of(EPOCH).seed not in (tmp_path / FILE).read_bytes()
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    with pytest.raises(NotAuthentic):
        Keys.open(tmp_path, b"wrong", CountedRandomness())
    with pytest.raises(RefusedByRule) as needed:
        Keys.open(tmp_path, None, CountedRandomness())
    assert needed.value.reason == "secret-needed"


def test_open_keys_are_sealed_as_soon_as_a_secret_is_given(tmp_path: Path) -> None:
    Keys.create(tmp_path, None, CountedRandomness())
    assert not is_sealed(tmp_path)

    Keys.open(tmp_path, SECRET, CountedRandomness())

    assert is_sealed(tmp_path)


def test_keys_that_are_missing_or_broken_are_damage(tmp_path: Path) -> None:
    with pytest.raises(Damaged):
        Keys.open(tmp_path, None, CountedRandomness())
    (tmp_path / FILE).write_bytes(b"junk")
    with pytest.raises(Damaged):
        Keys.open(tmp_path, None, CountedRandomness())
    keys = Keys.create(tmp_path, None, CountedRandomness())
    with pytest.raises(Damaged):
        keys.of(EPOCH)
    with pytest.raises(Damaged):
        keys.unwrap(b"x" * 40)
    assert keys.unwrap(keys.wrap(b"zone")) == b"zone"


def test_a_lost_answer_brings_the_same_next_key_and_a_granted_one_a_new_one(tmp_path: Path) -> None:
    keys = Keys.create(tmp_path, None, CountedRandomness())
    first = keys.fresh().public
    assert keys.fresh().public == first
    keys.settle(EPOCH)

    assert keys.fresh(EPOCH).public != first


HUB = Millis(1_000_000_000)
KNOWN = Known(HUB, 5_000, "boot-1", 0, 5_000, "boot-1")
READING = Reading(wall=Millis(HUB + 60_000), running=65_000, boot="boot-1")


def test_the_states_of_the_clock() -> None:
    restarted = replace(READING, boot="boot-2", running=1_000)
    states = [
        moment(KNOWN, READING, Millis(0), told_now=True),
        moment(KNOWN, replace(READING, wall=Millis(5)), Millis(0), told_now=False),
        moment(KNOWN, restarted, Millis(0), told_now=False),
        moment(KNOWN, replace(restarted, wall=Millis(HUB - 1)), Millis(0), told_now=False),
        moment(KNOWN, READING, Millis(HUB + DAY), told_now=True),
        moment(Known(), READING, Millis(0), told_now=False),
    ]

    assert [at.clock for at in states] == [
        ClockState.SYNCED,
        ClockState.RUNNING,
        ClockState.RESTARTED,
        ClockState.UNTRUSTED,
        ClockState.UNTRUSTED,
        ClockState.UNTRUSTED,
    ]
    assert states[1].ms == HUB + 60_000, "the wall clock is not asked while the machine runs"


@given(
    wall=st.integers(0, 2**41),
    running=st.integers(0, 2**40),
    boot=st.sampled_from(["boot-1", "boot-2"]),
    last=st.integers(0, 2**41),
)
def test_time_never_goes_below_the_last_record(
    wall: int, running: int, boot: str, last: int
) -> None:
    reading = Reading(wall=Millis(wall), running=running, boot=boot)

    at = moment(KNOWN, reading, Millis(last), told_now=False)

    assert at.ms >= last


def test_after_a_restart_an_age_is_the_larger_of_two_measures() -> None:
    at = At(Millis(HUB + 1_000), ClockState.RESTARTED, HUB)

    assert age(at, HUB, ran_since=9_000) == 9_000
    assert age(at, HUB, ran_since=10) == 1_000
    assert age(at, Millis(HUB + 2_000), ran_since=9_000) < 0
    assert has_run(KNOWN, replace(READING, boot="boot-2", running=700)) == 700


def test_a_clock_set_back_by_a_year_takes_no_points_offline(shop: Shop) -> None:
    shop.cut()
    shop.counter.close()
    shop.clock.restart()
    shop.clock.set_wall(NOON - 365 * DAY)
    shop.reopen()
    shop.counter.probe()

    refused = shop.counter.spend(shop.card, KAWASAKI, Points(100), pin())

    assert isinstance(refused, Refused)
    assert refused.reason == "clock-untrusted"
    assert shop.counter.status().clock is ClockState.UNTRUSTED


def test_after_a_restart_half_limits_hold_until_the_hub_tells_the_time(shop: Shop) -> None:
    shop.cut()
    shop.counter.close()
    shop.clock.restart()
    shop.reopen()
    shop.counter.probe()

    too_much = shop.counter.spend(shop.card, KAWASAKI, Points(501), pin())
    half = shop.counter.spend(shop.card, KAWASAKI, Points(500), pin())

    assert isinstance(too_much, Refused)
    assert isinstance(half, Approved)
