"""Lots: which dated points a wallet's transfers used, worked out from its history alone."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from hub.points.accounts import ISSUER, kind_of, lapsed, payable, subject_of, wallet
from hub.points.books import Source, Transfer
from hub.points.lots import NEVER, Left, lots_used, what_is_left
from sync.values import AccountId, Millis, OrganisationId

HANAKO = AccountId("0123456789abcdef")
WALLET = wallet(HANAKO)
SHOP = payable(OrganisationId("141305-B2108"))
SPRING, SUMMER = 1_000, 2_000


def moved(seq: int, debit: str, credit: str, points: int, expires: int = NEVER) -> Transfer:
    return Transfer(
        name="141305-B2108-1111",
        epoch="1-0000000000000000",
        seq=seq,
        part=0,
        debit=debit,
        credit=credit,
        points=points,
        posting=seq,
        window=1,
        step=0,
        at=Millis(seq),
        expires=expires,
        of="",
    )


def given_points(seq: int, points: int, expires: int = NEVER) -> Transfer:
    return moved(seq, ISSUER, WALLET, points, expires)


def spent(seq: int, points: int) -> Transfer:
    return moved(seq, WALLET, SHOP, points)


def test_the_points_that_end_first_are_used_first_and_endless_ones_last() -> None:
    history = [given_points(1, 50), given_points(2, 70, SUMMER), given_points(3, 30, SPRING)]

    history.append(spent(4, 120))

    lots = what_is_left(WALLET, history)

    assert lots_used(WALLET, history)[spent(4, 120).source] == [
        (SPRING, 30),
        (SUMMER, 70),
        (NEVER, 20),
    ]
    assert lots.in_order() == [(NEVER, 30)]


def test_points_given_later_were_not_there_to_be_used() -> None:
    history = [given_points(1, 50, SUMMER), spent(2, 50), given_points(3, 5, SPRING)]

    lots = what_is_left(WALLET, history)

    assert lots_used(WALLET, history) == {spent(2, 50).source: [(SUMMER, 50)]}
    assert lots.in_order() == [(SPRING, 5)]


def test_what_lapsed_leaves_its_own_date_alone() -> None:
    history = [given_points(1, 40, SPRING), given_points(2, 60, SUMMER)]
    lapse = moved(3, WALLET, lapsed(HANAKO, SPRING), 40, SPRING)

    assert what_is_left(WALLET, [*history, lapse]).in_order() == [(SUMMER, 60)]


def test_asking_what_would_be_used_uses_nothing() -> None:
    lots = Left({SPRING: 30, NEVER: 100})

    assert lots.take(50) == [(SPRING, 30), (NEVER, 20)]
    assert lots.in_order() == [(SPRING, 30), (NEVER, 100)]


@dataclass
class Purse:
    """A wallet's balance, to draw histories that can happen."""

    balance: int = 0


@given(st.data())
def test_lots_always_add_up_to_the_balance_and_uses_to_what_was_spent(data: st.DataObject) -> None:
    purse, history = Purse(), []
    for seq in range(1, data.draw(st.integers(1, 30)) + 1):
        spends = purse.balance > 0 and data.draw(st.booleans())
        points = data.draw(st.integers(1, purse.balance if spends else 999))
        purse.balance += -points if spends else points
        ends = data.draw(st.sampled_from([NEVER, SPRING, SUMMER]))
        history.append(spent(seq, points) if spends else given_points(seq, points, ends))

    lots, used = what_is_left(WALLET, history), lots_used(WALLET, history)

    assert sum(points for _, points in lots.in_order()) == purse.balance
    for move in history:
        if move.debit == WALLET:
            assert sum(points for _, points in used[move.source]) == move.points
    noted_at = data.draw(st.integers(0, len(history)))
    since = Left(dict(what_is_left(WALLET, history[:noted_at]).in_order()))
    for move in history[noted_at:]:
        since.play(move.points if move.credit == WALLET else -move.points, move.expires)
    assert since.in_order() == lots.in_order()
    assert Source.read(str(history[0].source)) == history[0].source


def test_an_account_says_its_kind_and_whose_it_is() -> None:
    assert (kind_of(WALLET), subject_of(WALLET)) == ("wallet", HANAKO)
    assert (kind_of(SHOP), subject_of(SHOP)) == ("payable", "141305-B2108")
