"""The table of verdicts, row by row: what is posted, who is paid, who bears it."""

from msgspec import structs

from hub.bodies import PolicySet
from sync.clock import month_of
from sync.policy import Policy
from sync.receipt import Bearer, Outcome
from sync.records import ShiftClosed, ShiftOpened, Tier
from sync.sealing import seal_content_key
from tests.doubles.clocks import at
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, TOSHIMA, Corner, Resident


def test_a_spend_within_the_wallet_is_applied_and_the_shop_is_owed(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    seq = shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)

    verdict = town.verdicts(town.put(shop))[seq]

    assert (verdict.outcome, verdict.paid) == (Outcome.APPLIED, 300)
    assert (town.wallet(hana), town.owed(shop)) == (700, 300)
    assert town.audit() == []


def test_a_batch_that_comes_twice_is_posted_once(town: Corner, hana: Resident) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)

    first = town.verdicts(town.put(shop))
    again = town.verdicts(town.put(shop))

    assert first == again
    assert town.owed(shop) == 300


def test_two_shops_that_knew_no_better_are_both_paid_and_the_reserve_bears_the_rest(
    town: Corner, hana: Resident
) -> None:
    fish, fruit = town.node(FISH_SHOP), town.node(GREENGROCER)
    for shop in (fish, fruit):
        town.feed(shop, available=1_000)
        shop.spend(hana.card, town.account(hana), 700, town=KAWASAKI)

    town.put(fish)
    verdict = town.verdicts(town.put(fruit))[3]

    assert (verdict.outcome, verdict.reason) == (Outcome.EXCEPTION, "overspend")
    assert (verdict.paid, verdict.bearer) == (700, Bearer.RESERVE)
    assert (town.wallet(hana), town.owed(fish), town.owed(fruit)) == (0, 700, 700)
    assert town.balance(f"deficit:{town.account(hana)}") == -400
    assert town.audit() == []


def test_points_that_come_later_recover_the_deficit_first(town: Corner, hana: Resident) -> None:
    fish, fruit = town.node(FISH_SHOP), town.node(GREENGROCER)
    for shop in (fish, fruit):
        town.feed(shop, available=1_000)
        shop.spend(hana.card, town.account(hana), 700, town=KAWASAKI)
    for shop in (fish, fruit):
        town.put(shop)

    town.grant(hana, 500)

    assert town.balance(f"deficit:{town.account(hana)}") == 0
    assert town.wallet(hana) == 100


def test_a_node_that_claims_a_balance_it_was_never_told_gets_what_the_wallet_has(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=5_000)
    for _ in range(2):
        shop.spend(hana.card, town.account(hana), 700, town=KAWASAKI)

    verdicts = town.verdicts(town.put(shop))

    assert (verdicts[4].outcome, verdicts[4].reason) == (Outcome.EXCEPTION, "basis-says-more")
    assert (verdicts[4].paid, verdicts[4].bearer) == (300, Bearer.ORGANISATION)
    assert town.balance(f"deficit:{town.account(hana)}") == 0
    assert town.owed(shop) == 1_000


def test_a_signature_of_another_card_takes_nothing_and_blocks_nothing(
    town: Corner, hana: Resident, jiro: Resident
) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    shop.spend(jiro.card, town.account(hana), 300, town=KAWASAKI)
    shop.spend(hana.card, town.account(hana), 200, town=KAWASAKI)

    verdicts = town.verdicts(town.put(shop))

    assert (verdicts[3].outcome, verdicts[3].reason) == (Outcome.QUARANTINED, "other-account")
    assert verdicts[4].outcome is Outcome.APPLIED
    assert town.wallet(hana) == 800
    assert town.audit() == []


def test_a_spend_held_first_is_applied_though_others_were_quicker(
    town: Corner, hana: Resident
) -> None:
    fish, fruit = town.node(FISH_SHOP), town.node(GREENGROCER)
    n, asked = town.hold(fish, hana, 800)
    assert asked.granted
    town.feed(fruit, available=1_000)
    fruit.spend(hana.card, town.account(hana), 200, town=KAWASAKI)
    town.put(fruit)
    fish.spend(hana.card, town.account(hana), 800, town=KAWASAKI, tier=Tier.T0, hold=n)

    verdict = town.verdicts(town.put(fish))[fish.seq]

    assert verdict.outcome is Outcome.APPLIED
    assert (town.wallet(hana), town.owed(fish)) == (0, 800)
    assert town.audit() == []


def test_an_attempt_that_ended_without_a_record_frees_its_points_for_good(
    town: Corner, hana: Resident
) -> None:
    fish = town.node(FISH_SHOP)
    n, _ = town.hold(fish, hana, 800)
    assert town.wallet(hana) == 200

    town.put(fish, fish.batch(1, ended=(n,)))
    town.attempts = n - 1
    _, again = town.hold(fish, hana, 800)

    assert town.wallet(hana) == 1_000
    assert (again.granted, again.reason) == (False, "attempt-ended")
    assert town.audit() == []


