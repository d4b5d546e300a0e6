"""A yes to one thing is no yes to another: a hold carries only the kind of record it was for."""

import pytest

from sync.holds import Purpose
from sync.receipt import Bearer, Outcome
from sync.records import TicketVoided
from sync.ticket import read_ticket
from sync.values import Points
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident


@pytest.fixture
def office(town: Corner) -> Pen:
    """The ticket counter of the shopping street's office."""
    return town.node(GREENGROCER, "2222", kind="counter", place="office")


@pytest.fixture
def fish(town: Corner) -> Pen:
    """A booth that has the feed."""
    return town.node(FISH_SHOP)


def claim(town: Corner, pen: Pen, paper: bytes, purpose: Purpose) -> int:
    n, asked = town.hold_ticket(pen, paper, 500, purpose=purpose)
    assert asked.granted, asked.reason
    return n


def hold_states(town: Corner) -> dict[int, str]:
    """How each claim of a ticket stands, by its attempt."""
    with town.core.database.read() as tx:
        return dict(tx.rows("SELECT n, state FROM hold WHERE purpose<>'ticket.issue'"))


def test_a_claim_for_a_pile_does_not_carry_a_redemption_after_the_tickets_last_day(
    town: Corner, hana: Resident, office: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    town.clock.turn(days=5)
    town.night()
    town.feed(office)
    n = claim(town, office, paper, Purpose.CLEAR)

    town.redeem(office, paper, hold=n)

    verdict = town.verdict(office)
    assert (verdict.reason, verdict.bearer, verdict.paid) == (
        "ticket-past",
        Bearer.ORGANISATION,
        0,
    )
    assert hold_states(town) == {n: "freed"}
    assert town.audit() == []


def test_a_claim_for_paper_handed_in_does_not_carry_a_redemption_of_what_was_said_to_be_lost(
    town: Corner, hana: Resident, office: Pen, fish: Pen
) -> None:
    paper = town.ticket(office, hana, 500)
    town.lose(office, hana, paper)
    town.feed(fish)
    n = claim(town, fish, paper, Purpose.VOID)

    town.redeem(fish, paper, hold=n)

    verdict = town.verdict(fish)
    assert (verdict.outcome, verdict.reason) == (Outcome.EXCEPTION, "ticket-used")
    assert hold_states(town) == {n: "freed"}
    assert town.audit() == []


def test_a_claim_for_a_redemption_does_not_carry_a_pile(
    town: Corner, hana: Resident, office: Pen
) -> None:
    town.ticket(office, hana, 500)
    with town.core.database.read() as tx:
        number = tx.scalar("SELECT number FROM ticket")
    n, asked = town.hold_ticket(office, b"", 500, number=number)
    assert asked.granted

    office.clear_number(number, Points(500), FISH_SHOP, town=KAWASAKI, hold=n)

    verdict = town.verdict(office)
    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "number-without-hold")
    assert town.balance(f"payable:{FISH_SHOP}") == 0
    assert hold_states(town) == {n: "freed"}
    assert town.audit() == []


def test_points_held_for_tickets_do_not_carry_a_sale(
    town: Corner, hana: Resident, office: Pen
) -> None:
    n, asked = town.hold_tickets(office, hana, 400)
    assert asked.granted
    town.feed(office, available=600)

    office.spend(hana.card, town.account(hana), 400, town=KAWASAKI, hold=n)

    assert town.verdict(office).outcome is Outcome.APPLIED
    assert town.ticket_states() == {"dead": 1}  # its hold went back; the sale took from the wallet
    assert town.wallet(hana) == 600
    assert town.audit() == []


def test_a_lost_ticket_s_record_that_names_a_claim_ends_it(
    town: Corner, hana: Resident, office: Pen, fish: Pen
) -> None:
    before = town.wallet(hana)
    paper = town.ticket(office, hana, 500)
    n = claim(town, office, paper, Purpose.VOID)
    read = read_ticket(paper, {KAWASAKI: (town.core.keys.tickets(KAWASAKI).public,)})
    body = TicketVoided(
        municipality=KAWASAKI,
        number=read.number,
        points=read.points,
        account=town.account(hana),
        card=hana.card.digest,
        hold=n,
        ticket=b"",
    )
    office.write(body, hana.card)
    assert town.verdict(office).outcome is Outcome.APPLIED

    town.asks_again(office)
    town.asks_again(fish)

    assert hold_states(town) == {n: "freed"}
    assert (town.wallet(hana), town.ticket_states()) == (before, {"voided": 1})
    assert town.audit() == []
