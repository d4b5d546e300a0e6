"""What nodes are told: pages, increments, standings that open only for who may know."""

from typing import TypeVar

import pytest

from hub.bodies import ProgrammeAdded
from hub.feed import lone, page
from hub.intake.receive import receive
from sync.clock import month_of
from sync.errors import NotAuthentic
from sync.feed import (
    Item,
    Page,
    PaymentDayItem,
    PolicyItem,
    ProgrammeItem,
    SealingKeyItem,
    SettledItem,
    StandingItem,
    TicketKeyItem,
    TownItem,
    UsedTicketItem,
    ZoneKeyItem,
)
from sync.standing import AccountStanding, Standing, ZoneKey
from sync.values import KeyDigest
from tests.doubles.clocks import at
from tests.doubles.pen import Pen
from tests.hub.corner import (
    BOOKSHOP,
    FISH_SHOP,
    GREENGROCER,
    KAWASAKI,
    TOSHIMA,
    Corner,
    Resident,
)

T = TypeVar("T", bound=Item)


@pytest.fixture
def shop(town: Corner) -> Pen:
    """A shop that has had a page already."""
    return town.node(GREENGROCER)


@pytest.mark.usefixtures("hana")
def test_the_whole_page_has_all_that_a_counter_needs(town: Corner, shop: Pen) -> None:
    found = _page(town, shop)

    assert (found.after, found.complete) == (0, True)
    assert {type(item) for item in found.items} == {
        PolicyItem,
        TownItem,
        PaymentDayItem,
        ProgrammeItem,
        TicketKeyItem,
        ZoneKeyItem,
        SealingKeyItem,
        StandingItem,
    }
    towns = [(item.municipality, item.accepted) for item in _of(found, TownItem)]
    assert sorted(towns) == [(TOSHIMA, True), (KAWASAKI, True)]
    months = sorted(item.month for item in _of(found, ZoneKeyItem))
    assert months == ["2026-10", "2026-11", "2026-12"]
    assert len(_of(found, StandingItem)) == 1


def test_an_increment_has_only_what_changed(town: Corner, hana: Resident, shop: Pen) -> None:
    before = _page(town, shop)

    nothing = _page(town, shop, after=before.number)
    town.grant(hana, 50)
    something = _page(town, shop, after=before.number)

    assert (nothing.items, nothing.number) == ((), before.number)
    assert [type(item) for item in something.items] == [StandingItem]
    assert something.number > before.number
    assert _opened(town, something, hana)[0].available == 1_050


def test_a_counter_is_told_when_its_town_pays_what_it_takes_today(town: Corner, shop: Pen) -> None:
    before = _page(town, shop)
    town.clock.turn(days=29)  # the next month's first

    after = _page(town, shop, after=before.number)

    assert {i.municipality: i.day for i in _of(before, PaymentDayItem)}[KAWASAKI] == "2026-12-25"
    assert {i.municipality: i.day for i in _of(after, PaymentDayItem)}[KAWASAKI] == "2027-01-25"


@pytest.mark.usefixtures("hana")
def test_a_cursor_of_another_incarnation_gets_the_whole_feed(town: Corner, shop: Pen) -> None:
    whole = _page(town, shop)

    again = page(town.core, town.mykey, shop.node, "2-ffffffffffffffff", whole.number)

    assert again.after == 0
    assert len(again.items) == len(whole.items)


def test_a_standing_opens_only_with_the_zones_key_and_the_card(
    town: Corner, hana: Resident, jiro: Resident, shop: Pen
) -> None:
    found = _page(town, shop)
    row = _of(found, StandingItem)[0]
    right = ZoneKey(row.month, _zone_key(found, row.month))
    wrong = ZoneKey(row.month, bytes(32))

    assert right.row_of(hana.card.digest) == row.row
    assert right.open(hana.card.digest, row.sealed).accounts
    for key, card in ((wrong, hana), (right, jiro)):
        with pytest.raises(NotAuthentic):
            key.open(card.card.digest, row.sealed)
    assert bytes(hana.card.digest) not in bytes(row.sealed)


