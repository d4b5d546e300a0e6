"""What goes wrong with a number by mistake is caught; what a thief can guess is nearly nothing."""

from collections import Counter
from functools import cache
from itertools import pairwise
from random import Random  # noqa: TID251  seeded: the same draws in every run

import pytest

from hub.points import numbers as numbering
from hub.points.numbers import CAPACITY, permute, ticket_number
from sync.errors import Malformed
from sync.ticket import check_digit, check_number
from tests.doubles.clocks import SeededRandomness

KEYS = {town: SeededRandomness(town).bytes(32) for town in ("141305", "131164")}
SOME = 300
"""Numbers of which every single mistake is tried."""
MANY = 1_000_000


def numbers(count: int, *, town: str = "141305", programme: str = "101") -> list[str]:
    """The first numbers of a programme."""
    return [ticket_number(KEYS[town], programme, counter) for counter in range(count)]


def wrong(number: str) -> bool:
    try:
        check_number(number)
    except Malformed:
        return True
    return False


@pytest.mark.parametrize("number", numbers(SOME)[::100], ids=str)
def test_a_mistake_is_named(number: str) -> None:
    other = str((int(number[5]) + 1) % 10)

    with pytest.raises(Malformed, match="a digit is wrong"):
        check_number(number[:5] + other + number[6:])


def test_every_single_wrong_digit_of_every_number_is_caught() -> None:
    for number in numbers(SOME):
        for place, digit in enumerate(number):
            for other in "0123456789".replace(digit, ""):
                assert wrong(number[:place] + other + number[place + 1 :]), (number, place, other)


def test_every_swap_of_neighbours_is_caught() -> None:
    for number in numbers(SOME):
        for place in range(len(number) - 1):
            one, other = number[place], number[place + 1]
            if one != other:
                swapped = number[:place] + other + one + number[place + 2 :]
                assert wrong(swapped), (number, place)


def test_a_number_that_is_cut_or_longer_or_no_number_is_caught() -> None:
    for number in numbers(20):
        for said in (number[:-1], number[1:], number + "0", "0" + number, number[:6] + "x", ""):
            assert wrong(said), said


def test_towns_and_programmes_have_other_numbers_at_the_same_count() -> None:
    here, there = set(numbers(2_000)), set(numbers(2_000, town="131164"))
    other = {number[3:12] for number in numbers(2_000, programme="102")}

    assert len(here & there) <= 1, "two towns meet by chance only"
    assert len({number[3:12] for number in here} & other) <= 1


def test_every_number_of_a_stretch_comes_once_wherever_the_count_stands() -> None:
    """A hub that was set back would count on elsewhere: nothing of one stretch is in another."""
    key = KEYS["141305"]
    stretches = [range(start, start + 5_000) for start in (0, 5_000, CAPACITY // 2)]
    drawn = [permute(key, b"101", counter) for stretch in stretches for counter in stretch]

    assert len(set(drawn)) == len(drawn)


@pytest.mark.slow
def test_a_million_numbers_never_repeat_and_a_blind_guess_hits_one_in_a_thousand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(numbering, "_round", cache(numbering._round))  # 10 rounds of 2^15 halves
    live = {permute(KEYS["141305"], b"101", counter) for counter in range(MANY)}
    assert len(live) == MANY

    # As many in each part as if they were thrown there: chi-squared of 999 degrees of freedom.
    parts = Counter(number * 1000 // CAPACITY for number in live)
    even = MANY / 1000
    assert 800 < sum((parts[part] - even) ** 2 / even for part in range(1000)) < 1200

    draw = Random(1)  # noqa: S311  no secret comes from it
    hits = sum(draw.randrange(CAPACITY) in live for _ in range(MANY))
    assert abs(hits - MANY**2 / CAPACITY) < 4 * (MANY**2 / CAPACITY) ** 0.5


def test_who_knows_programme_and_check_digit_hits_no_more_often_than_live_numbers_are() -> None:
    live = frozenset(numbers(50_000))
    draw = Random(1)  # noqa: S311  no secret comes from it
    tries = 400_000

    hits = 0
    for _ in range(tries):
        digits = f"101{draw.randrange(CAPACITY):09d}"
        hits += digits + check_digit(digits) in live

    expected = tries * len(live) / CAPACITY  # 20 by chance alone
    assert hits <= expected + 4 * expected**0.5, "a million live numbers are hit in 0.1 % of tries"


def test_a_live_number_says_nothing_about_the_next_one() -> None:
    drawn = [int(number[3:12]) for number in numbers(5_000)]
    steps = {later - earlier for earlier, later in pairwise(drawn)}
    near = sum(abs(later - earlier) < 10**6 for earlier, later in pairwise(drawn))

    assert len(steps) > 4_990
    assert near <= 30, "about 10 of 5,000 are within a thousandth by chance"
