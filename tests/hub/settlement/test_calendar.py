"""When a window closes, when it is paid, and how far anyone knows."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.settlement.calendar import (
    ANNOUNCED_UNTIL,
    BusinessDays,
    DayOfMonth,
    DaysAfter,
    Direction,
    PaymentCalendar,
)
from hub.settlement.errors import CalendarRefused, PastHorizon

BANKS = BusinessDays()


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 9, 21), "敬老の日"),
        (date(2026, 9, 22), "国民の休日"),  # lies between two holidays
        (date(2026, 5, 6), "振替休日"),
        (date(2026, 10, 24), "Saturday"),
        (date(2026, 10, 25), "Sunday"),
        (date(2026, 12, 31), "year-end"),
        (date(2026, 1, 2), "year-end"),
    ],
)
def test_the_banks_are_closed_and_say_why(day: date, why: str) -> None:
    closed = BANKS.why_closed(day)

    assert closed is not None
    assert why in closed
    assert not BANKS.is_open(day)


@pytest.mark.parametrize("day", [date(2026, 10, 26), date(2026, 12, 30), date(2027, 1, 4)])
def test_the_banks_are_open(day: date) -> None:
    assert BANKS.is_open(day)


def test_a_payday_on_a_holiday_moves_in_the_towns_direction() -> None:
    silver_week = date(2026, 9, 21)

    assert BANKS.nearest(silver_week, Direction.NEXT) == date(2026, 9, 24)
    assert BANKS.nearest(silver_week, Direction.PREVIOUS) == date(2026, 9, 18)
    assert BANKS.nearest(date(2027, 1, 1), Direction.NEXT) == date(2027, 1, 4)
    assert BANKS.nearest(date(2027, 1, 3), Direction.PREVIOUS) == date(2026, 12, 30)


def test_nobody_guesses_a_holiday_that_is_not_announced() -> None:
    assert BANKS.why_closed(ANNOUNCED_UNTIL) is not None
    with pytest.raises(PastHorizon, match="update the holiday data"):
        BANKS.is_open(ANNOUNCED_UNTIL + timedelta(days=1))
    with pytest.raises(PastHorizon):
        BANKS.nearest(ANNOUNCED_UNTIL, Direction.NEXT)


def test_a_month_end_window_is_paid_on_the_25th_of_the_next_month() -> None:
    calendar = PaymentCalendar(
        closing_day=31,
        pays=DayOfMonth(months=1, day=25),
        direction=Direction.NEXT,
    )

    assert calendar.closes(date(2026, 9, 1)) == date(2026, 9, 30)
    assert calendar.closes(date(2026, 9, 30)) == date(2026, 9, 30)
    assert calendar.closes(date(2027, 2, 1)) == date(2027, 2, 28)
    assert calendar.payment(date(2026, 9, 30)) == date(2026, 10, 26)
    assert calendar.payment(date(2026, 12, 31)) == date(2027, 1, 25)


def test_a_mid_month_window_is_paid_at_the_end_of_its_own_month() -> None:
    calendar = PaymentCalendar(
        closing_day=15,
        pays=DayOfMonth(months=0),
        direction=Direction.PREVIOUS,
    )

    assert calendar.closes(date(2026, 12, 16)) == date(2027, 1, 15)
    assert calendar.payment(date(2026, 10, 15)) == date(2026, 10, 30)  # the 31st is a Saturday


def test_days_after_closing_are_calendar_days_and_then_move() -> None:
    calendar = PaymentCalendar(closing_day=20, pays=DaysAfter(days=5), direction=Direction.NEXT)

    assert calendar.payment(date(2026, 11, 20)) == date(2026, 11, 25)
    assert calendar.payment(date(2026, 9, 20)) == date(2026, 9, 25)
    assert calendar.payment(date(2026, 10, 20)) == date(2026, 10, 26)


def test_going_back_never_reaches_the_closing_day() -> None:
    calendar = PaymentCalendar(closing_day=18, pays=DaysAfter(days=1), direction=Direction.PREVIOUS)

    assert calendar.payment(date(2026, 9, 18)) == date(2026, 9, 24)


def test_a_short_month_does_not_pay_on_its_closing_day() -> None:
    calendar = PaymentCalendar(closing_day=30, pays=DayOfMonth(months=0), direction=Direction.NEXT)

    assert calendar.payment(date(2026, 6, 30)) == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("closing_day", "months", "day", "words"),
    [
        (0, 1, 25, "closing day 0"),
        (32, 1, 25, "closing day 32"),
        (31, 1, 0, "payment day 0"),
        (31, -1, 25, "lies before"),
        (20, 0, 20, "cannot follow"),
        (20, 0, 10, "cannot follow"),
    ],
)
def test_days_that_cannot_work_together_are_refused(
    closing_day: int,
    months: int,
    day: int,
    words: str,
) -> None:
    with pytest.raises(CalendarRefused, match=words):
        PaymentCalendar(
            closing_day=closing_day,
            pays=DayOfMonth(months=months, day=day),
            direction=Direction.NEXT,
        )


def test_paying_on_the_closing_day_itself_is_refused() -> None:
    with pytest.raises(CalendarRefused, match="at least 1"):
        DaysAfter(days=0)


@given(
    day=st.dates(date(2020, 1, 1), date(2027, 8, 31)),
    closing_day=st.integers(1, 31),
    pays=st.builds(DayOfMonth, months=st.integers(1, 2), day=st.integers(1, 31))
    | st.builds(DaysAfter, days=st.integers(1, 40)),
    direction=st.sampled_from(Direction),
)
def test_a_payment_is_a_business_day_after_its_closing(
    day: date,
    closing_day: int,
    pays: DayOfMonth | DaysAfter,
    direction: Direction,
) -> None:
    calendar = PaymentCalendar(closing_day=closing_day, pays=pays, direction=direction)

    closing = calendar.closes(day)
    paid = calendar.payment(closing)

    assert day <= closing < day + timedelta(days=32)
    assert paid > closing
    assert BANKS.is_open(paid)
