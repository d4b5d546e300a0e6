"""When a town pays what a shop takes today, by what it set."""

from datetime import date

import pytest

from hub.settlement.terms import Terms, pay_day_of


@pytest.mark.parametrize(
    ("taken", "paid"),
    [
        ("2017-12-01", "2018-01-25"),
        ("2017-12-15", "2018-01-25"),
        ("2017-12-31", "2018-01-25"),
        ("2018-01-01", "2018-02-26"),  # the 25th is a Sunday
        ("2026-11-02", "2026-12-25"),
        ("2026-11-26", "2026-12-25"),
    ],
)
def test_what_is_taken_in_a_month_is_paid_on_the_25th_of_the_next(taken: str, paid: str) -> None:
    assert pay_day_of(Terms(), date.fromisoformat(taken)) == date.fromisoformat(paid)


@pytest.mark.parametrize(
    ("taken", "paid"), [("2026-11-20", "2026-11-30"), ("2026-11-21", "2027-01-04")]
)
def test_the_closing_day_still_belongs_to_the_window_that_it_closes(taken: str, paid: str) -> None:
    same_month = Terms(closing_day=20, months=0, day=31)
    assert pay_day_of(same_month, date.fromisoformat(taken)) == date.fromisoformat(paid)


def test_a_payment_long_after_its_closing_day_is_not_that_of_an_earlier_window() -> None:
    late = Terms(closing_day=10, days_after=300)
    assert pay_day_of(late, date(2026, 11, 2)) == date(2027, 9, 6)


def test_nobody_knows_the_days_beyond_the_known_holidays() -> None:
    assert pay_day_of(Terms(), date(2035, 1, 1)) is None
