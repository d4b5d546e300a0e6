"""The incident of a second redemption on one screen: both sides, what each knew, who bears it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.desk import Desk
from hub.forms import DecisionForm, ExceptionRow
from hub.people import Person, Role
from hub.settlement.cases import Settlement
from hub.settlement.journal import Journal
from hub.telling import tell
from hub.treasury import Treasury
from hub.views import ExceptionView
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident

KATO = Person(name="Kato", role=Role.CLERK, municipality=KAWASAKI)
SCREEN = 24


@pytest.fixture
def treasury(town: Corner, tmp_path: Path) -> Treasury:
    """The desk of the street corner's hub."""
    town.fund(5_000)
    settlement = Settlement(town.core, Journal(tmp_path, town.core.keys.signing))
    return Treasury(town.core, town.mykey, Desk(town.core), settlement)


def second_redemption(town: Corner, hana: Resident) -> None:
    """A ticket of 500 at the fish shop, its photocopy at the greengrocer's ten minutes later."""
    paper = town.ticket(town.node(GREENGROCER, "2222"), hana, 500)
    shops = town.node(FISH_SHOP, place="harbour"), town.node(GREENGROCER, place="arcade")
    for shop in shops:
        town.feed(shop)
    for shop in shops:
        town.clock.turn(minutes=10)
        town.redeem(shop, paper)
    for shop in shops:
        town.put(shop)


def last(treasury: Treasury) -> ExceptionView:
    return treasury.exception(KATO, treasury.exceptions(KATO)[-1].id)


def test_a_second_redemption_is_told_on_one_screen(
    town: Corner, hana: Resident, treasury: Treasury
) -> None:
    second_redemption(town, hana)
    balances = town.balances()

    told = tell(last(treasury)).splitlines()

    assert len(told) <= SCREEN
    assert max(map(len, told)) <= 120
    said = "\n".join(told)
    for words in (
        "second-redemption (exception, open)  500 points",
        "this one: 八百屋, arcade",
        "the other one, which came first: 魚屋, harbour",
        "lists of 2026-11-02 10:00, 0 h 20 min old",
        "the node decided alone, by the policy",
        "of its node holds, the town's on the ticket holds",
        "verdict: exception, second-redemption; paid 500",
        "verdict: applied; paid 500",
        "who bears it:   the town's reserve",
        "recover - the holder of the ticket owes it",
    ):
        assert words in said, words
    assert town.balances() == balances, "what may be decided is rehearsed only"
    assert town.audit() == []


def test_a_second_one_from_a_pile_says_whose_pile_it_was(
    town: Corner, hana: Resident, treasury: Treasury
) -> None:
    office = town.node(GREENGROCER, "2222", kind="counter", place="office")
    paper = town.ticket(office, hana, 500)
    fruit = town.node(GREENGROCER, place="arcade")
    town.redeem(fruit, paper)
    town.put(fruit)
    town.clear(office, paper, FISH_SHOP)
    town.put(office)

    told = tell(last(treasury))

    assert "this one: 八百屋, office, for 魚屋" in told
    assert "the other one, which came first: 八百屋, arcade" in told
    assert "the ticket was paid before its paper came to be cleared" in told
    assert last(treasury).may == ("pay", "noted")


def test_only_what_fits_may_be_decided(town: Corner, hana: Resident, treasury: Treasury) -> None:
    second_redemption(town, hana)
    assert last(treasury).may == ("write-off", "recover", "noted")

    treasury.decide(KATO, last(treasury).id, DecisionForm(decision="noted", why="a copier"))
    assert last(treasury).may == ("write-off", "recover")
    town.decide(town.incidents()[-1][0], "recover")

    told = tell(last(treasury))
    assert last(treasury).may == ()
    assert "may be decided: nothing any more" in told
    assert "noted by Kato: a copier" in told
    assert "recover by Sato, Suzuki: because" in told


def test_a_signature_that_does_not_hold_is_said_loudly(
    town: Corner, hana: Resident, treasury: Treasury
) -> None:
    second_redemption(town, hana)
    with town.core.database.write() as tx:
        tx.run("UPDATE epoch SET public=:other", other=bytes(32))

    told = tell(last(treasury))

    assert told.count("of its node DOES NOT HOLD") == 2


def test_an_overspend_and_an_unreadable_record_are_told_too(
    town: Corner, hana: Resident, treasury: Treasury
) -> None:
    for name in (FISH_SHOP, GREENGROCER):
        shop = town.node(name)
        town.feed(shop, available=1_000)
        shop.spend(hana.card, town.account(hana), 700, town=KAWASAKI)
    for shop in list(town.pens.values()):
        town.put(shop)
    told = tell(last(treasury))
    assert "overspend" in told
    assert "the card's sealed, checked when it came" in told

    shop.records.append(b"\xc1 not a record at all")
    shop.evidence.append(None)
    shop.open(b"k" * 32, "2026-11")
    town.put(shop)
    assert "not readable" in tell(last(treasury))


def test_a_copy_of_a_voided_ticket_is_told_from_both_sides(
    town: Corner, hana: Resident, treasury: Treasury
) -> None:
    counter, fish = town.node(GREENGROCER, "2222", place="hall"), town.node(FISH_SHOP)
    paper = town.ticket(counter, hana, 500)
    town.void(counter, paper, 500)
    town.redeem(fish, paper)
    town.put(fish)

    told = {each.reason: each for each in map(last_of(treasury), treasury.exceptions(KATO))}

    assert set(told) == {"copy-of-voided", "copy-turned-up"}
    for view in told.values():
        assert [side.ticket for side in view.sides] == [view.sides[0].ticket] * 2
        assert [side.proof for side in view.sides] == ["the town's on the ticket holds"] * 2
    assert "the other one, which came first: " in tell(told["copy-of-voided"])
    assert "the other one, which came later: " in tell(told["copy-turned-up"])
    assert told["copy-of-voided"].may == ("write-off", "recover", "noted")


def last_of(treasury: Treasury) -> Callable[[ExceptionRow], ExceptionView]:
    return lambda row: treasury.exception(KATO, row.id)
