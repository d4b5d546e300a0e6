"""What people may decide when a ticket that was taken out of use was used after all."""

import pytest

from sync.errors import RefusedByRule
from sync.holds import Purpose
from sync.receipt import Bearer, Outcome
from sync.records import TicketVoided
from sync.ticket import read_ticket
from sync.values import AccountId, KeyDigest
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident

ALL = ["write-off", "pay", "recover", "noted", "apply", "refuse"]


@pytest.fixture
def counter(town: Corner) -> Pen:
    """The ticket counter of the town hall; the reserve has 5,000."""
    town.fund(5_000)
    return town.node(GREENGROCER, "2222")


def incident(town: Corner, reason: str) -> int:
    return next(number for number, _, found, _ in town.incidents() if found == reason)


def copy_of_voided(town: Corner, hana: Resident, counter: Pen) -> Pen:
    """Hana hands her ticket back; the fish shop takes a photocopy of it, offline."""
    fish = town.node(FISH_SHOP)
    paper = town.ticket(counter, hana, 500)
    town.void(counter, paper, 500)
    town.redeem(fish, paper)
    town.put(fish)
    return fish


def test_a_copy_is_recovered_from_whose_ticket_it_was(
    town: Corner, hana: Resident, counter: Pen
) -> None:
    fish = copy_of_voided(town, hana, counter)
    assert (town.balance("reserve"), town.wallet(hana)) == (4_500, 1_000)

    town.decide(incident(town, "copy-of-voided"), "recover")

    assert (town.balance("reserve"), town.wallet(hana)) == (5_000, 500)
    assert town.verdict(fish).bearer is Bearer.RESIDENT
    assert town.audit() == []


def test_or_it_stays_with_the_reserve(town: Corner, hana: Resident, counter: Pen) -> None:
    copy_of_voided(town, hana, counter)

    town.decide(incident(town, "copy-of-voided"), "write-off")

    assert (town.balance("reserve"), town.wallet(hana)) == (4_500, 1_000)
    assert town.audit() == []


@pytest.mark.parametrize("decision", [each for each in ALL if each != "noted"])
def test_of_the_void_itself_nothing_is_left_to_decide(
    town: Corner, hana: Resident, counter: Pen, decision: str
) -> None:
    copy_of_voided(town, hana, counter)
    before = town.balances()

    with pytest.raises(RefusedByRule):
        town.decide(incident(town, "copy-turned-up"), decision)

    assert town.balances() == before
    town.decide(incident(town, "copy-turned-up"), "noted")
    assert town.audit() == []


def test_a_copy_that_is_taken_back_costs_nobody(town: Corner, hana: Resident, counter: Pen) -> None:
    fish = copy_of_voided(town, hana, counter)

    fish.reverse(fish.seq, 500, town=KAWASAKI)
    town.put(fish)

    assert (town.balance("reserve"), town.wallet(hana), town.owed(fish)) == (5_000, 1_000, 0)
    assert town.ticket_states() == {"voided": 1}
    assert town.audit() == []


def test_a_void_whose_paper_was_forged_frees_its_claim_when_people_refuse_it(
    town: Corner, hana: Resident, counter: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    n, asked = town.hold_ticket(counter, paper, 500, purpose=Purpose.VOID)
    assert asked.granted
    read = read_ticket(paper, {KAWASAKI: (town.core.keys.tickets(KAWASAKI).public,)})
    forged = paper[:-1] + bytes([paper[-1] ^ 1])
    account, card = AccountId(""), KeyDigest(b"")
    counter.write(TicketVoided(KAWASAKI, read.number, read.points, account, card, n, forged))
    assert town.verdict(counter).outcome is Outcome.QUARANTINED

    town.decide(incident(town, "bad-ticket"), "refuse")

    assert town.balance("outstanding:101") == 500
    assert town.hold_ticket(counter, paper, 500)[1].granted
    assert town.audit() == []
