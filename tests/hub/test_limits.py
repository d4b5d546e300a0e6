"""Limits bind what a node did on its own word, whatever its records say of themselves."""

import pytest
from msgspec import structs

from hub.bodies import OrganisationAccepted, OrganisationAdded, PolicySet
from sync.policy import Policy
from sync.receipt import Outcome
from sync.records import Tier
from sync.values import OrganisationId
from tests.doubles.pen import Pen
from tests.hub.corner import BANK, FISH_SHOP, GREENGROCER, KAWASAKI, TOSHIMA, Corner, Resident

NEVER_ASKED = 77
"""An attempt that the hub has not heard of."""


def test_a_yes_that_the_hub_never_said_is_held_to_the_limits(town: Corner, hana: Resident) -> None:
    town.grant(hana, 4_000)
    shop = town.node(FISH_SHOP)
    town.feed(shop, available=5_000)
    for hold in (0, NEVER_ASKED, 0, 0):
        shop.spend(hana.card, town.account(hana), 500, town=KAWASAKI, tier=Tier.T0, hold=hold)

    verdicts = town.verdicts(town.put(shop))

    assert [verdicts[seq].outcome for seq in (3, 4, 5)] == [Outcome.APPLIED] * 3
    assert (verdicts[6].outcome, verdicts[6].reason) == (Outcome.EXCEPTION, "too-many-spends")
    assert town.audit() == []


def test_a_yes_for_one_spend_does_not_cover_the_next(town: Corner, hana: Resident) -> None:
    town.grant(hana, 4_000)
    shop, other = town.node(FISH_SHOP), town.node(GREENGROCER)
    town.feed(shop, available=5_000)
    n, _ = town.hold(shop, hana, 500)
    anothers, _ = town.hold(other, hana, 500)
    for hold in (n, n, anothers, anothers, n):
        shop.spend(hana.card, town.account(hana), 500, town=KAWASAKI, tier=Tier.T0, hold=hold)

    verdicts = town.verdicts(town.put(shop))

    assert [verdicts[seq].outcome for seq in (3, 4, 5, 6)] == [Outcome.APPLIED] * 4
    assert verdicts[7].reason == "too-many-spends"
    assert town.audit() == []


def test_spends_that_the_hub_did_say_yes_to_leave_the_limits_alone(
    town: Corner, hana: Resident
) -> None:
    town.grant(hana, 4_000)
    shop = town.node(FISH_SHOP)
    holds = [town.hold(shop, hana, 500)[0] for _ in range(5)]
    town.feed(shop, available=2_500)
    for hold in holds:
        shop.spend(hana.card, town.account(hana), 500, town=KAWASAKI, tier=Tier.T0, hold=hold)
    shop.spend(hana.card, town.account(hana), 500, town=KAWASAKI)

    verdicts = town.verdicts(town.put(shop))

    assert {verdicts[seq].outcome for seq in range(3, 9)} == {Outcome.APPLIED}
    assert town.audit() == []


def test_spoilt_evidence_hides_no_spend_from_the_limits(town: Corner, hana: Resident) -> None:
    town.grant(hana, 4_000)
    shop = town.node(FISH_SHOP)
    town.feed(shop, available=5_000)
    for _ in range(4):
        shop.spend(hana.card, town.account(hana), 500, town=KAWASAKI, tier=Tier.T0)
    town.put(shop, shop.batch(1, evidence=[None] * shop.seq))

    verdicts = town.verdicts(town.put(shop))

    assert verdicts[6].reason == "too-many-spends"
    assert town.audit() == []


def test_tickets_taken_without_the_hubs_yes_fill_the_ticket_float(
    town: Corner, hana: Resident
) -> None:
    papers = [town.ticket(town.node(GREENGROCER, f"222{n}"), hana, 300) for n in range(2)]
    shop = town.node(FISH_SHOP)
    _limit(town, shop, Policy(ticket_float=500))
    for paper in papers:
        town.redeem(shop, paper, hold=NEVER_ASKED)  # says T0

    verdicts = town.verdicts(town.put(shop))

    assert verdicts[3].outcome is Outcome.APPLIED
    assert verdicts[4].reason == "float-used-up"
    assert town.audit() == []


