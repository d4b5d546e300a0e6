"""A ticket and its copies: what was paid, taken back and decided in one order or the other."""

import pytest

from sync.errors import RefusedByRule
from sync.receipt import Outcome
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner, Resident
from tests.hub.street import RESERVE, TICKET, Street, street


@pytest.fixture
def here(town: Corner, hana: Resident) -> Street:
    """The street of each test."""
    return street(town, hana)


def test_a_copy_that_people_paid_takes_the_place_of_the_first_when_that_is_taken_back(
    here: Street,
) -> None:
    here.redeem(here.fish)
    here.redeem(here.fruit, warned=True)
    here.decide(here.fruit, "pay")
    assert here.money == (0, RESERVE - TICKET, 500)

    here.take_back(here.fish)

    assert here.town.ticket_states() == {"redeemed": 1}
    assert here.town.verdict(here.fruit).outcome is Outcome.APPLIED
    assert here.money == (0, RESERVE, 500)
    assert here.town.audit() == []


def test_a_third_copy_finds_no_live_ticket_after_people_paid_the_second(here: Street) -> None:
    here.redeem(here.fish)
    here.redeem(here.fruit, warned=True)
    here.decide(here.fruit, "pay")
    here.take_back(here.fish)

    seq = here.redeem(here.booth, warned=True)

    assert here.town.verdict(here.booth, seq).paid == 0
    assert here.money == (0, RESERVE, 500)
    assert here.town.audit() == []


def test_a_copy_that_people_pay_after_the_first_was_taken_back_is_paid_by_the_ticket(
    here: Street,
) -> None:
    here.redeem(here.fish)
    here.redeem(here.fruit, warned=True)
    here.take_back(here.fish)
    assert here.money == (TICKET, RESERVE, 500)

    here.decide(here.fruit, "pay")

    assert here.town.verdict(here.fruit).outcome is Outcome.APPLIED
    assert here.town.ticket_states() == {"redeemed": 1}
    assert here.money == (0, RESERVE, 500)
    assert here.town.audit() == []


def test_who_was_charged_for_a_copy_gets_it_back_when_the_copy_becomes_the_first(
    here: Street,
) -> None:
    here.redeem(here.fish)
    here.redeem(here.fruit)
    here.decide(here.fruit, "recover")
    assert here.money == (0, RESERVE, 0)

    here.take_back(here.fish)

    assert here.money == (0, RESERVE, 500)
    assert here.town.audit() == []


def test_what_was_recovered_and_became_the_first_is_taken_back_though_hana_owes_again(
    here: Street,
) -> None:
    seq = here.redeem(here.fruit)
    copy = here.redeem(here.fish)
    here.decide(here.fish, "recover")
    here.take_back(here.fruit, seq)
    for shop in (here.fish, here.fruit):
        here.town.feed(shop, available=500)
    for shop in (here.fish, here.fruit):
        shop.spend(here.hana.card, here.town.account(here.hana), 500, town=KAWASAKI)
        here.town.put(shop)
    assert here.of_hana == -500

    here.take_back(here.fish, copy)

    assert here.money == (TICKET, RESERVE, -500)
    assert here.town.ticket_states() == {"issued": 1}
    assert here.town.audit() == []


def test_a_recovered_copy_that_is_taken_back_is_hanas_again(here: Street) -> None:
    here.redeem(here.fish)
    here.redeem(here.fruit)
    here.decide(here.fruit, "recover")

    here.take_back(here.fruit)

    assert here.money == (0, RESERVE, 500)
    assert here.got(GREENGROCER) == 0
    assert here.town.audit() == []


def test_a_written_off_copy_stays_with_the_reserve_until_it_becomes_the_first(
    here: Street,
) -> None:
    here.redeem(here.fish)
    here.redeem(here.fruit)

    here.decide(here.fruit, "write-off")
    assert here.money == (0, RESERVE - TICKET, 500)
    with pytest.raises(RefusedByRule, match="was decided"):
        here.decide(here.fruit, "recover")

    here.take_back(here.fish)
    assert here.money == (0, RESERVE, 500)
    assert here.town.audit() == []


def test_a_redemption_after_its_last_day_that_people_paid_leaves_nothing_for_a_copy(
    here: Street,
) -> None:
    here.town.feed(here.fish)
    early = here.town.redeem(here.fish, here.paper)
    for _ in range(3):
        here.town.night()
    here.redeem(here.fruit, warned=True)
    assert here.town.verdict(here.fruit).reason == "ticket-past"

    here.decide(here.fruit, "pay")
    here.town.put(here.fish)

    assert here.got(GREENGROCER) == TICKET
    assert here.town.verdict(here.fish, early).reason == "second-redemption"
    assert here.town.balance("reserve") == RESERVE - TICKET
    assert here.town.audit() == []


def test_a_copy_beyond_what_its_node_is_good_for_can_be_refused(here: Street) -> None:
    here.redeem(here.fish)
    here.redeem(here.booth)
    assert here.town.verdict(here.booth).reason == "second-redemption-beyond-float"

    here.decide(here.booth, "refuse")

    verdict = here.town.verdict(here.booth)
    assert (verdict.reason, verdict.paid) == ("refused", 0)
    assert here.money == (0, RESERVE, 500)
    assert here.town.audit() == []
