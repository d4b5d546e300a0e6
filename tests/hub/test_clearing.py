"""A pile of stamped tickets at the hub: whom it pays, until when, and what a second one costs."""

import pytest

from hub.points.queries import tickets
from hub.settlement.places import Place, places
from hub.settlement.windows import SHOPS, WindowName
from sync.holds import Purpose
from sync.receipt import Bearer, Outcome
from sync.values import OrganisationId, Points, TicketNumber
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident

NOBODY_ELSE = OrganisationId("141305-Z9999")


@pytest.fixture
def office(town: Corner) -> Pen:
    """The ticket counter of the shopping street's office."""
    return town.node(GREENGROCER, "2222", kind="counter", place="office")


@pytest.fixture
def fruit(town: Corner) -> Pen:
    """A booth that redeems by scanner."""
    return town.node(GREENGROCER)


def claim(town: Corner, office: Pen, paper: bytes, points: int = 500) -> int:
    n, asked = town.hold_ticket(office, paper, points, purpose=Purpose.CLEAR)
    assert asked.granted, asked.reason
    return n


def why_not(town: Corner, pen: Pen, paper: bytes, points: int = 500) -> str:
    return town.hold_ticket(pen, paper, points, purpose=Purpose.CLEAR)[1].reason


def number_of(town: Corner) -> TicketNumber:
    with town.core.database.read() as tx:
        return TicketNumber(tx.scalar("SELECT number FROM ticket"))