def test_a_reversal_gives_back_part_by_part(town: Corner, hana: Resident) -> None:
    fish, fruit = town.node(FISH_SHOP), town.node(GREENGROCER)
    for shop in (fish, fruit):
        town.feed(shop, available=1_000)
    fish.spend(hana.card, town.account(hana), 700, town=KAWASAKI)
    seq = fruit.spend(hana.card, town.account(hana), 700, town=KAWASAKI)
    town.put(fish)
    fruit.reverse(seq, 700, town=KAWASAKI)

    verdicts = town.verdicts(town.put(fruit))

    assert verdicts[seq + 1].outcome is Outcome.APPLIED
    assert town.owed(fruit) == 0
    assert town.wallet(hana) == 300
    assert town.balance(f"deficit:{town.account(hana)}") == 0
    assert town.audit() == []


def test_a_second_reversal_is_an_exception_without_posting(town: Corner, hana: Resident) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    seq = shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    shop.reverse(seq, 300, town=KAWASAKI)
    shop.reverse(seq, 300, town=KAWASAKI)

    verdicts = town.verdicts(town.put(shop))

    assert verdicts[seq + 2].reason == "already-reversed"
    assert (town.wallet(hana), town.owed(shop)) == (1_000, 0)
    assert town.audit() == []


