"""What people decide about what the hub could not: each row of the table of decisions."""

from collections.abc import Callable

import pytest

from hub.bodies import FloatSet
from hub.points.accounts import deficit
from sync.errors import RefusedByRule
from sync.receipt import Bearer, Outcome
from sync.records import Tier
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident

ALL = ("write-off", "pay", "recover", "noted", "apply", "refuse")


def overspend(town: Corner, hana: Resident, _jiro: Resident) -> Pen:
    """Two shops that knew no better took 700 each of 1,000 points."""
    fish, fruit = town.node(FISH_SHOP), town.node(GREENGROCER)
    for shop in (fish, fruit):
        town.feed(shop, available=1_000)
        shop.spend(hana.card, town.account(hana), 700, town=KAWASAKI)
    for shop in (fish, fruit):
        town.put(shop)
    return fruit


def rule_broken(town: Corner, hana: Resident, _jiro: Resident) -> Pen:
    """A shop that claims more than it was told takes 1,400 of 1,000 points."""
    shop = town.node(GREENGROCER)
    town.feed(shop, available=5_000)
    for _ in range(2):
        shop.spend(hana.card, town.account(hana), 700, town=KAWASAKI)
    town.put(shop)
    return shop


def second_redemption(town: Corner, hana: Resident, _jiro: Resident) -> Pen:
    """A ticket of 500 and its photocopy."""
    counter = town.node(GREENGROCER, "2222")
    paper = town.ticket(counter, hana, 500)
    fish, fruit = town.node(FISH_SHOP), town.node(GREENGROCER)
    for shop in (fish, fruit):
        town.redeem(shop, paper)
        town.put(shop)
    return fruit


def quarantined(town: Corner, hana: Resident, jiro: Resident) -> Pen:
    """A spend of 300 that was held first, with another card's signature."""
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    n, _ = town.hold(shop, hana, 300)
    shop.spend(jiro.card, town.account(hana), 300, town=KAWASAKI, tier=Tier.T0, hold=n)
    town.put(shop)
    return shop


Case = Callable[[Corner, Resident, Resident], Pen]


@pytest.fixture(autouse=True)
def _reserve(town: Corner) -> None:
    town.fund(5_000)


