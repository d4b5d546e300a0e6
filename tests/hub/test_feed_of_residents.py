"""What nodes are told of residents who were suspended, resumed, or left and came anew."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.mykey.reasons import Cancellation, Resumption, Suspension
from sync.feed import Page, StandingItem
from sync.holds import HoldRequest, Purpose
from sync.receipt import Outcome
from sync.values import CardState, Points
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident
from tests.hub.test_feed import _opened, _page, _standing


def _told(town: Corner, page: Page, who: Resident) -> tuple[CardState, int]:
    """How a page says that a resident's card stands, and what it opens."""
    standing = _standing(town, page, who)
    return standing.state, standing.accounts[0].available


@pytest.fixture
def shop(town: Corner) -> Pen:
    """A shop that has had a page already."""
    return town.node(GREENGROCER)


def test_the_next_page_says_that_a_resident_was_suspended_and_resumed(
    town: Corner, hana: Resident, jiro: Resident, shop: Pen
) -> None:
    town.grant(jiro, 10)
    before = _page(town, shop)

    town.mykey.suspend(hana.name, Suspension.LOST, person="Kato")
    suspended = _page(town, shop, after=before.number)
    quiet = _page(town, shop, after=suspended.number)
    town.mykey.resume(hana.name, Resumption.FOUND, person="Kato")
    resumed = _page(town, shop, after=quiet.number)

    assert [type(item) for item in suspended.items] == [StandingItem]
    assert _told(town, suspended, hana) == (CardState.SUSPENDED, 1_000)
    assert (quiet.items, quiet.number) == ((), suspended.number)
    assert _told(town, resumed, hana) == (CardState.ACTIVE, 1_000)
    assert town.audit() == []


def test_a_suspension_is_told_to_a_zone_that_looks_for_the_first_time_in_a_month(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    _page(town, shop)
    town.mykey.suspend(hana.name, Suspension.LOST, person="Kato")
    town.clock.turn(days=29)

    told = _told(town, _page(town, shop), hana)

    assert told == (CardState.SUSPENDED, 1_000)


def test_a_suspended_resident_whom_no_counter_knows_is_told_to_none(
    town: Corner, hana: Resident, jiro: Resident, shop: Pen
) -> None:
    before = _page(town, shop)
    assert hana != jiro
    town.mykey.suspend(jiro.name, Suspension.LOST, person="Kato")

    assert _page(town, shop, after=before.number).items == ()


def test_a_suspended_resident_is_told_with_the_points_that_came_meanwhile(
    town: Corner, jiro: Resident, shop: Pen
) -> None:
    before = _page(town, shop)
    town.grant(jiro, 10)
    town.mykey.suspend(jiro.name, Suspension.LOST, person="Kato")

    told = _told(town, _page(town, shop, after=before.number), jiro)

    assert told == (CardState.SUSPENDED, 10)


def test_who_left_and_registers_anew_begins_with_nothing(
    town: Corner, hana: Resident, card_keys: list[RSAPrivateKey], shop: Pen
) -> None:
    before = _page(town, shop)
    town.mykey.cancel(hana.name, Cancellation.ASKED, person="Kato")
    left = _page(town, shop, after=before.number)
    again = town.resident(card_keys[0])
    anew = _page(town, shop, after=left.number)
    town.grant(again, 70)
    granted = _page(town, shop, after=anew.number)

    assert again.name != hana.name
    assert _told(town, left, hana) == (CardState.CANCELLED, 1_000)
    assert _opened(town, anew, again) == ()
    [told] = _opened(town, granted, again)
    assert (told.available, told.account) == (70, town.account(again))
    assert _told(town, granted, again) == (CardState.ACTIVE, 70)
    assert town.audit() == []


def test_what_happened_offline_before_the_news_is_judged_as_any_other(
    town: Corner, hana: Resident, card_keys: list[RSAPrivateKey]
) -> None:
    shop = town.node(FISH_SHOP)
    town.feed(shop, available=1_000)
    account = town.account(hana)
    town.mykey.suspend(hana.name, Suspension.STOLEN, person="Kato")
    shop.spend(hana.card, account, 300, town=KAWASAKI)
    suspended = town.verdicts(town.put(shop))
    town.mykey.cancel(hana.name, Cancellation.ASKED, person="Kato")
    town.resident(card_keys[0])
    shop.spend(hana.card, account, 200, town=KAWASAKI)
    left = town.verdicts(town.put(shop))

    assert {verdict.outcome for verdict in (*suspended.values(), *left.values())} == {
        Outcome.APPLIED
    }
    assert town.balance(f"wallet:{account}") == 500
    assert town.audit() == []


def test_nothing_is_held_for_who_is_suspended_or_left(town: Corner, hana: Resident) -> None:
    shop = town.node(FISH_SHOP)
    asked = HoldRequest(
        municipality=KAWASAKI,
        purpose=Purpose.SPEND,
        points=Points(100),
        account=town.account(hana),
        card=hana.card.digest,
        ticket=b"",
        wanted=None,
        after=(),
    )
    before, _ = town.ask(shop, asked)

    town.mykey.suspend(hana.name, Suspension.LOST, person="Kato")
    _, suspended = town.ask(shop, asked)
    town.mykey.cancel(hana.name, Cancellation.ASKED, person="Kato")
    _, left = town.ask(shop, asked)
    _, again = town.ask(shop, asked, n=before)

    assert [(each.granted, each.reason) for each in (suspended, left)] == [
        (False, "not-active"),
        (False, "mykey-id-cancelled"),
    ]
    assert again.granted, "what was held before is not taken back"
    assert town.audit() == []
