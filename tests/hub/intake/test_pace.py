"""A posting takes as many records as let others wait for it no longer than a moment."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hub.intake.post
from hub.handing_in import Judging
from hub.intake.at_once import SMALL
from hub.intake.pace import AIM, FIRST, LEAST, MOST, Pace
from hub.intake.verify import InlineVerifier
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident


def test_where_postings_pass_quickly_they_grow_to_the_most() -> None:
    pace = Pace()

    for _ in range(10):
        pace.took(pace.most, 1)

    assert pace.most == MOST


def test_a_few_records_that_pass_quickly_say_nothing_of_many() -> None:
    pace = Pace()

    pace.took(3, 0)

    assert pace.most == FIRST


def test_one_that_took_too_long_is_followed_by_what_would_have_fitted() -> None:
    pace = Pace()

    pace.took(FIRST, 2 * AIM)

    assert pace.most == FIRST // 2


def test_a_commit_that_hangs_leaves_the_least() -> None:
    pace = Pace()

    pace.took(1, 60_000)

    assert pace.most == LEAST


@given(st.floats(0.001, 1.0), st.integers(0, 20))
def test_whatever_a_record_costs_postings_soon_take_about_the_time_that_they_may(
    cost: float, commit: int
) -> None:
    pace = Pace()

    for _ in range(20):
        pace.took(pace.most, int(commit + cost * pace.most))

    taken = commit + cost * pace.most
    assert taken <= AIM + 1 or pace.most == LEAST
    assert taken > AIM / 3 or pace.most == MOST


def test_after_a_slow_posting_the_next_one_is_smaller(
    town: Corner, hana: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = Judging(town.core, town.identities, InlineVerifier())
    together, took = hub.intake.post.post_together, []

    def slowly(*parts: Any) -> None:
        together(*parts)
        took.append(sum(len(some.records) for some in parts[3]))
        town.clock.turn(ms=1_000)

    monkeypatch.setattr(hub.intake.post, "post_together", slowly)
    monkeypatch.setattr(hub.intake.pace, "LEAST", 1)
    pens = [town.node(GREENGROCER), town.node(GREENGROCER, "2222"), town.node(FISH_SHOP)]
    for _ in range(2):
        for pen in pens:
            first = pen.seq + 1 if took else 1
            town.feed(pen, available=900)
            while pen.seq <= first + SMALL:
                pen.spend(hana.card, town.account(hana), 1, town=KAWASAKI)
            judging.hand_in(pen.node, pen.epoch, first, pen.batch(first))
        judging.round()

    together_first, *alone = took
    assert together_first > 3 * SMALL
    assert len(alone) == 3
