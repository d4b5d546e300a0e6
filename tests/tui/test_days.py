"""Before the PIN it is said that a ticket's days will be fewer than were typed."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.counter import shop
from tests.tui.conftest import Staged
from tui.days import Why, cut_short

TODAY = "2025-11-21"
DAYS = st.integers(0, 60).map(lambda n: (date(2025, 11, 21) + timedelta(days=n)).isoformat())


@given(days=st.integers(1, 60), use_until=DAYS | st.just(""), expires_on=DAYS | st.just(""))
def test_the_earliest_end_is_named_and_never_one_beyond_the_days(
    days: int, use_until: str, expires_on: str
) -> None:
    last = (date(2025, 11, 21) + timedelta(days=days - 1)).isoformat()

    cut = cut_short(TODAY, days, use_until=use_until, expires_on=expires_on)

    until = last if cut is None else cut.day
    assert until == min(filter(None, (last, use_until, expires_on)))
    if cut is not None:
        assert cut.day == (use_until if cut.why is Why.PROGRAMME else expires_on)


async def test_a_programme_that_ends_soon_is_told_before_the_pin(stage: Staged) -> None:
    counter = shop()
    counter.use_until = "2025-11-22"
    async with stage(counter) as at:
        await at.press("f4")
        await at.card("soft:hanako")
        await at.press(*"500", "enter", "enter")
        assert "Valid until 2025-11-22 only" in at.answer
        assert "issue_tickets" not in at.counter.asked


async def test_where_all_days_are_there_nothing_is_said(stage: Staged) -> None:
    async with stage(shop()) as at:
        await at.press("f4")
        await at.card("soft:hanako")
        await at.press(*"500", "enter", "enter")
        assert "only" not in at.answer
