"""What it takes to tell nodes of a festival: hundreds of wallets change between two pages.

A hub that asked each by itself, with the ledger held, would keep everybody at a counter waiting.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hub import feed
from hub.bodies import ProgrammeAdded
from hub.feed import page
from hub.store.database import Database
from sync.clock import month_of
from sync.feed import Page, StandingItem
from tests.doubles.listening import listening
from tests.doubles.pen import Pen
from tests.hub.corner import GREENGROCER, KAWASAKI, TOSHIMA, Corner, Resident

MOST, MOST_OF_NOTHING = 20, 14
"""Questions of a page on which wallets have changed, and of one on which nothing has."""


@pytest.fixture
def shop(town: Corner) -> Pen:
    """A shop that has had a page already."""
    return town.node(GREENGROCER)


@pytest.fixture
def crowd(town: Corner) -> list[Resident]:
    """Everybody who comes to the festival, with points."""
    keys = [ec.derive_private_key(1 + place, ec.SECP256R1()) for place in range(7)]
    people = [town.resident(key) for key in keys]
    for who in people:
        town.grant(who, 1_000)
    return people


def test_a_page_asks_no_more_for_many_changed_wallets_than_for_one(
    town: Corner, shop: Pen, crowd: list[Resident]
) -> None:
    before = _page(town, shop)
    town.grant(crowd[0], 10)
    with listening(town.core.database) as one:
        first = _page(town, shop, before.number)
    for who in crowd:
        town.grant(who, 10)
    with listening(town.core.database) as many:
        second = _page(town, shop, first.number)

    assert (len(_rows(first)), len(_rows(second))) == (1, len(crowd))
    assert len(one.asked) == len(many.asked) <= MOST


def test_a_page_on_which_there_is_nothing_new_changes_nothing_but_what_was_told(
    town: Corner, shop: Pen
) -> None:
    before = _page(town, shop)

    with listening(town.core.database) as here, listening(town.mykey._database) as identities:
        nothing = _page(town, shop, before.number)

    assert (nothing.items, nothing.number) == ((), before.number)
    written = [asked for asked in here.asked if asked.startswith(("INSERT", "UPDATE"))]
    assert [asked.split()[2] for asked in written] == ["feed_position", "told_node"]
    assert len(here.asked) <= MOST_OF_NOTHING
    assert len(identities.asked) == 1


def test_news_of_several_towns_come_with_one_page(town: Corner, shop: Pen) -> None:
    hana = town.resident(ec.derive_private_key(1, ec.SECP256R1()))
    before = _page(town, shop)
    town.grant(hana, 10)
    with listening(town.core.database) as one:
        first = _page(town, shop, before.number)
    town.grant(hana, 10)
    town.grant(hana, 30, town=TOSHIMA)
    with listening(town.core.database) as both:
        second = _page(town, shop, first.number)

    assert _accounts(town, second, hana) == {KAWASAKI: 20, TOSHIMA: 30}
    assert len(one.asked) == len(both.asked)


def test_whose_points_last_for_long_is_told_without_what_the_wallet_did_before(
    town: Corner, shop: Pen, crowd: list[Resident]
) -> None:
    hana, jiro = crowd[:2]
    _programme(town, "202", "2027-03-31")
    _programme(town, "303", "2026-11-03")
    for _ in range(30):
        town.grant(hana, 10, programme="202")
    before = _page(town, shop)
    town.grant(hana, 10, programme="202")
    with listening(town.core.database) as long:
        _page(town, shop, before.number)
    town.grant(jiro, 10, programme="303")
    with listening(town.core.database) as short:
        _page(town, shop, before.number)

    assert not any("transfer" in asked for asked in long.asked)
    assert any("transfer" in asked for asked in short.asked), "some of it falls away on Tuesday"


def test_a_whole_town_is_told_in_portions_between_which_people_go_first(
    town: Corner, shop: Pen, crowd: list[Resident], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PORTION", 2)
    for who in crowd:
        town.grant(who, 1)

    with _transactions(town.core.database) as begun:
        told = _page(town, shop)

    assert told.complete
    assert len(begun) > len(crowd) / 2
    assert _balances(town, told, crowd) == [1_001] * len(crowd)
    assert _rows(_page(town, shop, told.number)) == []


def test_what_one_posting_changed_is_told_in_portions_as_well(
    town: Corner, shop: Pen, crowd: list[Resident], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _page(town, shop)
    monkeypatch.setattr(feed, "PORTION", 2)
    _programme(town, "202", "2026-11-03")
    for who in crowd:
        town.grant(who, 100, programme="202")
    _page(town, shop, before.number)
    for _ in range(3):
        town.night()

    with _transactions(town.core.database) as begun:
        told = _page(town, shop, before.number)

    assert len(begun) > len(crowd) / 2
    assert _balances(town, told, crowd) == [1_000] * len(crowd)
    assert _rows(_page(town, shop, told.number)) == []


@contextmanager
def _transactions(ledger: Database) -> Iterator[list[object]]:
    """Those that are begun meanwhile to change something."""
    begun: list[object] = []
    settle = Database.settle

    def counted(one: Database, towns: object, do: object) -> object:
        if one is ledger:
            begun.append(towns)
        return settle(one, towns, do)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Database, "settle", counted)
        yield begun


def _programme(town: Corner, number: str, until: str) -> None:
    ends = (until,) * 4
    town.enact(ProgrammeAdded(KAWASAKI, number, "祭り", "商工課", 0, *ends))


def _page(town: Corner, pen: Pen, after: int = 0) -> Page:
    return page(town.core, town.mykey, pen.node, str(town.core.incarnation), after)


def _rows(found: Page) -> list[StandingItem]:
    return [item for item in found.items if isinstance(item, StandingItem)]


def _accounts(town: Corner, found: Page, who: Resident) -> dict[str, int]:
    """What a node of the zone may take of somebody, by town and by this page."""
    key = town.core.keys.zone(f"{KAWASAKI}-1", month_of(town.clock.now()))
    (item,) = _rows(found)
    standing = key.open(who.card.digest, item.sealed)
    return {one.municipality: one.available for one in standing.accounts}


def _balances(town: Corner, found: Page, some: list[Resident]) -> list[int]:
    """What a node of the zone may take of each, by this page."""
    key = town.core.keys.zone(f"{KAWASAKI}-1", month_of(town.clock.now()))
    sealed = {item.row: item.sealed for item in _rows(found)}
    cards = [who.card.digest for who in some]
    return [key.open(card, sealed[key.row_of(card)]).accounts[0].available for card in cards]
