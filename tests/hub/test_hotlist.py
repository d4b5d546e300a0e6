"""The hotlist is the sealed standings with a state: enrolled cards only, exact, and as news."""

import hashlib
from types import MappingProxyType

import pytest

from hub.bodies import Granted, RevocationSourceSet
from hub.feed import lone
from sync.certificate import Algorithm, CardKey
from sync.clock import month_of
from sync.feed import Page, RevocationItem, StandingItem
from sync.policy import closed
from sync.revocation import Kind, RevocationList
from sync.standing import Standing
from sync.values import DAY, PLATFORM, CardState, Digest, KeyDigest, Millis, Points
from tests.doubles.clocks import at
from tests.doubles.pen import Pen
from tests.hub.corner import GREENGROCER, ISSUER, KAWASAKI, Corner, Resident, serial_of
from tests.hub.test_feed import _page, _standing

PEOPLE = 500
LOST = (7, 250, 499)
"""Whose cards are revoked."""


@pytest.fixture
def shop(town: Corner) -> Pen:
    return town.node(GREENGROCER)


def card(number: int) -> KeyDigest:
    return KeyDigest(hashlib.sha256(b"public %d" % number).digest())


def crowd(town: Corner) -> None:
    """Many people with a point each."""
    with town.core.database.write():
        for number in range(PEOPLE):
            believed = CardKey(
                digest=card(number),
                algorithm=Algorithm.RS256,
                public_key=b"public %d" % number,
                issuer_key_id=ISSUER,
                serial=serial_of(card(number)),
                not_after=at("2036-01-01 00:00"),
            )
            made = town.mykey.register(believed, "", consent_points=True)
            account = town.mykey.account_for(made.mykey_id, KAWASAKI)
            town.enact(Granted(KAWASAKI, account, Points(1), "101", "cleaning"))


def listed(town: Corner, number: int, *people: int) -> None:
    """The issuer's list: these cards, and a thousand strangers'."""
    now = town.clock.now()
    strangers = dict.fromkeys(range(1, 1_001), Kind.REVOKED)
    entries = {serial_of(card(each)): Kind.HELD for each in people}
    town.mykey.revocations.take(
        RevocationList(
            issuer_key_id=ISSUER,
            number=number,
            this_update=now,
            next_update=Millis(now + DAY),
            digest=Digest(number.to_bytes(32, "big")),
            entries=MappingProxyType(strangers | entries),
        )
    )


def rows_of(page: Page) -> dict[bytes, bytes]:
    return {item.row: item.sealed for item in page.items if isinstance(item, StandingItem)}


def test_three_of_five_hundred_cards_are_three_rows_of_the_next_page(
    town: Corner, shop: Pen
) -> None:
    crowd(town)
    before = _page(town, shop)
    rows = rows_of(before)
    key = town.core.keys.zone(f"{KAWASAKI}-1", month_of(town.clock.now()))

    def why(number: int) -> str | None:
        """What a node that has this page says offline."""
        row = rows[key.row_of(card(number))]
        return closed(key.open(card(number), row).state)

    assert len(rows) == PEOPLE
    assert {why(number) for number in range(PEOPLE)} == {None}

    listed(town, 1, *LOST)
    news = _page(town, shop, after=before.number)
    rows.update(rows_of(news))

    assert set(rows_of(news)) == {key.row_of(card(number)) for number in LOST}
    assert len(news.items) == len(LOST)
    refused = {number for number in range(PEOPLE) if why(number) == "card-revoked"}
    assert refused == set(LOST)
    assert {why(number) for number in set(range(PEOPLE)) - refused} == {None}

    listed(town, 2, *LOST[1:])
    restored = _page(town, shop, after=news.number)
    rows.update(rows_of(restored))

    assert set(rows_of(restored)) == {key.row_of(card(LOST[0]))}
    assert why(LOST[0]) is None
    assert [why(number) for number in LOST[1:]] == ["card-revoked"] * 2
    assert _page(town, shop, after=restored.number).items == ()


def test_a_card_that_a_counter_asks_about_alone_is_told_revoked(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    town.listed(1, hana)

    told = lone(town.core, town.mykey, shop.node, hana.card.digest)

    key = town.core.keys.zone(f"{KAWASAKI}-1", told.month)
    found = key.open(hana.card.digest, told.sealed)
    assert isinstance(found, Standing)
    assert found.state is CardState.REVOKED


def test_what_was_sold_before_the_news_is_judged_as_any_other(town: Corner, hana: Resident) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    town.listed(1, hana)
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)

    assert town.verdict(shop).reason == ""
    town.feed(shop, available=700)
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    assert town.verdict(shop).reason == "card-revoked"
    town.listed(2)
    assert town.mykey.state_of(hana.card.digest) is CardState.REVOKED, "for good"
    assert town.audit() == []


def test_a_hold_is_refused_for_a_revoked_card(town: Corner, hana: Resident, shop: Pen) -> None:
    town.listed(1, hana)

    _, asked = town.hold(shop, hana, 100)

    assert (asked.granted, asked.reason) == (False, "card-revoked")
    assert town.audit() == []


# -- until when the lists are good


def told(page: Page) -> list[RevocationItem]:
    return [item for item in page.items if isinstance(item, RevocationItem)]


def test_nodes_are_told_until_when_the_lists_are_good(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    first = _page(town, shop)
    assert told(first) == [], "no source, no item"

    town.enact(RevocationSourceSet(PLATFORM, "dir:/srv/lists"), "Sato")
    none_yet = _page(town, shop, after=first.number)
    assert told(none_yet) == [RevocationItem(0)]

    town.listed(1)
    taken = _page(town, shop, after=none_yet.number)
    assert told(taken) == [RevocationItem(Millis(town.clock.now() + DAY))]
    assert told(_page(town, shop, after=taken.number)) == []

    town.enact(RevocationSourceSet(PLATFORM, "none"), "Sato")
    assert told(_page(town, shop, after=taken.number)) == [RevocationItem(None)]
    assert _standing(town, first, hana).state is CardState.ACTIVE
