"""Time: what a record may claim, and what the hub makes of it."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.clock import At, ClockState, bounded, day_of, end_of, month_of
from sync.errors import Malformed
from sync.ports import FileClock, SystemClock, SystemRandomness
from sync.values import DAY, Millis

millis = st.integers(0, 2**53 - 1).map(Millis)
trusted = st.sampled_from([ClockState.SYNCED, ClockState.RUNNING, ClockState.RESTARTED])


def test_a_moment_within_what_the_hub_knows_is_believed() -> None:
    assert bounded(At(Millis(50), ClockState.RUNNING, Millis(10)), Millis(90)) == 50


def test_nothing_happened_before_the_hub_last_spoke_or_after_it_heard() -> None:
    assert bounded(At(Millis(5), ClockState.RUNNING, Millis(10)), Millis(90)) == 10
    assert bounded(At(Millis(99), ClockState.RUNNING, Millis(10)), Millis(90)) == 90


def test_an_untrusted_moment_counts_as_received() -> None:
    assert bounded(At(Millis(50), ClockState.UNTRUSTED, Millis(10)), Millis(90)) == 90


@given(millis, trusted, millis, millis)
def test_the_hub_s_moment_lies_between_its_own_two(
    ms: Millis, clock: ClockState, hub: Millis, received: Millis
) -> None:
    moment = bounded(At(ms, clock, hub), received)

    assert moment <= received
    assert moment >= min(hub, received)
    assert moment == ms or not hub <= ms <= received


def test_only_an_untrusted_clock_is_not_trusted() -> None:
    assert [At(Millis(0), state, Millis(0)).trusted for state in ClockState] == [True] * 3 + [False]


def test_a_demo_s_clock_stands_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("1774753200000\n")
    clock = FileClock(file)

    assert clock.now() == clock.running() == 1_774_753_200_000
    assert clock.boot() == "demo"
    for words in ("", "noon", "-5", "１２"):
        file.write_text(words, "utf-8")
        with pytest.raises(Malformed, match="demo clock"):
            clock.now()


def test_the_machine_s_own_clock_goes_on() -> None:
    clock = SystemClock()

    assert clock.now() > 1_700_000_000_000
    assert 0 < clock.running() <= clock.running()
    assert clock.boot() == clock.boot() != ""


def test_the_machine_s_randomness_gives_as_much_as_was_asked_for() -> None:
    assert [len(SystemRandomness().bytes(count)) for count in (0, 1, 32)] == [0, 1, 32]


@given(st.integers(0, 4_102_444_800_000).map(Millis))
def test_days_are_those_of_tokyo(at: Millis) -> None:
    there = datetime.fromtimestamp(at / 1000, ZoneInfo("Asia/Tokyo"))

    assert day_of(at) == f"{there:%Y-%m-%d}"
    assert month_of(at) == f"{there:%Y-%m}"
    assert end_of(day_of(at)) - DAY <= at < end_of(day_of(at))