def test_the_points_go_to_the_shop_that_brought_the_pile_and_not_to_the_office(
    town: Corner, hana: Resident, office: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    pile = office.open_pile(FISH_SHOP, town=KAWASAKI)

    seq = town.clear(office, paper, FISH_SHOP, hold=claim(town, office, paper))
    office.close_pile(pile, 1, 500)

    assert town.verdict(office, seq).outcome is Outcome.APPLIED
    assert town.balance(f"payable:{FISH_SHOP}") == 500
    assert town.owed(office) == 0
    assert town.ticket_states() == {"redeemed": 1}
    assert town.audit() == []


def test_the_settlement_pays_the_shop_and_names_the_counter_that_cleared(
    town: Corner, hana: Resident, office: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    town.clear(office, paper, FISH_SHOP)
    town.put(office)

    window = town.close_window()
    with town.core.database.read() as tx:
        found = places(tx, WindowName(KAWASAKI, SHOPS, window), FISH_SHOP)

    assert found == (Place(node=office.node, place="office", points=500),)


def test_a_pile_that_was_cleared_offline_meets_the_booth_that_scanned_a_copy(
    town: Corner, hana: Resident, office: Pen, fruit: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    town.redeem(fruit, paper)
    town.put(fruit)

    seq = town.clear(office, paper, FISH_SHOP)

    verdict = town.verdict(office, seq)
    assert (verdict.outcome, verdict.reason) == (Outcome.EXCEPTION, "second-clearing")
    assert (verdict.bearer, verdict.paid) == (Bearer.ORGANISATION, 0)
    assert town.balance(f"payable:{FISH_SHOP}") == 0
    assert town.balance("reserve") == 0
    assert town.audit() == []


def test_people_may_have_the_reserve_pay_the_shop_for_a_second_one(
    town: Corner, hana: Resident, office: Pen, fruit: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    town.redeem(fruit, paper)
    town.put(fruit)
    town.clear(office, paper, FISH_SHOP)
    town.put(office)

    town.decide(1, "pay")

    assert town.balance(f"payable:{FISH_SHOP}") == 500
    assert town.owed(office) == 500  # the greengrocer's own, for what its booth took
    assert town.balance("reserve") == -500
    assert town.audit() == []


def test_a_booth_offline_that_takes_a_copy_of_a_cleared_ticket_is_paid_by_the_reserve(
    town: Corner, hana: Resident, office: Pen, fruit: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    town.redeem(fruit, paper)
    town.clear(office, paper, FISH_SHOP)
    town.put(office)

    assert town.verdict(fruit).reason == "second-redemption"
    assert town.balance("reserve") == -500
    assert town.audit() == []


def test_when_the_clearing_is_taken_back_the_second_one_becomes_the_first(
    town: Corner, hana: Resident, office: Pen, fruit: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    copy = town.redeem(fruit, paper)
    seq = town.clear(office, paper, FISH_SHOP)
    town.put(office)
    town.put(fruit)

    office.reverse(seq, 500, town=KAWASAKI)
    town.put(office)

    assert town.verdict(fruit, copy).outcome is Outcome.APPLIED
    assert (town.balance("reserve"), town.balance(f"payable:{FISH_SHOP}")) == (0, 0)
    assert town.audit() == []


def test_a_clearing_taken_back_leaves_the_ticket_to_be_cleared_again(
    town: Corner, hana: Resident, office: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    seq = town.clear(office, paper, FISH_SHOP, hold=claim(town, office, paper))
    office.reverse(seq, 500, town=KAWASAKI)
    town.put(office)

    again = town.clear(office, paper, GREENGROCER, hold=claim(town, office, paper))

    assert town.verdict(office, again).outcome is Outcome.APPLIED
    assert (town.owed(office), town.balance(f"payable:{FISH_SHOP}")) == (500, 0)
    assert town.audit() == []


@pytest.mark.parametrize("asks", [True, False])
def test_paper_that_was_stamped_in_time_is_paid_until_the_programme_clears_no_more(
    town: Corner, hana: Resident, office: Pen, *, asks: bool
) -> None:
    paper = town.ticket(office, hana, 500)
    town.clock.turn(days=100)
    town.night()
    town.night()
    assert town.ticket_states() == {"expired": 1}
    assert town.balance(f"lapsed:ticket/{number_of(town)}") == 500
    town.feed(office)

    hold = claim(town, office, paper) if asks else 0
    seq = town.clear(office, paper, FISH_SHOP, hold=hold)

    assert town.verdict(office, seq).outcome is Outcome.APPLIED
    assert town.balance(f"payable:{FISH_SHOP}") == 500
    assert town.audit() == []


def test_a_clearing_of_lapsed_paper_that_is_taken_back_leaves_it_lapsed(
    town: Corner, hana: Resident, office: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    town.clock.turn(days=5)
    town.night()
    town.feed(office)
    seq = town.clear(office, paper, FISH_SHOP, hold=claim(town, office, paper))
    office.reverse(seq, 500, town=KAWASAKI)

    town.put(office)

    assert town.ticket_states() == {"expired": 1}
    assert town.balance(f"lapsed:ticket/{number_of(town)}") == 500
    assert town.balance("outstanding:101") == 0
    assert town.audit() == []


def test_a_claim_of_lapsed_paper_that_is_given_up_leaves_it_lapsed(
    town: Corner, hana: Resident, office: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    town.clock.turn(days=5)
    town.night()
    n = claim(town, office, paper)
    assert why_not(town, office, paper) == "ticket-used"

    town.put(office, office.batch(1, ended=(n,)))

    assert town.balance(f"lapsed:ticket/{number_of(town)}") == 500
    assert why_not(town, office, paper) == ""


def test_after_the_deadline_nothing_is_paid_and_the_hub_says_why(
    town: Corner, hana: Resident, office: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    town.clock.turn(days=180)
    town.night()
    town.feed(office)

    assert why_not(town, office, paper) == "clearing-over"
    seq = town.clear(office, paper, FISH_SHOP)

    verdict = town.verdict(office, seq)
    assert (verdict.reason, verdict.paid) == ("clearing-over", 0)
    assert verdict.bearer is Bearer.ORGANISATION
    assert town.audit() == []


def test_a_pile_cleared_on_the_last_day_may_be_handed_in_a_month_later(
    town: Corner, hana: Resident, office: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    town.clock.turn(days=178)
    town.night()
    assert town.today == "2027-04-30"
    town.feed(office)
    seq = town.clear(office, paper, FISH_SHOP)
    town.clock.turn(days=28)
    town.night()

    assert town.verdict(office, seq).outcome is Outcome.APPLIED
    assert town.balance(f"payable:{FISH_SHOP}") == 500
    assert town.audit() == []


def test_a_redemption_still_ends_with_the_ticket_s_own_last_day(
    town: Corner, hana: Resident, office: Pen, fruit: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    town.clock.turn(days=5)
    town.night()
    town.feed(fruit)

    assert town.hold_ticket(fruit, paper, 500)[1].reason == "ticket-past"
    seq = town.redeem(fruit, paper)

    assert town.verdict(fruit, seq).reason == "ticket-past"
    assert town.owed(fruit) == 0


def test_no_other_terminal_than_a_ticket_counter_clears(
    town: Corner, hana: Resident, office: Pen, fruit: Pen
) -> None:
    paper = town.ticket(office, hana, 500)

    assert why_not(town, fruit, paper) == "not-a-counter"
    seq = town.clear(fruit, paper, FISH_SHOP)

    verdict = town.verdict(fruit, seq)
    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "not-a-counter")
    assert town.balance(f"payable:{FISH_SHOP}") == 0


def test_a_pile_of_somebody_whom_the_town_has_not_accepted_waits_for_people(
    town: Corner, hana: Resident, office: Pen
) -> None:
    paper = town.ticket(office, hana, 500)

    seq = town.clear(office, paper, NOBODY_ELSE)

    verdict = town.verdict(office, seq)
    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "not-accepted")


def test_a_typed_number_is_paid_by_the_hold_that_was_granted_for_it(
    town: Corner, hana: Resident, office: Pen
) -> None:
    town.ticket(office, hana, 500)
    number = number_of(town)
    n, asked = town.hold_ticket(office, b"", 500, purpose=Purpose.CLEAR, number=number)
    assert asked.granted

    seq = office.clear_number(number, Points(500), FISH_SHOP, town=KAWASAKI, hold=n)

    assert town.verdict(office, seq).outcome is Outcome.APPLIED
    assert town.balance(f"payable:{FISH_SHOP}") == 500
    with town.core.database.read() as tx:
        (found,) = tickets(tx, number)
    assert found.state == "redeemed"
    assert town.audit() == []


@pytest.mark.parametrize("hold", [0, 99])
def test_a_typed_number_without_a_granted_hold_pays_nobody(
    town: Corner, hana: Resident, office: Pen, hold: int
) -> None:
    town.ticket(office, hana, 500)

    seq = office.clear_number(number_of(town), Points(500), FISH_SHOP, town=KAWASAKI, hold=hold)

    verdict = town.verdict(office, seq)
    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "number-without-hold")
    assert town.balance(f"payable:{FISH_SHOP}") == 0
    assert town.audit() == []


def test_a_number_that_was_mistyped_names_no_ticket(
    town: Corner, hana: Resident, office: Pen
) -> None:
    town.ticket(office, hana, 500)
    number = number_of(town)
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)

    _, asked = town.hold_ticket(office, b"", 500, purpose=Purpose.CLEAR, number=wrong)

    assert asked.reason == "ticket-forged"


def test_a_pile_may_be_worth_more_than_the_float_as_long_as_it_is_handed_in(
    town: Corner, hana: Resident, office: Pen
) -> None:
    town.grant(hana, 90_000)
    for _ in range(2):
        paper = town.ticket(office, hana, 40_000)
        seq = town.clear(office, paper, FISH_SHOP, hold=claim(town, office, paper, 40_000))

    assert town.verdict(office, seq).outcome is Outcome.APPLIED
    assert town.balance(f"payable:{FISH_SHOP}") == 80_000


def test_more_than_twenty_waiting_tickets_have_to_be_handed_in_first(
    town: Corner, hana: Resident, office: Pen
) -> None:
    papers = [town.ticket(office, hana, 10) for _ in range(21)]
    claims = [claim(town, office, paper, 10) for paper in papers[:20]]

    assert why_not(town, office, papers[20], 10) == "too-many-holds"

    for paper, n in zip(papers, claims, strict=False):
        town.clear(office, paper, FISH_SHOP, hold=n)
    town.put(office)
    assert why_not(town, office, papers[20], 10) == ""
