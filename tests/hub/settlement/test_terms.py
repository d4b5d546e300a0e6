"""When a town pays next, by what it set."""

from datetime import date

import pytest

from hub.settlement.terms import Terms, next_pay_day


@pytest.mark.parametrize(
    ("today", "pays"),
    [
        ("2026-11-02", "2026-11-25"),
        ("2026-11-25", "2026-11-25"),
        ("2026-11-26", "2026-12-25"),
        ("2026-12-26", "2027-01-25"),
    ],
)
def test_a_town_that_pays_on_the_25th_of_the_next_month(today: str, pays: str) -> None:
    assert next_pay_day(Terms(), date.fromisoformat(today)) == date.fromisoformat(pays)


def test_a_payment_long_after_its_closing_day_is_still_the_next_one() -> None:
    late = Terms(closing_day=10, days_after=300)
    assert next_pay_day(late, date(2026, 11, 2)) == date(2026, 11, 6)


def test_nobody_knows_the_days_beyond_the_known_holidays() -> None:
    assert next_pay_day(Terms(), date(2035, 1, 1)) is None