def test_a_sale_of_another_shift_is_not_taken_back_but_refunded(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    seq = shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    shop.write(ShiftClosed(2, ()))
    shop.reverse(seq, 300, town=KAWASAKI)
    month = month_of(town.clock.now())
    shop.write(ShiftOpened("Mori", month, sealed_for(town, shop)))
    shop.reverse(seq, 300, town=KAWASAKI)

    verdicts = town.verdicts(town.put(shop))

    for reversal in (seq + 2, seq + 4):
        verdict = verdicts[reversal]
        assert (verdict.outcome, verdict.reason) == (Outcome.EXCEPTION, "another-shift")
        assert verdict.bearer is Bearer.NOBODY
    assert (town.wallet(hana), town.owed(shop)) == (700, 300)
    assert town.audit() == []


def test_a_ticket_and_its_photocopy(town: Corner, hana: Resident) -> None:
    counter, fish, fruit = (
        town.node(GREENGROCER, "2222"),
        town.node(FISH_SHOP),
        town.node(GREENGROCER),
    )
    town.fund(5_000)
    paper = town.ticket(counter, hana, 500)
    public = town.core.keys.tickets(KAWASAKI).public
    for shop in (fish, fruit):
        town.feed(shop)
        shop.redeem(paper, public=public, town=KAWASAKI)

    first = town.verdicts(town.put(fish))[fish.seq]
    second = town.verdicts(town.put(fruit))[fruit.seq]

    assert first.outcome is Outcome.APPLIED
    assert (second.reason, second.bearer) == ("second-redemption", Bearer.RESERVE)
    assert (town.owed(fish), town.owed(fruit)) == (500, 500)
    assert town.balance("reserve") == 4_500
    assert town.audit() == []


def test_taking_back_the_first_redemption_makes_the_second_the_applied_one(
    town: Corner, hana: Resident
) -> None:
    counter, fish, fruit = (
        town.node(GREENGROCER, "2222"),
        town.node(FISH_SHOP),
        town.node(GREENGROCER),
    )
    town.fund(5_000)
    paper = town.ticket(counter, hana, 500)
    public = town.core.keys.tickets(KAWASAKI).public
    for shop in (fish, fruit):
        town.feed(shop)
        shop.redeem(paper, public=public, town=KAWASAKI)
    for shop in (fish, fruit):
        town.put(shop)

    fish.reverse(fish.seq, 500, town=KAWASAKI)
    town.put(fish)
    verdict = town.verdicts(town.put(fruit))[fruit.seq]

    assert verdict.outcome is Outcome.APPLIED
    assert (town.owed(fish), town.owed(fruit)) == (0, 500)
    assert town.balance("reserve") == 5_000
    assert town.balance("outstanding:101") == 0
    assert town.audit() == []


def test_what_expired_overnight_still_covers_a_spend_from_before(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(GREENGROCER)
    town.clock.set(at("2027-03-31 20:00"))
    town.feed(shop, available=1_000)
    shop.spend(hana.card, town.account(hana), 400, town=KAWASAKI)
    town.night()
    assert town.wallet(hana) == 0

    verdict = town.verdicts(town.put(shop))[shop.seq]

    assert (verdict.outcome, verdict.paid) == (Outcome.APPLIED, 400)
    assert town.balance(f"deficit:{town.account(hana)}") == 0
    assert town.audit() == []


def test_a_spend_after_the_expiry_draws_on_nothing_that_lapsed(
    town: Corner, hana: Resident
) -> None:
    shop = town.node(GREENGROCER)
    town.clock.set(at("2027-03-31 20:00"))
    town.feed(shop, available=1_000)
    town.night()
    shop.at = town.clock.now()
    shop.spend(hana.card, town.account(hana), 400, town=KAWASAKI)

    verdict = town.verdicts(town.put(shop))[shop.seq]

    assert (verdict.outcome, verdict.reason, verdict.paid) == (
        Outcome.EXCEPTION,
        "too-few-points",
        0,
    )
    assert town.audit() == []


def test_points_of_another_town_are_posted_by_that_town_and_answered_in_order(
    town: Corner, hana: Resident
) -> None:
    town.grant(hana, 500, town=TOSHIMA)
    shop = town.node(GREENGROCER)
    town.feed(shop, available=500)
    shop.spend(hana.card, town.account(hana, TOSHIMA), 200, town=TOSHIMA)
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)

    verdicts = town.verdicts(town.put(shop))

    assert [verdicts[seq].outcome for seq in (3, 4)] == [Outcome.APPLIED, Outcome.APPLIED]
    assert (town.owed(shop, TOSHIMA), town.owed(shop, KAWASAKI)) == (200, 300)
    assert town.audit() == []


def test_a_rule_broken_can_be_paid_from_the_reserve_by_people(town: Corner, hana: Resident) -> None:
    town.fund(5_000)
    shop = town.node(GREENGROCER)
    town.feed(shop, available=5_000)
    for _ in range(2):
        shop.spend(hana.card, town.account(hana), 700, town=KAWASAKI)
    town.put(shop)
    broken = [number for number, _, reason, _ in town.incidents() if reason == "basis-says-more"]

    town.decide(broken[-1], "pay")
    verdict = town.verdicts(town.put(shop))[4]

    assert (verdict.paid, verdict.bearer) == (700, Bearer.RESERVE)
    assert town.owed(shop) == 1_400
    assert town.balance("reserve") == 4_600
    assert town.audit() == []


def test_a_clone_is_named_and_its_honest_sale_is_paid(town: Corner, hana: Resident) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    clone = shop.copy()
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    clone.spend(hana.card, town.account(hana), 200, town=KAWASAKI)

    town.put(shop)
    answer = town.put(clone)

    assert answer.state == "forked"
    assert town.verdicts(answer)[3].outcome is Outcome.APPLIED
    assert town.owed(shop) == 500
    assert ("fork", "two-records-at-one-place") in [
        (kind, reason) for _, kind, reason, _ in town.incidents()
    ]
    assert town.audit() == []


def test_spoilt_evidence_is_healed_by_a_good_copy(town: Corner, hana: Resident) -> None:
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    seq = shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    spoilt = [None] * len(shop.evidence)

    first = town.verdicts(town.put(shop, shop.batch(1, evidence=spoilt)))[seq]
    assert first.outcome is Outcome.QUARANTINED
    second = town.verdicts(town.put(shop))[seq]

    assert second.outcome is Outcome.APPLIED
    assert town.owed(shop) == 300
    assert town.audit() == []


def test_a_request_that_comes_after_the_record_it_was_for_opens_nothing(
    town: Corner, hana: Resident
) -> None:
    fish = town.node(FISH_SHOP)
    town.feed(fish, available=1_000)
    fish.spend(hana.card, town.account(hana), 300, town=KAWASAKI, hold=1)
    town.put(fish)

    _, late = town.hold(fish, hana, 300)

    assert (late.granted, late.reason) == (False, "attempt-ended")
    assert town.wallet(hana) == 700
    assert town.audit() == []


def test_a_foreign_towns_spend_is_not_charged_with_what_its_node_took_later(
    town: Corner, hana: Resident
) -> None:
    town.enact(PolicySet(TOSHIMA, Policy(float_points=600).encode()))
    town.grant(hana, 500, town=TOSHIMA)
    shop = town.node(GREENGROCER)
    town.feed(shop, available=500)
    assert shop.basis is not None
    shop.basis = structs.replace(shop.basis, policy=Policy(float_points=600).digest)
    seq = shop.spend(hana.card, town.account(hana, TOSHIMA), 500, town=TOSHIMA)
    shop.basis = structs.replace(shop.basis, policy=Policy().digest, available=1_000)
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)

    verdicts = town.verdicts(town.put(shop))

    assert [verdicts[at].outcome for at in (seq, seq + 1)] == [Outcome.APPLIED, Outcome.APPLIED]
    assert town.audit() == []


def sealed_for(town: Corner, shop: Pen) -> bytes:
    """A shift's content key as its first record carries it."""
    private = town.core.keys.sealing(month_of(town.clock.now()))
    return seal_content_key(shop.content_key, private.public_key().public_bytes_raw())
