"""Points that are given back later: every reason not to, and never more than was brought."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.refund import REFUND_WITHIN, REFUNDABLE, Earlier, NoRefund, why_not
from sync.values import Millis

NOW = Millis(1_774_753_200_000)
SALE = Earlier(kind="spend", at=NOW, brought=300, reversed=False, waits=False)


@pytest.mark.parametrize("kind", sorted(REFUNDABLE))
def test_all_or_a_part_of_what_a_record_brought_is_given_back(kind: str) -> None:
    for points in (1, 299, 300):
        assert why_not(replace(SALE, kind=kind), points, NOW) is None


@pytest.mark.parametrize(
    ("earlier", "reason"),
    [
        (None, NoRefund.NO_SUCH_RECORD),
        (replace(SALE, kind="ticket.issued"), NoRefund.NOT_REFUNDABLE),
        (replace(SALE, reversed=True), NoRefund.ALREADY_REVERSED),
        (replace(SALE, waits=True), NoRefund.WAITS),
        (replace(SALE, at=Millis(NOW - REFUND_WITHIN - 1)), NoRefund.TOO_LATE),
        (replace(SALE, brought=0), NoRefund.NOTHING_LEFT),
        (replace(SALE, brought=99), NoRefund.TOO_MUCH),
    ],
)
def test_each_refusal_has_its_own_word(earlier: Earlier | None, reason: NoRefund) -> None:
    assert why_not(earlier, 100, NOW) is reason


def test_the_thirtieth_day_is_in_time() -> None:
    assert why_not(replace(SALE, at=Millis(NOW - REFUND_WITHIN)), 300, NOW) is None


@given(st.integers(0, 5_000), st.lists(st.integers(1, 2_000), max_size=8))
def test_however_it_is_divided_no_more_comes_back_than_was_brought(
    brought: int, wanted: list[int]
) -> None:
    left = brought
    for points in wanted:
        if why_not(replace(SALE, brought=left), points, NOW) is None:
            left -= points
    assert 0 <= left <= brought