def test_a_write_off_ends_the_deficit_at_the_towns_cost(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    overspend(town, hana, jiro)

    _decide_last(town, "write-off")

    assert town.balance(deficit(town.account(hana))) == 0
    assert town.balance("reserve") == 4_600
    assert town.incidents()[-1][3] == "decided"
    assert town.audit() == []


def test_a_write_off_covers_only_what_is_still_owed(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    overspend(town, hana, jiro)
    town.grant(hana, 150)

    _decide_last(town, "write-off")

    assert town.balance("reserve") == 4_750
    assert town.audit() == []


def test_a_sale_taken_back_after_its_write_off_leaves_no_deficit_beside_the_points(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    shop = overspend(town, hana, jiro)
    _decide_last(town, "write-off")
    shop.reverse(3, 700, town=KAWASAKI)

    town.put(shop)

    assert (town.wallet(hana), town.owed(shop)) == (300, 0)
    assert town.balance(deficit(town.account(hana))) == 0
    assert town.balance("reserve") == 5_000
    assert town.audit() == []


def test_a_rule_broken_is_paid_from_the_reserve(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    shop = rule_broken(town, hana, jiro)

    _decide_last(town, "pay")

    verdict = town.verdict(shop)
    assert (verdict.paid, verdict.bearer) == (700, Bearer.RESERVE)
    assert (town.owed(shop), town.balance("reserve")) == (1_400, 4_600)
    assert town.audit() == []


def test_what_people_paid_goes_back_to_the_reserve_with_the_sale(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    shop = rule_broken(town, hana, jiro)
    _decide_last(town, "pay")
    shop.reverse(4, 700, town=KAWASAKI)

    town.put(shop)

    assert (town.owed(shop), town.wallet(hana), town.balance("reserve")) == (700, 300, 5_000)
    assert town.audit() == []


def test_a_second_redemption_is_recovered_from_whose_ticket_it_was(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    shop = second_redemption(town, hana, jiro)

    _decide_last(town, "recover")

    verdict = town.verdict(shop)
    assert (verdict.paid, verdict.bearer) == (500, Bearer.RESIDENT)
    assert (town.wallet(hana), town.balance("reserve")) == (0, 5_000)
    assert town.owed(shop) == 500
    assert town.audit() == []


def test_recovering_more_than_the_person_has_leaves_a_deficit(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    second_redemption(town, hana, jiro)
    fish = town.pens[next(name for name in town.pens if "B2109" in name)]
    town.feed(fish, available=500)
    fish.spend(hana.card, town.account(hana), 400, town=KAWASAKI)
    town.put(fish)

    _decide_last(town, "recover")

    assert (town.wallet(hana), town.balance(deficit(town.account(hana)))) == (0, -400)
    assert town.audit() == []


@pytest.mark.parametrize("case", [overspend, rule_broken, second_redemption])
def test_noting_moves_nothing(town: Corner, hana: Resident, jiro: Resident, case: Case) -> None:
    case(town, hana, jiro)
    before = town.balances()

    _decide_last(town, "noted")

    assert town.balances() == before
    assert town.audit() == []


@pytest.mark.parametrize(
    ("case", "decision"),
    [(overspend, "write-off"), (rule_broken, "pay"), (second_redemption, "recover")],
)
def test_what_one_person_noted_others_may_still_decide(
    town: Corner, hana: Resident, jiro: Resident, case: Case, decision: str
) -> None:
    case(town, hana, jiro)
    _decide_last(town, "noted")
    before = town.balances()

    _decide_last(town, decision)

    assert town.balances() != before
    with pytest.raises(RefusedByRule, match="was decided"):
        _decide_last(town, "noted")
    assert town.audit() == []


def test_an_unproved_sale_that_is_applied_is_paid_by_the_reserve_and_frees_its_hold(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    shop = quarantined(town, hana, jiro)

    _decide_last(town, "apply")

    verdict = town.verdict(shop)
    assert (verdict.outcome, verdict.paid) == (Outcome.EXCEPTION, 300)
    assert (town.wallet(hana), town.owed(shop)) == (1_000, 300)
    assert town.balance("reserve") == 4_700
    assert town.audit() == []


def test_a_quarantined_sale_that_is_refused_frees_its_hold(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    shop = quarantined(town, hana, jiro)

    _decide_last(town, "refuse")

    verdict = town.verdict(shop)
    assert (verdict.reason, verdict.paid) == ("refused", 0)
    assert (town.wallet(hana), town.owed(shop)) == (1_000, 0)
    assert town.audit() == []


def test_a_quarantined_reversal_that_is_applied_is_posted_like_any_other(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    town.put(shop)
    shop.reverse(3, 300, town=KAWASAKI)
    town.next_life(shop)
    assert town.verdict(shop).outcome is Outcome.QUARANTINED

    _decide_last(town, "apply")

    assert town.verdict(shop).outcome is not Outcome.QUARANTINED
    assert (town.wallet(hana), town.owed(shop)) == (1_000, 0)
    assert town.audit() == []


@pytest.mark.parametrize(
    ("decision", "becomes"),
    [("pay", (800, Bearer.RESERVE)), ("refuse", (100, Bearer.ORGANISATION))],
)
def test_a_sale_beyond_what_its_node_is_good_for_waits_for_people(
    town: Corner, hana: Resident, jiro: Resident, decision: str, becomes: tuple[int, Bearer]
) -> None:
    shop = overspend(town, hana, jiro)
    fish = next(pen for pen in town.pens.values() if pen is not shop)
    town.enact(FloatSet(KAWASAKI, shop.node, 800))
    town.grant(hana, 400 + 900)
    for pen in (fish, shop):
        town.feed(pen, available=900, receipted=pen.seq)
    for pen in (fish, shop):
        pen.spend(hana.card, town.account(hana), 800, town=KAWASAKI)
        verdict = town.verdict(pen)
    assert (verdict.reason, verdict.bearer, verdict.paid) == (
        "beyond-float",
        Bearer.UNDECIDED,
        100,
    )

    with pytest.raises(RefusedByRule):
        _decide_last(town, "noted")

    _decide_last(town, decision)

    verdict = town.verdict(shop)
    assert (verdict.paid, verdict.bearer) == becomes
    assert town.audit() == []


FITTING = {
    overspend: {"write-off", "noted"},
    rule_broken: {"pay", "noted"},
    second_redemption: {"recover", "write-off", "noted"},
    quarantined: {"apply", "refuse"},
}


@pytest.mark.parametrize(
    ("case", "decision"),
    [
        (case, decision)
        for case, fitting in FITTING.items()
        for decision in sorted({*ALL} - fitting)
    ],
)
def test_a_decision_that_does_not_fit_is_refused_and_nothing_moves(
    town: Corner, hana: Resident, jiro: Resident, case: Case, decision: str
) -> None:
    case(town, hana, jiro)
    before = town.balances()

    with pytest.raises(RefusedByRule):
        _decide_last(town, decision)

    assert town.balances() == before
    assert town.incidents()[-1][3] == "open"


@pytest.mark.parametrize(
    ("case", "decision"),
    [
        (overspend, "write-off"),
        (rule_broken, "pay"),
        (second_redemption, "recover"),
        (second_redemption, "write-off"),
        (quarantined, "apply"),
        (quarantined, "refuse"),
    ],
)
def test_what_was_taken_back_since_is_past_deciding(
    town: Corner, hana: Resident, jiro: Resident, case: Case, decision: str
) -> None:
    shop = case(town, hana, jiro)
    points = 500 if case is second_redemption else 300 if case is quarantined else 700
    shop.reverse(shop.seq, points, town=KAWASAKI)
    town.put(shop)
    before = town.balances()
    assert before["reserve"] == 5_000

    with pytest.raises(RefusedByRule) as refused:
        _decide_last(town, decision)

    assert refused.value.reason == "decision-does-not-fit"
    assert town.balances() == before
    assert town.audit() == []


@pytest.mark.parametrize("decision", sorted({*ALL} - {"noted"}))
def test_a_new_life_is_noted_and_nothing_is_decided_about_the_sale_before_it(
    town: Corner, hana: Resident, jiro: Resident, decision: str
) -> None:
    shop = quarantined(town, hana, jiro)
    town.next_life(shop)
    before = town.balances()
    assert town.incidents()[-1][1] == "epoch"

    with pytest.raises(RefusedByRule):
        _decide_last(town, decision)
    _decide_last(town, "noted")

    assert town.balances() == before
    assert town.verdict(shop).outcome is Outcome.QUARANTINED
    assert town.audit() == []


def test_an_exception_is_decided_once(town: Corner, hana: Resident, jiro: Resident) -> None:
    rule_broken(town, hana, jiro)
    _decide_last(town, "pay")

    with pytest.raises(RefusedByRule) as refused:
        _decide_last(town, "pay")

    assert refused.value.reason == "already-decided"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [((99, "noted"), "unknown-exception"), ((1, "forget"), "unknown-decision")],
)
def test_there_must_be_something_to_decide(
    town: Corner, hana: Resident, jiro: Resident, asked: tuple[int, str], reason: str
) -> None:
    overspend(town, hana, jiro)

    with pytest.raises(RefusedByRule) as refused:
        town.decide(*asked)

    assert refused.value.reason == reason


def _decide_last(town: Corner, decision: str) -> None:
    town.decide(town.incidents()[-1][0], decision)
