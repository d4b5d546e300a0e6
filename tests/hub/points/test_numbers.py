"""Ticket numbers: never twice, never guessable from one another, always checkable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.points.numbers import CAPACITY, permute, ticket_number
from sync.errors import Malformed
from sync.ticket import check_number

KEY = bytes(range(32))
counters = st.integers(0, CAPACITY - 1)


@given(counters)
def test_a_node_can_check_every_number(counter: int) -> None:
    number = ticket_number(KEY, "101", counter)

    assert number.startswith("101")
    assert check_number(number) == number


@given(st.lists(counters, min_size=2, max_size=40, unique=True))
def test_two_counters_never_share_a_number(some: list[int]) -> None:
    assert len({permute(KEY, b"101", counter) for counter in some}) == len(some)


def test_neighbours_and_both_ends_never_share_a_number() -> None:
    some = [*range(1500), *range(CAPACITY - 1500, CAPACITY)]
    numbers = {permute(KEY, b"101", counter) for counter in some}

    assert len(numbers) == len(some)
    assert all(0 <= number < CAPACITY for number in numbers)


def test_the_numbers_are_spread_over_the_whole_range() -> None:
    tenths = [permute(KEY, b"101", counter) * 10 // CAPACITY for counter in range(1000)]
    for tenth in range(10):
        assert 60 < tenths.count(tenth) < 140


def test_each_programme_and_each_key_has_its_own_order() -> None:
    orders = {
        tuple(ticket_number(key, programme, counter)[3:12] for counter in range(3))
        for key in (KEY, bytes(32))
        for programme in ("101", "102")
    }
    assert len(orders) == 4


def test_the_order_stays_what_it_was() -> None:
    # Another program version with another order would give a live number a second time.
    assert [ticket_number(KEY, "101", counter) for counter in (0, 1, CAPACITY - 1)] == [
        "1015551445076",
        "1017426170166",
        "1014805058892",
    ]


def test_a_programme_has_three_digits() -> None:
    for programme in ("", "1", "1010", "１０１", "abc"):
        with pytest.raises(Malformed, match="three digits"):
            ticket_number(KEY, programme, 0)


def test_a_counter_beyond_the_programme_is_refused() -> None:
    for counter in (-1, CAPACITY):
        with pytest.raises(ValueError, match="1,000,000,000"):
            ticket_number(KEY, "101", counter)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        ticket_number(bytes(16), "101", 0)
