"""A hold without a word lives as long as records may be handed in, and a day; then it is free."""

import pytest

from sync.receipt import Outcome
from sync.records import Tier
from tests.doubles.pen import Pen
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner, Resident


@pytest.fixture
def shop(town: Corner) -> Pen:
    return town.node(GREENGROCER)


def sleep(town: Corner, days: int) -> None:
    """Days pass; the hub's night comes with each."""
    for _ in range(days):
        town.night()


def test_points_of_a_node_that_never_spoke_again_come_back(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    town.hold(shop, hana, 300)
    sleep(town, 31)
    assert town.wallet(hana) == 700, "its record may still come"

    sleep(town, 1)

    assert town.wallet(hana) == 1_000
    assert town.audit() == []
    sleep(town, 3)
    assert town.wallet(hana) == 1_000


def test_an_ended_hold_opens_no_more_and_a_record_that_comes_after_all_is_too_late(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    n, _ = town.hold(shop, hana, 300)
    seq = shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI, tier=Tier.T0, hold=n)
    sleep(town, 32)

    again, asked = town.hold(shop, hana, 200)
    verdict = town.verdicts(town.put(shop))[seq]

    assert asked.granted
    assert again != n
    assert (verdict.outcome, verdict.reason) == (Outcome.EXCEPTION, "late-hand-in")
    assert town.wallet(hana) == 500, "a good card signature takes from the wallet what is there"
    assert town.audit() == []


def test_a_hold_that_a_waiting_record_names_is_kept(
    town: Corner, shop: Pen, hana: Resident, jiro: Resident
) -> None:
    n, _ = town.hold(shop, hana, 300)
    shop.spend(jiro.card, town.account(hana), 300, town=KAWASAKI, tier=Tier.T0, hold=n)
    town.put(shop)

    sleep(town, 40)

    assert town.wallet(hana) == 700
    assert town.audit() == []


def test_a_record_on_the_last_day_still_finds_its_hold(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    n, _ = town.hold(shop, hana, 300)
    seq = shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI, tier=Tier.T0, hold=n)
    sleep(town, 30)

    verdict = town.verdicts(town.put(shop))[seq]

    assert verdict.outcome is Outcome.APPLIED
    assert town.wallet(hana) == 700
    assert town.audit() == []
