"""What was quarantined for something that has come since is judged again, once."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.mykey import schema as identity_schema
from hub.store import schema
from sync.receipt import Outcome, Verdict
from sync.records import Ticket
from sync.values import Points, TicketNumber
from tests.doubles import databases
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident, corner
from tests.hub.test_reads_on_server import rows_read


@pytest.fixture
def counter(town: Corner) -> Pen:
    """The counter that issues tickets."""
    return town.node(GREENGROCER)


def postings(town: Corner) -> int:
    """How many postings Kawasaki has had."""
    with town.core.database.read() as tx:
        number = tx.scalar("SELECT posting FROM municipality WHERE municipality=:t", t=KAWASAKI)
    return int(number)


def later(town: Corner, pen: Pen) -> Verdict:
    """What became of a pen's last record in the end."""
    return town.verdict(pen)


def test_an_issue_healed_of_its_evidence_but_not_of_its_numbers_is_judged_again_only_once(
    town: Corner, counter: Pen, hana: Resident
) -> None:
    made_up = Ticket(
        number=TicketNumber("1" * 13),
        points=Points(100),
        valid_from="2026-11-02",
        valid_until="2026-11-04",
    )
    counter.issue(hana.card, town.account(hana), [made_up], town=KAWASAKI, hold=7, programme="101")
    town.put(counter, counter.batch(evidence=[None] * counter.seq))
    assert town.incidents()[-1][2:] == ("no-evidence", "open")
    before = postings(town)

    town.put(counter)
    town.round()
    town.round()

    assert postings(town) == before + 1
    assert town.incidents()[-1][2:] == ("numbers-not-given", "open")
    verdict = later(town, counter)
    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "numbers-not-given")
    assert town.audit() == []


def test_a_ticket_redeemed_before_its_issue_came_is_paid_when_it_comes(
    town: Corner, counter: Pen, hana: Resident
) -> None:
    shop = town.node(FISH_SHOP)
    n, asked = town.hold_tickets(counter, hana, 300)
    with town.core.database.read() as tx:
        paper = bytes(tx.scalar("SELECT signed FROM ticket"))
    town.feed(shop)
    town.redeem(shop, paper)
    town.put(shop)
    assert town.incidents()[-1][2:] == ("issue-not-posted", "open")
    assert town.owed(shop) == 0

    counter.issue(
        hana.card, town.account(hana), asked.tickets, town=KAWASAKI, hold=n, programme="101"
    )
    town.put(counter)
    town.round()

    assert town.owed(shop) == 300
    assert town.incidents()[-1][2:] == ("issue-not-posted", "decided")
    assert later(town, shop).outcome is Outcome.APPLIED
    assert town.ticket_states() == {"redeemed": 1}
    assert town.audit() == []


def test_of_two_redemptions_before_the_issue_the_reserve_pays_the_second(
    town: Corner, counter: Pen, hana: Resident
) -> None:
    n, asked = town.hold_tickets(counter, hana, 300)
    with town.core.database.read() as tx:
        paper = bytes(tx.scalar("SELECT signed FROM ticket"))
    shops = [town.node(FISH_SHOP), town.node(GREENGROCER, "2222")]
    for shop in shops:
        town.feed(shop)
        town.redeem(shop, paper)
        town.put(shop)

    counter.issue(
        hana.card, town.account(hana), asked.tickets, town=KAWASAKI, hold=n, programme="101"
    )
    town.put(counter)
    town.round()

    found = [later(town, shop) for shop in shops]
    assert sorted(one.reason for one in found) == ["", "second-redemption"]
    assert town.balance("reserve") == -300
    assert town.audit() == []


def test_a_redemption_whose_issue_never_comes_goes_on_waiting(
    town: Corner, counter: Pen, hana: Resident
) -> None:
    shop = town.node(FISH_SHOP)
    town.hold_tickets(counter, hana, 300)
    with town.core.database.read() as tx:
        paper = bytes(tx.scalar("SELECT signed FROM ticket"))
    town.feed(shop)
    town.redeem(shop, paper)
    town.put(shop)
    before = postings(town)

    town.round()

    assert postings(town) == before
    assert town.incidents()[-1][2:] == ("issue-not-posted", "open")


def test_copies_of_evidence_are_looked_at_until_they_have_healed_their_sales_and_then_no_more(
    server: databases.Server, card_keys: list[RSAPrivateKey]
) -> None:
    ledger = server.database(schema.metadata, schema.VERSION)
    who = server.database(identity_schema.metadata, identity_schema.VERSION)
    town = corner(stored=(ledger, who))
    hana = town.resident(card_keys[0])
    town.grant(hana, 1_000)
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    for _ in range(3):
        shop.spend(hana.card, town.account(hana), 100, town=KAWASAKI)

    town.put(shop, shop.batch(evidence=[None] * shop.seq))

    before = rows_read(ledger)
    town.put(shop)
    healing = rows_read(ledger)
    town.round()
    afterwards = rows_read(ledger)

    assert town.owed(shop) == 300
    assert (healing - before)["card_evidence"] >= 3
    assert (afterwards - healing)["card_evidence"] == 0
    assert town.stored("card_evidence") == 3, "what proves a sale stays"
    assert town.audit() == []
    server.sweep()
