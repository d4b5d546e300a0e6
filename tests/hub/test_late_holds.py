"""A hold whose answer came when the counter had decided by itself: used once, counted once."""

from sync.receipt import Outcome
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner, Resident


def test_points_that_were_held_when_a_standing_was_made_are_not_taken_off_it_again(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    n, asked = town.hold(shop, hana, 300)
    assert asked.granted
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI, hold=n)
    town.feed(shop, available=700)
    shop.spend(hana.card, town.account(hana), 700, town=KAWASAKI)

    verdicts = town.verdicts(town.put(shop))

    assert [verdicts[seq].outcome for seq in (3, 4)] == [Outcome.APPLIED, Outcome.APPLIED]
    assert town.owed(shop) == 1_000
    assert town.audit() == []


def test_points_that_were_held_later_are_taken_off_the_standing(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    town.clock.turn(minutes=1)
    n, asked = town.hold(shop, hana, 300)
    assert asked.granted
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI, hold=n)
    shop.spend(hana.card, town.account(hana), 800, town=KAWASAKI)

    verdict = town.verdicts(town.put(shop))[4]

    assert (verdict.outcome, verdict.reason) == (Outcome.EXCEPTION, "too-few-points")
    assert town.owed(shop) == 1_000
    assert town.audit() == []
