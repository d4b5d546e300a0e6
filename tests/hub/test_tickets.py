"""The life of a paper ticket at the hub: asked for, issued, redeemed once, expired, taken back."""

import pytest

from hub.bodies import FloatSet, ProgrammeAdded
from hub.points.queries import ticket as look_up
from sync.errors import RefusedByRule
from sync.receipt import Bearer, Outcome
from sync.records import Ticket
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


# -- asked for


def test_a_ticket_lasts_from_today_for_its_days(town: Corner, hana: Resident, counter: Pen) -> None:
    _, asked = town.hold_tickets(counter, hana, 100, count=2, days=3)

    assert {(each.valid_from, each.valid_until) for each in asked.tickets} == {
        ("2026-11-02", "2026-11-04")
    }
    assert town.wallet(hana) == 800


def test_its_days_end_with_the_points_that_it_is_made_of(
    town: Corner, hana: Resident, counter: Pen
) -> None:
    _programme(town, "202", use_until="2026-11-03")
    town.grant(hana, 50, programme="202")

    _, asked = town.hold_tickets(counter, hana, 100, days=30)

    assert asked.tickets[0].valid_until == "2026-11-03"


def test_its_days_end_with_its_programme(town: Corner, hana: Resident, counter: Pen) -> None:
    _programme(town, "202", use_until="2026-11-10")

    _, asked = town.hold_tickets(counter, hana, 100, days=30, programme="202")

    assert asked.tickets[0].valid_until == "2026-11-10"


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (("2026-10-01", 3, "101"), "no-day-left"),
        (("2027-05-01", 3, "101"), "no-day-left"),
        (("2026-13-45", 3, "101"), "no-such-day"),
        (("9999-12-31", 366, "101"), "no-such-day"),
        (("", 3, "999"), "unknown-programme"),
        (("", 3, "303"), "issue-ended"),
    ],
)
def test_a_ticket_that_could_never_be_used_is_not_given(
    town: Corner, hana: Resident, counter: Pen, wanted: tuple[str, int, str], reason: str
) -> None:
    start, days, programme = wanted
    _programme(town, "303", issue_until="2026-11-01", use_until="2026-12-01")

    _, asked = town.hold_tickets(counter, hana, 100, days=days, start=start, programme=programme)

    assert (asked.granted, asked.reason) == (False, reason)
    assert town.wallet(hana) == 1_000
    assert town.ticket_states() == {}
    assert town.audit() == []


def test_no_number_is_ever_given_twice(town: Corner, hana: Resident, counter: Pen) -> None:
    numbers: list[str] = []
    for _ in range(5):
        n, asked = town.hold_tickets(counter, hana, 50, count=4)
        numbers += [each.number for each in asked.tickets]
        town.put(counter, counter.batch(1, ended=(n,)))

    assert len(set(numbers)) == len(numbers) == 20
    assert town.ticket_states() == {"dead": 20}
    assert town.wallet(hana) == 1_000
    assert town.audit() == []


# -- issued


def test_nobody_holds_bearer_paper_before_the_points_are_taken(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    n, asked = town.hold_tickets(counter, hana, 300)
    number = asked.tickets[0].number
    with town.core.database.read() as tx:
        signed = bytes(tx.scalar("SELECT signed FROM ticket WHERE number=:number", number=number))

    _, booth = town.hold_ticket(fish, signed, 300)
    assert (booth.granted, booth.reason) == (False, "ticket-unknown")

    account = town.account(hana)
    counter.issue(hana.card, account, asked.tickets, town=KAWASAKI, hold=n, programme="101")
    assert town.verdict(counter).tickets == (signed,)
    assert town.hold_ticket(fish, signed, 300)[1].granted


def test_numbers_that_were_not_given_wait_for_people(
    town: Corner, hana: Resident, jiro: Resident, counter: Pen
) -> None:
    _programme(town, "202", use_until="2026-12-01")
    town.account(jiro)
    n, asked = town.hold_tickets(counter, hana, 300)
    spend, _ = town.hold(counter, hana, 300)
    account = town.account(hana)
    for hold, programme in ((n, "202"), (spend, "101"), (99, "101")):
        counter.issue(
            hana.card, account, asked.tickets, town=KAWASAKI, hold=hold, programme=programme
        )

    verdicts = town.verdicts(town.put(counter))

    assert [verdicts[seq].reason for seq in (3, 4, 5)] == ["numbers-not-given"] * 3
    assert [verdicts[seq].tickets for seq in (3, 4, 5)] == [()] * 3
    assert town.balance("outstanding:101") == town.balance("outstanding:202") == 0
    assert town.audit() == []


def test_a_clone_cannot_sell_the_same_numbers_again(
    town: Corner, hana: Resident, counter: Pen
) -> None:
    n, asked = town.hold_tickets(counter, hana, 300)
    clone = counter.copy()
    clone.at = town.clock.now() + 1  # type: ignore[assignment]
    for pen in (counter, clone):
        pen.issue(
            hana.card, town.account(hana), asked.tickets, town=KAWASAKI, hold=n, programme="101"
        )
    town.put(counter)

    verdict = town.verdict(clone)

    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "numbers-issued-already")
    assert (town.wallet(hana), town.balance("outstanding:101")) == (700, 300)
    assert town.audit() == []


