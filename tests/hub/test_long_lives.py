"""A wallet lives for years, and what it did in them is not read again each time.

What is left of the points of each date follows from all that ever went in and out. What was left
once is noted; only what came behind it is played.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hub.bodies import ProgrammeAdded
from hub.feed import page
from hub.nightly import nightly
from hub.points.books import wallet_history
from hub.points.left import left_in
from hub.points.lots import Left, what_is_left
from hub.points.months import Months
from sync.feed import Page
from sync.values import AccountId
from tests.doubles.clocks import at
from tests.doubles.pen import Pen
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner, Resident

FESTIVAL = "202"
TUESDAY = at("2026-11-04 00:00")
HERS = 1_000
"""What Hana had before the festival; it ends in another year."""


@pytest.fixture
def shop(town: Corner) -> Pen:
    """A shop of a town with a festival, whose points end with Tuesday."""
    town.enact(ProgrammeAdded(KAWASAKI, FESTIVAL, "祭り", "商工課", 0, *("2026-11-03",) * 4))
    return town.node(GREENGROCER)


def told(town: Corner, shop: Pen, after: int = 0) -> Page:
    """What the hub tells of those whose wallets changed."""
    return page(town.core, town.mykey, shop.node, str(town.core.incarnation), after)


def lived(town: Corner, who: Resident, grants: int) -> None:
    """Some years go by in a wallet."""
    for _ in range(grants):
        town.grant(who, 10, programme=FESTIVAL)


@contextmanager
def plays() -> Iterator[list[tuple[int, int]]]:
    """The transfers that are played meanwhile: points and date."""
    found: list[tuple[int, int]] = []
    real = Left.play

    def counted(lots: Left, points: int, date: int) -> list[tuple[int, int]]:
        found.append((points, date))
        return real(lots, points, date)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Left, "play", counted)
        yield found


def left(town: Corner, account: AccountId) -> list[tuple[int, int]]:
    """What is left of each date in a wallet, by what was noted and what came behind it."""
    with town.core.database.read() as tx:
        return dict(left_in(tx, KAWASAKI, [account], noting=False))[account].in_order()


def played(town: Corner, account: AccountId) -> list[tuple[int, int]]:
    """The same, by all of its life."""
    with town.core.database.read() as tx:
        history = wallet_history(tx, KAWASAKI, account)
    return what_is_left(f"wallet:{account}", history).in_order()


@pytest.mark.parametrize("grants", [3, 90])
def test_whoever_is_told_of_once_costs_the_next_page_what_came_since(
    town: Corner, hana: Resident, shop: Pen, grants: int
) -> None:
    lived(town, hana, grants)
    before = told(town, shop)
    town.grant(hana, 5, programme=FESTIVAL)

    with plays() as since:
        told(town, shop, before.number)

    assert since == [(5, TUESDAY)]
    assert left(town, town.account(hana))[0] == (TUESDAY, 10 * grants + 5)


def test_the_night_in_which_they_end_reads_what_came_since(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    lived(town, hana, 90)
    told(town, shop)
    town.grant(hana, 5, programme=FESTIVAL)
    town.clock.turn(days=2)

    with plays() as since:
        nightly(town.core)

    assert town.wallet(hana) == HERS
    assert since == [(5, TUESDAY)]
    assert town.audit() == []


def test_what_a_counter_sold_last_month_and_hands_in_now_is_not_passed_by(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    ends = ("2026-12-02",) * 4
    town.enact(ProgrammeAdded(KAWASAKI, "303", "歳末", "商工課", 0, *ends))
    town.clock.set(at("2026-11-30 18:00"))
    nightly(town.core)
    town.grant(hana, 300, programme="303")
    town.grant(hana, 200)
    town.feed(shop, available=HERS + 500)
    shop.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    town.night()
    town.grant(hana, 1)
    told(town, shop)

    town.put(shop)

    wednesday = at("2026-12-03 00:00")
    account = town.account(hana)
    assert left(town, account)[0] == (wednesday, 200)
    assert left(town, account) == played(town, account)
    told(town, shop)
    town.night()
    town.night()
    assert town.wallet(hana) == HERS + 201
    assert town.audit() == []


def test_the_last_sale_of_a_month_is_given_back_in_the_next_one(
    town: Corner, hana: Resident, jiro: Resident, shop: Pen
) -> None:
    town.clock.set(at("2026-11-30 18:00"))
    nightly(town.core)
    town.feed(shop, available=HERS)
    sale = shop.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    town.put(shop)
    assert town.wallet(hana) == HERS - 100
    town.clock.turn(hours=15)
    town.grant(jiro, 1)  # in the town's very next posting

    town.feed(shop, available=HERS)
    shop.refund(sale, 100, town=KAWASAKI)
    town.put(shop)

    assert town.wallet(hana) == HERS
    assert town.audit() == []


def test_what_two_counters_did_in_one_posting_is_noted_whole(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    lived(town, hana, 3)
    other = town.node(GREENGROCER, "4444")
    for pen in (shop, other):
        town.feed(pen, available=30)
        pen.spend(hana.card, town.account(hana), 10, town=KAWASAKI)
        town.put(pen, judged=False)

    told(town, shop)

    assert left(town, town.account(hana))[0] == (TUESDAY, 10)
    assert left(town, town.account(hana)) == played(town, town.account(hana))


def test_a_note_that_says_something_else_is_named(town: Corner, hana: Resident, shop: Pen) -> None:
    lived(town, hana, 3)
    told(town, shop)
    with town.core.database.write() as tx:
        assert tx.run("UPDATE left_then SET lots=:lots", lots=b"\x91\x92\x00\x1f") == 1

    (found,) = town.audit()
    assert (found.finding, found.found) == ("left_then", "[(0, 31)]")
    assert str((TUESDAY, 30)) in found.expected


def test_a_look_begins_with_the_first_month_that_anything_since_may_be_of() -> None:
    months = Months({202610: 7, 202611: 9, 202612: 2**62})

    assert [months.behind(posting) for posting in (0, 6, 7, 8, 9, 1_000)] == [
        202610,
        202610,
        202611,
        202611,
        202612,
        202612,
    ]
