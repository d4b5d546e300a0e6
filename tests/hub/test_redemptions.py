"""The end of a paper ticket at the hub: claimed, redeemed once, taken back, expired."""

import pytest

from hub.bodies import ProgrammeAdded
from hub.points.queries import tickets
from sync.receipt import Bearer, Outcome
from sync.values import TicketNumber
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident


@pytest.fixture
def counter(town: Corner) -> Pen:
    """The ticket counter of the town hall."""
    return town.node(GREENGROCER, "2222")


@pytest.fixture
def fish(town: Corner) -> Pen:
    """A booth that has the feed."""
    return town.node(FISH_SHOP)


def test_two_booths_that_ask_cannot_both_hear_yes(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    fruit = town.node(GREENGROCER)
    paper = town.ticket(counter, hana, 500)

    n, first = town.hold_ticket(fish, paper, 500)
    _, second = town.hold_ticket(fruit, paper, 500)

    assert first.granted
    assert (second.granted, second.reason) == (False, "ticket-used")
    town.redeem(fish, paper, hold=n)
    assert town.verdict(fish).outcome is Outcome.APPLIED
    assert town.hold_ticket(fruit, paper, 500)[1].reason == "ticket-used"
    assert town.audit() == []


def test_a_claim_that_ended_without_a_record_leaves_the_ticket_to_the_next(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    fruit = town.node(GREENGROCER)
    paper = town.ticket(counter, hana, 500)
    n, _ = town.hold_ticket(fish, paper, 500)

    town.put(fish, fish.batch(1, ended=(n,)))

    assert town.hold_ticket(fruit, paper, 500)[1].granted
    assert town.audit() == []


def test_a_photocopy_at_a_booth_offline_comes_after_the_booth_that_asked(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    fruit = town.node(GREENGROCER)
    paper = town.ticket(counter, hana, 500)
    n, _ = town.hold_ticket(fish, paper, 500)
    town.redeem(fruit, paper)

    copy = town.verdict(fruit)
    town.redeem(fish, paper, hold=n)
    original = town.verdict(fish)

    assert (copy.outcome, copy.reason) == (Outcome.EXCEPTION, "second-redemption")
    assert original.outcome is Outcome.APPLIED
    assert town.balance("reserve") == -500
    assert town.audit() == []


def test_when_the_booth_that_asked_gives_up_the_other_redemption_is_the_applied_one(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    fruit = town.node(GREENGROCER)
    paper = town.ticket(counter, hana, 500)
    n, _ = town.hold_ticket(fish, paper, 500)
    seq = town.redeem(fruit, paper)
    town.put(fruit)

    town.put(fish, fish.batch(1, ended=(n,)))

    assert town.verdict(fruit, seq).outcome is Outcome.APPLIED
    assert (town.balance("reserve"), town.owed(fruit)) == (0, 500)
    assert town.balance("outstanding:101") == 0
    assert town.ticket_states() == {"redeemed": 1}
    assert town.audit() == []


def test_a_ticket_whose_redemption_was_taken_back_lives_again(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    fruit = town.node(GREENGROCER)
    paper = town.ticket(counter, hana, 500)
    seq = town.redeem(fish, paper)
    fish.reverse(seq, 500, town=KAWASAKI)
    town.put(fish)

    n, asked = town.hold_ticket(fruit, paper, 500)
    town.redeem(fruit, paper, hold=n)

    assert asked.granted
    assert town.verdict(fruit).outcome is Outcome.APPLIED
    assert (town.owed(fish), town.owed(fruit)) == (0, 500)
    assert town.audit() == []


def test_a_ticket_that_lives_again_is_on_no_list_of_used_ones(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    fruit = town.node(GREENGROCER)
    paper = town.ticket(counter, hana, 500)
    seq = town.redeem(fish, paper)
    town.put(fish)
    town.feed(fruit)  # says that it is used
    fish.reverse(seq, 500, town=KAWASAKI)
    town.put(fish)
    town.feed(fruit)  # says that it lives

    town.redeem(fruit, paper)

    assert town.verdict(fruit).outcome is Outcome.APPLIED
    assert town.audit() == []


def test_what_a_list_said_then_is_what_counts_when_the_ledger_is_played_again(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    fruit = town.node(GREENGROCER)
    paper = town.ticket(counter, hana, 500)
    seq = town.redeem(fish, paper)
    town.put(fish)
    town.feed(fruit)  # says that it is used
    town.redeem(fruit, paper)
    broken = town.verdict(fruit)
    fish.reverse(seq, 500, town=KAWASAKI)
    town.put(fish)

    town.feed(fruit)  # says that it lives

    assert (broken.reason, broken.paid) == ("second-redemption-rule-broken", 0)
    assert town.audit() == []


def test_a_ticket_is_not_used_at_the_booth_that_took_it_back_after_the_list_was_told(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    wrong = town.redeem(fish, paper)
    town.put(fish)
    town.feed(fish)  # says that it is used, by the booth itself
    fish.reverse(wrong, 500, town=KAWASAKI)

    town.redeem(fish, paper)

    assert town.verdict(fish).outcome is Outcome.APPLIED
    assert town.owed(fish) == 500
    assert town.audit() == []


def test_a_booth_that_knew_of_another_redemption_since_its_own_breaks_the_rule(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    fruit = town.node(GREENGROCER)
    paper = town.ticket(counter, hana, 500)
    wrong = town.redeem(fish, paper)
    fish.reverse(wrong, 500, town=KAWASAKI)
    town.put(fish)
    town.redeem(fruit, paper)
    town.put(fruit)
    town.feed(fish)  # says that it is used, and counts what was taken back

    town.redeem(fish, paper)

    assert town.verdict(fish).reason == "second-redemption-rule-broken"
    assert town.audit() == []


def test_a_booth_whose_photocopy_came_second_breaks_the_rule_when_it_takes_it_once_more(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    fruit = town.node(GREENGROCER)
    paper = town.ticket(counter, hana, 500)
    town.redeem(fruit, paper)
    town.put(fruit)
    copy = town.redeem(fish, paper)  # by a list from before
    town.put(fish)
    town.feed(fish)  # says that it is used, by the other booth
    fish.reverse(copy, 500, town=KAWASAKI)

    town.redeem(fish, paper)

    assert town.verdict(fish).reason == "second-redemption-rule-broken"
    assert town.audit() == []


def test_a_large_ticket_taken_offline_is_paid_and_shown_to_people(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    town.grant(hana, 1_000)
    paper = town.ticket(counter, hana, 1_500)
    town.redeem(fish, paper)

    verdict = town.verdict(fish)

    assert (verdict.outcome, verdict.reason) == (Outcome.EXCEPTION, "ticket-online-only")
    assert (verdict.paid, verdict.bearer) == (1_500, Bearer.NOBODY)
    assert town.audit() == []


# -- expired


def test_on_the_fourth_day_a_ticket_of_three_days_is_worth_nothing(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    for _ in range(3):
        town.night()
    town.feed(fish)

    _, asked = town.hold_ticket(fish, paper, 500)
    town.redeem(fish, paper)
    verdict = town.verdict(fish)

    assert (asked.granted, asked.reason) == (False, "ticket-past")
    assert (verdict.reason, verdict.paid) == ("ticket-past", 0)
    assert verdict.bearer is Bearer.ORGANISATION
    assert town.ticket_states() == {"expired": 1}
    assert town.audit() == []


def test_before_its_first_day_a_ticket_is_not_taken(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    n, asked = town.hold_tickets(counter, hana, 500, start="2026-11-03")
    counter.issue(
        hana.card, town.account(hana), asked.tickets, town=KAWASAKI, hold=n, programme="101"
    )
    paper = town.verdict(counter).tickets[0]

    assert town.hold_ticket(fish, paper, 500)[1].reason == "ticket-not-yet"
    town.clock.turn(days=1)
    assert town.hold_ticket(fish, paper, 500)[1].granted


def test_a_redemption_from_before_the_end_is_paid_out_of_what_lapsed(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    town.clock.turn(days=2)
    town.feed(fish)
    seq = town.redeem(fish, paper)
    town.night()
    number = _number(town)
    assert town.balance(f"lapsed:ticket/{number}") == 500

    verdict = town.verdict(fish, seq)

    assert (verdict.outcome, verdict.paid) == (Outcome.APPLIED, 500)
    assert (town.owed(fish), town.balance(f"lapsed:ticket/{number}")) == (500, 0)
    assert town.audit() == []


def test_a_redemption_taken_back_after_the_end_leaves_the_ticket_expired(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    town.clock.turn(days=2)
    town.feed(fish)
    seq = town.redeem(fish, paper)
    town.night()
    town.put(fish)
    fish.reverse(seq, 500, town=KAWASAKI)

    town.put(fish)

    assert town.ticket_states() == {"expired": 1}
    assert town.balance(f"lapsed:ticket/{_number(town)}") == 500
    assert town.audit() == []


def test_what_nobody_can_claim_any_more_becomes_the_towns_revenue_and_blocks_no_late_comer(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    ends = ("2026-11-20", "2026-11-20", "2026-11-20", "2026-11-20")
    town.enact(ProgrammeAdded(KAWASAKI, "102", "festival", "", 0, *ends))
    paper = town.ticket(counter, hana, 500, programme="102")
    seq = town.redeem(fish, paper)
    spend = fish.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    town.clock.turn(days=50)
    for _ in range(2):
        town.night()
    assert town.balance("treasury") == 500

    late = town.verdicts(town.put(fish))

    assert (late[seq].reason, late[seq].paid) == ("late-hand-in", 0)
    assert late[spend].paid == 100
    assert town.audit() == []


def test_a_claimed_ticket_does_not_expire_under_the_counter_that_asked(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500, days=1)
    n, _ = town.hold_ticket(fish, paper, 500)
    town.redeem(fish, paper, hold=n)

    town.night()

    assert town.verdict(fish).outcome is Outcome.APPLIED
    assert town.audit() == []


def _number(town: Corner) -> str:
    with town.core.database.read() as tx:
        number: str = tx.scalar("SELECT number FROM ticket")
        (found,) = tickets(tx, TicketNumber(number))
    return found.number
