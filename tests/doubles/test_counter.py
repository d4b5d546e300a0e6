"""The counter that is made up keeps real sums, whatever is asked of it."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.card.errors import CardUnreadable
from node.outcome import Approved, Choose, Issued, Prepared, Refused
from sync.records import Tier
from sync.values import Points
from tests.doubles.counter import KAWASAKI, FakeCounter, shop, slowly

if TYPE_CHECKING:
    from node.counter import Counter
    from tui.usecases import UseCases

    def _the_real_counter_has_the_same_shape(counter: Counter) -> UseCases:
        return counter

    def _so_has_the_one_that_is_made_up(counter: FakeCounter) -> UseCases:
        return counter


_HANAKO = "soft:hanako"
_MOVES = ("spend", "drop", "redeem", "issue", "reverse", "wrong-pin", "shift")


def _move(counter: FakeCounter, what: str, size: int) -> None:
    """One thing that somebody does at the counter; refusals are fine."""
    if what == "spend":
        counter.spend(_HANAKO, KAWASAKI, Points(size), bytearray(b"1234"))
    elif what == "wrong-pin":
        counter.spend(_HANAKO, KAWASAKI, Points(size), bytearray(b"0000"))
    elif what == "drop":
        prepared = counter.prepare(_HANAKO, None, Points(size))
        if isinstance(prepared, Prepared):
            counter.drop(prepared)
    elif what == "redeem":
        counter.redeem(next(iter(counter.tickets), "QR-none"))
    elif what == "issue":
        counter.issue_tickets(
            _HANAKO,
            KAWASAKI,
            Points(size),
            days=3,
            count=2,
            programme=None,
            pin=bytearray(b"1234"),
        )
    elif what == "reverse":
        counter.reverse(size % (len(counter.rows) + 1))
    else:
        counter.close_shift()


@given(st.lists(st.tuples(st.sampled_from(_MOVES), st.integers(1, 900)), max_size=25))
def test_points_are_neither_made_nor_lost(moves: list[tuple[str, int]]) -> None:
    counter = shop()
    before = counter.points_in_all()
    for what, size in moves:
        _move(counter, what, size)
        assert counter.points_in_all() == before
        assert all(points >= 0 for points in counter.cards[_HANAKO].points.values())


def test_a_spend_moves_the_points_and_the_pin_is_overwritten() -> None:
    counter, pin = shop(), bytearray(b"1234")
    done = counter.spend(_HANAKO, KAWASAKI, Points(500), pin)
    assert isinstance(done, Approved)
    assert (done.tier, done.balance_after) == (Tier.T0, 1_500)
    assert pin == bytes(4)


def test_three_wrong_pins_lock_the_card() -> None:
    counter = shop()
    reasons = [
        outcome.reason
        for _ in range(4)
        if isinstance(
            outcome := counter.spend(_HANAKO, KAWASAKI, Points(5), bytearray(b"0000")), Refused
        )
    ]
    assert reasons == ["wrong-pin", "wrong-pin", "pin-locked", "pin-locked"]


def test_a_card_of_two_towns_has_to_choose() -> None:
    assert isinstance(shop().prepare("soft:taro", None, Points(5)), Choose)


def test_an_issued_ticket_can_be_redeemed_once() -> None:
    counter = shop()
    issued = counter.issue_tickets(
        _HANAKO, KAWASAKI, Points(300), days=3, count=1, programme=None, pin=bytearray(b"1234")
    )
    assert isinstance(issued, Issued)
    qr = issued.papers[0].qr
    assert isinstance(counter.redeem(qr), Approved)
    again = counter.redeem(qr)
    assert isinstance(again, Refused)
    assert again.reason == "ticket-seen-here"


def test_offline_spends_use_the_limit_and_wait() -> None:
    counter = shop(silent=True)
    counter.spend(_HANAKO, KAWASAKI, Points(500), bytearray(b"1234"))
    status = counter.status()
    assert (status.waiting, status.offline_left, status.hub_reachable) == (1, 29_500, False)


def test_a_failure_is_raised_once() -> None:
    counter = shop(fails_with=CardUnreadable("no"))
    with pytest.raises(CardUnreadable):
        counter.look_up(_HANAKO)
    assert counter.look_up(_HANAKO).towns


def test_a_slow_counter_waits_until_it_is_let_go() -> None:
    counter = shop()
    go_on = slowly(counter)
    assert not counter.gate.is_set()
    go_on()
    assert counter.gate.is_set()


def test_it_loads_no_more_than_the_first_screen_does() -> None:
    """How soon that is there is measured over it; what signs and sends comes when it is asked."""
    code = (
        "import sys, tests.doubles.counter, tui.app;"
        "print([m for m in ('cryptography', 'sync.calls', 'httpx') if m in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )

    assert loaded.stdout.strip() == "[]"
