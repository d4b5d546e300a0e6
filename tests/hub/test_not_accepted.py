"""A sale at a shop that the town has not accepted: its card signed it, so people may apply it."""

import pytest

from hub.bodies import OrganisationAccepted, OrganisationAdded
from sync.receipt import Bearer, Outcome
from sync.values import OrganisationId
from tests.doubles.pen import Pen
from tests.hub.corner import BANK, KAWASAKI, TOSHIMA, Corner, Resident


@pytest.fixture(autouse=True)
def _reserve(town: Corner) -> None:
    town.fund(5_000)


def not_accepted(town: Corner, points: int, hana: Resident) -> Pen:
    """A clinic of another town takes points of a town that has not accepted it."""
    clinic = OrganisationId("131164-D1")
    town.enact(OrganisationAdded(TOSHIMA, clinic, "診療所", "駅前", BANK))
    shop = town.node(clinic)
    town.feed(shop, available=1_000)
    shop.spend(hana.card, town.account(hana), points, town=KAWASAKI)
    assert town.verdict(shop).reason == "not-accepted"
    return shop


def test_a_sale_that_its_card_signed_is_taken_from_the_wallet_when_people_apply_it(
    town: Corner, hana: Resident
) -> None:
    shop = not_accepted(town, 600, hana)

    town.decide(town.incidents()[-1][0], "apply")

    verdict = town.verdict(shop)
    assert (verdict.outcome, verdict.paid) == (Outcome.APPLIED, 600)
    assert (town.wallet(hana), town.owed(shop), town.balance("reserve")) == (400, 600, 5_000)
    assert town.audit() == []


def test_what_the_wallet_cannot_give_to_an_applied_sale_comes_from_the_reserve_and_goes_back_there(
    town: Corner, hana: Resident
) -> None:
    shop = not_accepted(town, 1_300, hana)
    town.decide(town.incidents()[-1][0], "apply")
    verdict = town.verdict(shop)
    assert (verdict.reason, verdict.paid, verdict.bearer) == ("not-accepted", 1_300, Bearer.RESERVE)
    assert (town.wallet(hana), town.balance("reserve")) == (0, 4_700)
    town.enact(OrganisationAccepted(KAWASAKI, OrganisationId("131164-D1")))

    shop.reverse(shop.seq, 1_300, town=KAWASAKI)
    town.put(shop)

    assert (town.wallet(hana), town.owed(shop), town.balance("reserve")) == (1_000, 0, 5_000)
    assert town.audit() == []


def test_a_forged_sale_is_called_forged_also_where_its_shop_is_not_accepted(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    clinic = OrganisationId("131164-D1")
    town.enact(OrganisationAdded(TOSHIMA, clinic, "診療所", "駅前", BANK))
    shop = town.node(clinic)
    town.feed(shop, available=1_000)
    shop.spend(jiro.card, town.account(hana), 300, town=KAWASAKI)

    assert town.verdict(shop).reason == "other-account"

    town.decide(town.incidents()[-1][0], "apply")
    assert (town.wallet(hana), town.balance("reserve")) == (1_000, 4_700)
    assert town.audit() == []