def test_an_issue_whose_hold_was_given_up_takes_what_is_there_and_the_rest_on_credit(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    n, asked = _given_up_and_spent(town, hana, counter, fish)
    counter.issue(hana.card, town.account(hana), asked, town=KAWASAKI, hold=n, programme="101")

    verdict = town.verdict(counter)

    assert (verdict.outcome, verdict.reason) == (Outcome.EXCEPTION, "overspend")
    assert (verdict.paid, len(verdict.tickets)) == (0, 1)
    assert town.balance(f"deficit:{town.account(hana)}") == -300
    assert town.balance("outstanding:101") == 500
    with pytest.raises(RefusedByRule):
        town.decide(town.incidents()[-1][0], "pay")
    assert town.audit() == []


def test_an_issue_beyond_what_its_counter_is_good_for_takes_nothing(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    n, asked = _given_up_and_spent(town, hana, counter, fish)
    town.enact(FloatSet(KAWASAKI, counter.node, 100))
    counter.issue(hana.card, town.account(hana), asked, town=KAWASAKI, hold=n, programme="101")

    verdict = town.verdict(counter)

    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "issue-not-covered")
    assert (town.wallet(hana), town.balance("outstanding:101")) == (200, 0)
    assert town.audit() == []


# -- redeemed


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
    paper = town.ticket(counter, hana, 500)
    seq = town.redeem(fish, paper)
    spend = fish.spend(hana.card, town.account(hana), 100, town=KAWASAKI)
    town.clock.turn(days=40)
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


# -- programmes


def test_a_programme_gives_no_more_than_its_budget(town: Corner, hana: Resident) -> None:
    _programme(town, "202", use_until="2026-12-01", budget=300)
    town.grant(hana, 200, programme="202")

    with pytest.raises(RefusedByRule) as refused:
        town.grant(hana, 101, programme="202")

    assert refused.value.reason == "over-budget"
    town.grant(hana, 100, programme="202")
    assert town.wallet(hana) == 1_300
    assert town.audit() == []


def test_a_programme_has_three_ends(town: Corner, hana: Resident, counter: Pen) -> None:
    _programme(
        town, "202", give_until="2026-11-02", issue_until="2026-11-03", use_until="2026-11-04"
    )
    town.grant(hana, 300, programme="202")

    town.night()
    with pytest.raises(RefusedByRule) as refused:
        town.grant(hana, 1, programme="202")
    assert refused.value.reason == "grant-ended"
    assert town.hold_tickets(counter, hana, 100, programme="202")[1].granted

    town.night()
    assert town.hold_tickets(counter, hana, 100, programme="202")[1].reason == "issue-ended"

    town.night()
    assert town.wallet(hana) == 1_000
    assert town.audit() == []


def test_a_programme_whose_ends_do_not_follow_each_other_is_refused(town: Corner) -> None:
    with pytest.raises(RefusedByRule) as refused:
        _programme(town, "202", issue_until="2026-12-02", use_until="2026-12-01")

    assert refused.value.reason == "programme-days"


def test_the_earliest_points_fall_away_first(town: Corner, hana: Resident, fish: Pen) -> None:
    _programme(town, "202", use_until="2026-11-02")
    town.grant(hana, 300, programme="202")
    town.feed(fish, available=1_300)
    fish.spend(hana.card, town.account(hana), 200, town=KAWASAKI)
    town.put(fish)

    town.night()

    assert town.wallet(hana) == 1_000
    lapsed = [points for name, points in town.balances().items() if name.startswith("lapsed:")]
    assert lapsed == [100]
    assert town.audit() == []


def _programme(
    town: Corner,
    programme: str,
    *,
    use_until: str,
    give_until: str = "",
    issue_until: str = "",
    budget: int = 0,
) -> None:
    issue = issue_until or use_until
    ends = (give_until or issue, issue, use_until, max(issue, use_until))
    town.enact(ProgrammeAdded(KAWASAKI, programme, "祭り", "商工課", budget, *ends))


def _given_up_and_spent(
    town: Corner, who: Resident, counter: Pen, shop: Pen
) -> tuple[int, tuple[Ticket, ...]]:
    """An attempt at a ticket of 500 that was given up; then 800 of 1,000 points were spent."""
    n, asked = town.hold_tickets(counter, who, 500)
    town.put(counter, counter.batch(1, ended=(n,)))
    town.feed(shop, available=1_000)
    shop.spend(who.card, town.account(who), 800, town=KAWASAKI)
    town.put(shop)
    return n, asked.tickets


def _number(town: Corner) -> str:
    with town.core.database.read() as tx:
        number: str = tx.scalar("SELECT number FROM ticket")
        found = look_up(tx, number)
    assert found is not None
    return found.number