@pytest.mark.parametrize("together", [True, False])
def test_a_ticket_that_was_kept_apart_and_taken_back_still_fills_the_ticket_float(
    town: Corner, hana: Resident, *, together: bool
) -> None:
    papers = [town.ticket(town.node(GREENGROCER, f"222{n}"), hana, 300) for n in range(2)]
    clinic = OrganisationId("131164-D1")
    town.enact(OrganisationAdded(TOSHIMA, clinic, "診療所", "駅前", BANK))
    shop = town.node(clinic)
    _limit(town, shop, Policy(ticket_float=500))
    apart = town.redeem(shop, papers[0])
    assert town.verdict(shop).reason == "not-accepted"
    town.enact(OrganisationAccepted(KAWASAKI, clinic))

    shop.reverse(apart, 300, town=KAWASAKI)
    if not together:
        town.put(shop)
    next_one = town.redeem(shop, papers[1], hold=NEVER_ASKED)

    verdicts = town.verdicts(town.put(shop))
    assert verdicts[apart].reason == "reversed"
    assert verdicts[next_one].reason == "float-used-up"
    assert town.audit() == []


def test_a_ticket_whose_issue_comes_later_is_held_against_what_its_shop_took_before_it_only(
    town: Corner, hana: Resident
) -> None:
    counter, late = town.node(GREENGROCER, "2222"), town.node(GREENGROCER, "3333")
    known = [town.ticket(counter, hana, 100) for _ in range(3)]
    n, asked = town.hold_tickets(late, hana, 300)
    with town.core.database.read() as tx:
        unknown = bytes(tx.scalar("SELECT signed FROM ticket WHERE state='held'"))
    shop = town.node(FISH_SHOP)
    _limit(town, shop, Policy(ticket_float=500))
    before, waits, *behind = [town.redeem(shop, one) for one in (known[0], unknown, *known[1:])]
    told = town.verdicts(town.put(shop))
    assert told[waits].reason == "issue-not-posted"

    late.issue(hana.card, town.account(hana), asked.tickets, town=KAWASAKI, hold=n, programme="101")
    town.put(late)
    town.round()

    told = town.verdicts(town.put(shop))
    assert [told[seq].reason for seq in (before, waits, *behind)] == ["", "", "", "float-used-up"]
    assert town.audit() == []


def test_what_an_earlier_life_took_and_had_not_handed_in_counts_against_the_float(
    town: Corner, hana: Resident
) -> None:
    town.grant(hana, 4_000)
    old = town.node(GREENGROCER)
    small = Policy(float_points=1_000)
    _limit(town, old, small)
    old.spend(hana.card, town.account(hana), 800, town=KAWASAKI)
    new = town.next_life(old)
    _limit(town, new, small)
    seq = new.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    town.clock.turn(hours=1)
    town.put(old)

    assert town.verdict(new, seq).reason == "float-used-up"
    assert town.audit() == []


def test_what_an_earlier_life_took_is_free_again_once_it_was_posted(
    town: Corner, hana: Resident
) -> None:
    town.grant(hana, 4_000)
    old = town.node(GREENGROCER)
    small = Policy(float_points=1_000)
    _limit(town, old, small)
    old.spend(hana.card, town.account(hana), 800, town=KAWASAKI)
    town.put(old)
    town.clock.turn(hours=1)
    new = town.next_life(old)
    _limit(town, new, small)

    seq = new.spend(hana.card, town.account(hana), 300, town=KAWASAKI)

    assert town.verdict(new, seq).outcome is Outcome.APPLIED
    assert town.audit() == []


def _limit(town: Corner, shop: Pen, policy: Policy) -> None:
    """The town has a policy of its own, and the shop goes by it."""
    town.enact(PolicySet(KAWASAKI, policy.encode()))
    town.feed(shop, available=4_000)
    assert shop.basis is not None
    shop.basis = structs.replace(shop.basis, policy=policy.digest)