def test_a_standing_says_no_more_than_may_be_taken_offline(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    town.grant(hana, 9_000)

    standing = _opened(town, _page(town, shop), hana)[0]

    assert (standing.available, standing.deficit) == (6_000, False)
    assert standing.expiring == ()


def test_a_standing_names_what_falls_away_while_it_may_be_used(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    _programme(town, "202", "2026-11-03")
    _programme(town, "303", "2026-11-20")
    town.grant(hana, 300, programme="202")
    town.grant(hana, 50, programme="303")

    standing = _opened(town, _page(town, shop), hana)[0]

    assert standing.available == 1_350
    assert [(lot.at, lot.points) for lot in standing.expiring] == [(at("2026-11-04 00:00"), 300)]


def test_of_a_capped_balance_only_what_the_cap_loses_falls_away(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    _programme(town, "202", "2026-11-03")
    town.grant(hana, 4_500)
    town.grant(hana, 1_000, programme="202")

    standing = _opened(town, _page(town, shop), hana)[0]

    assert standing.available == 6_000
    assert [lot.points for lot in standing.expiring] == [500]


def test_a_deficit_is_told(town: Corner, hana: Resident, shop: Pen) -> None:
    fish = town.node(FISH_SHOP)
    for pen in (fish, shop):
        town.feed(pen, available=1_000)
        pen.spend(hana.card, town.account(hana), 700, town=KAWASAKI)
    for pen in (fish, shop):
        town.put(pen)

    standing = _opened(town, _page(town, shop), hana)[0]

    assert (standing.available, standing.deficit) == (0, True)


def test_accounts_of_each_town_that_the_zone_may_take(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    town.grant(hana, 300, town=TOSHIMA)

    accounts = _opened(town, _page(town, shop), hana)

    assert {each.municipality: each.available for each in accounts} == {
        KAWASAKI: 1_000,
        TOSHIMA: 300,
    }


def test_a_page_says_which_records_it_counts(town: Corner, hana: Resident, shop: Pen) -> None:
    town.feed(shop, available=1_000)
    shop.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    before = _page(town, shop).as_of.includes
    town.put(shop)

    after = _page(town, shop).as_of.includes

    assert dict(before) == {shop.epoch: 0}
    assert dict(after) == {shop.epoch: 3}


def test_a_record_that_waits_for_another_town_is_not_counted_yet(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    town.grant(hana, 300, town=TOSHIMA)
    town.feed(shop, available=300)
    shop.spend(hana.card, town.account(hana, TOSHIMA), 100, town=TOSHIMA)
    shop.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    receive(town.core, shop.node, shop.epoch, 1, shop.batch())
    with town.core.database.write() as tx:
        tx.run("UPDATE cursor SET posted=4 WHERE node=:node", node=shop.node)
        tx.run(
            "INSERT INTO handover (municipality, home, node, epoch, branch, seq)"
            " VALUES (:town, :home, :node, :epoch, '', 3)",
            town=TOSHIMA,
            home=KAWASAKI,
            node=shop.node,
            epoch=shop.epoch,
        )

    includes = dict(_page(town, shop).as_of.includes)

    assert includes == {shop.epoch: 2}


def test_every_life_of_a_node_is_counted(town: Corner, shop: Pen) -> None:
    town.put(shop)
    again = town.next_life(shop)

    includes = dict(_page(town, again).as_of.includes)

    assert includes == {shop.epoch: 2, again.epoch: 0}


def test_a_used_ticket_is_listed_and_taken_off_when_the_redemption_is_taken_back(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    paper = town.ticket(town.node(GREENGROCER, "2222"), hana, 500)
    fish = town.node(FISH_SHOP)
    seq = town.redeem(fish, paper)
    town.put(fish)
    used = _page(town, shop)
    fish.reverse(seq, 500, town=KAWASAKI)
    town.put(fish)

    lives = _page(town, shop, after=used.number)

    assert [item.used for item in _of(used, UsedTicketItem)] == [True]
    assert [(item.name, item.used) for item in _of(lives, UsedTicketItem)] == [
        (_of(used, UsedTicketItem)[0].name, False)
    ]


def test_a_standing_that_comes_alone_is_newer_than_the_page_before_it(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    before = _page(town, shop)
    town.grant(hana, 50)

    alone = lone(town.core, town.mykey, shop.node, hana.card.digest)
    after = _page(town, shop, after=before.number)

    assert before.as_of.order < alone.as_of.order < after.as_of.order
    key = ZoneKey(alone.month, _zone_key(before, alone.month))
    assert key.open(hana.card.digest, alone.sealed).accounts[0].available == 1_050


def test_a_card_that_nobody_knows_has_an_empty_standing(town: Corner, shop: Pen) -> None:
    alone = lone(town.core, town.mykey, shop.node, KeyDigest(bytes(32)))

    assert alone.sealed == b""


def test_with_the_month_rows_move_to_its_key(town: Corner, hana: Resident, shop: Pen) -> None:
    november = _page(town, shop)
    town.clock.set(at("2026-12-01 09:00"))
    december = _page(town, shop, after=november.number)

    assert [item.month for item in _of(november, StandingItem)] == ["2026-11"]
    assert [item.month for item in _of(december, StandingItem)] == ["2026-12"]
    assert [item.month for item in _of(december, ZoneKeyItem)] == ["2027-01"]
    assert month_of(town.clock.now()) == "2026-12"
    row = _of(december, StandingItem)[0]
    key = ZoneKey("2026-12", _zone_key(november, "2026-12"))
    assert key.open(hana.card.digest, row.sealed).accounts[0].available == 1_000


@pytest.mark.usefixtures("hana")
def test_another_zones_page_has_other_keys(town: Corner, shop: Pen) -> None:
    away = town.node(BOOKSHOP)

    here, there = _page(town, shop), _page(town, away)

    assert not {item.zone_key for item in _of(here, ZoneKeyItem)} & {
        item.zone_key for item in _of(there, ZoneKeyItem)
    }
    assert not {item.row for item in _of(here, StandingItem)} & {
        item.row for item in _of(there, StandingItem)
    }


def test_a_settled_window_is_told(town: Corner, hana: Resident, shop: Pen) -> None:
    town.feed(shop, available=1_000)
    shop.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    town.put(shop)
    number = town.close_window()
    assert _of(_page(town, shop), SettledItem) == []
    town.release_window(number)
    town.pay_window(number)

    settled = _of(_page(town, shop), SettledItem)

    assert [(item.municipality, item.window) for item in settled] == [(KAWASAKI, number)]


@pytest.mark.usefixtures("hana")
def test_what_does_not_fit_in_a_page_comes_with_the_next_one(
    town: Corner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.feed.MOST_ITEMS", 4)
    shop = town.node(GREENGROCER)
    for programme in ("202", "303", "404"):
        _programme(town, programme, "2026-12-01")
    pages = [_page(town, shop)]
    while not pages[-1].complete:
        pages.append(_page(town, shop, after=pages[-1].number))

    kinds = [type(item) for each in pages for item in each.items]

    assert len(pages) > 1
    assert all(len(each.items) <= 4 for each in pages)
    assert kinds.count(ProgrammeItem) == 5
    assert kinds.count(SealingKeyItem) == 2
    assert kinds.count(StandingItem) == 1


def _page(town: Corner, pen: Pen, after: int = 0) -> Page:
    return page(town.core, town.mykey, pen.node, str(town.core.incarnation), after)


def _of(found: Page, kind: type[T]) -> list[T]:
    return [item for item in found.items if isinstance(item, kind)]


def _zone_key(found: Page, month: str) -> bytes:
    return next(item.zone_key for item in _of(found, ZoneKeyItem) if item.month == month)


def _opened(town: Corner, found: Page, who: Resident) -> tuple[AccountStanding, ...]:
    """A resident's accounts as a node of the zone opens them."""
    return _standing(town, found, who).accounts


def _standing(town: Corner, found: Page, who: Resident) -> Standing:
    """A resident's standing as a node of the zone opens it."""
    month = month_of(town.clock.now())
    key = town.core.keys.zone(f"{KAWASAKI}-1", month)
    row = next(item for item in _of(found, StandingItem) if item.row == key.row_of(who.card.digest))
    return key.open(who.card.digest, row.sealed)


def _programme(town: Corner, programme: str, use_until: str) -> None:
    ends = (use_until,) * 4
    town.enact(ProgrammeAdded(KAWASAKI, programme, "祭り", "商工課", 0, *ends))
