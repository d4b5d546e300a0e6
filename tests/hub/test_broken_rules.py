"""The rows of the table for who broke a rule, and for what is not proved, reason by reason."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec import structs

from hub.bodies import PolicySet, RevocationSourceSet
from hub.mykey.reasons import Suspension
from sync.policy import Policy
from sync.receipt import Bearer, Outcome
from sync.records import Ref, Reversed, TicketRedeemed, Tier
from sync.ticket import read_ticket, sign_ticket
from sync.values import PLATFORM, Digest, Points
from tests.doubles.pen import Card, Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident

Story = Callable[[Corner, Pen, Resident], int]
"""What a shop did, its last record the one to be judged; gives what the wallet can give for it."""


@pytest.fixture
def shop(town: Corner, hana: Resident) -> Pen:
    """A greengrocer that was told of Hana's 1,000 points."""
    assert town.wallet(hana) == 1_000
    pen = town.node(GREENGROCER)
    town.feed(pen, available=1_000)
    return pen


def spend(town: Corner, shop: Pen, who: Resident, points: int) -> None:
    """Take points here."""
    shop.spend(who.card, town.account(who), points, town=KAWASAKI)


def meanwhile(town: Corner, who: Resident, points: int = 800) -> None:
    """The fish shop takes most of what there is."""
    fish = town.node(FISH_SHOP)
    town.feed(fish, available=1_000)
    spend(town, fish, who, points)
    town.put(fish)


def believes(shop: Pen, **basis: object) -> None:
    """What its next records say that the shop knew."""
    assert shop.basis is not None
    shop.basis = structs.replace(shop.basis, **basis)


def stale_lists(town: Corner, shop: Pen, hana: Resident) -> int:
    """Four days after its last lists."""
    town.clock.turn(days=4)
    shop.at = town.clock.now()
    spend(town, shop, hana, 400)
    meanwhile(town, hana)
    return 200


def late(town: Corner, shop: Pen, hana: Resident) -> int:
    """Handed in after more than a month."""
    spend(town, shop, hana, 400)
    town.clock.turn(days=31)
    meanwhile(town, hana)
    return 200


def too_large(town: Corner, shop: Pen, hana: Resident) -> int:
    """More than one spend may be."""
    meanwhile(town, hana)
    spend(town, shop, hana, 1_001)
    return 200


def too_many(town: Corner, shop: Pen, hana: Resident) -> int:
    """The fourth of a day."""
    meanwhile(town, hana)
    for _ in range(3):
        spend(town, shop, hana, 50)
    spend(town, shop, hana, 100)
    return 50


def too_much_a_day(town: Corner, shop: Pen, hana: Resident) -> int:
    """Under a policy of 300 a day."""
    small = Policy(most_in_window=300)
    town.enact(PolicySet(KAWASAKI, small.encode()))
    town.feed(shop, available=1_000)
    believes(shop, policy=small.digest)
    meanwhile(town, hana)
    spend(town, shop, hana, 150)
    spend(town, shop, hana, 200)
    return 50


def owing(town: Corner, shop: Pen, hana: Resident) -> int:
    """The lists said that she owed from an overspend; then she was granted more than that."""
    spend(town, shop, hana, 700)
    meanwhile(town, hana)
    town.put(shop)
    town.feed(shop, available=0)
    town.grant(hana, 700)
    spend(town, shop, hana, 400)
    return 200


def lists_nobody_gave(town: Corner, shop: Pen, hana: Resident) -> int:
    """A feed of another day."""
    believes(shop, as_of=town.clock.now() - 5)
    meanwhile(town, hana)
    spend(town, shop, hana, 400)
    return 200


def policy_nobody_made(town: Corner, shop: Pen, hana: Resident) -> int:
    """A policy of its own."""
    believes(shop, policy=b"x" * 32)
    meanwhile(town, hana)
    spend(town, shop, hana, 400)
    return 200


def receipts_nobody_sent(town: Corner, shop: Pen, hana: Resident) -> int:
    """Receipts up to a record that was not posted."""
    believes(shop, receipted=2)
    meanwhile(town, hana)
    spend(town, shop, hana, 400)
    return 200


def suspended(town: Corner, shop: Pen, hana: Resident) -> int:
    """The lists said that her MyKey ID was suspended."""
    town.mykey.suspend(hana.name, Suspension.LOST, person="Kato")
    town.feed(shop, available=1_000)
    meanwhile(town, hana)
    spend(town, shop, hana, 400)
    return 200


def taken_back(town: Corner, shop: Pen, hana: Resident) -> int:
    """The lists said that her card was revoked."""
    meanwhile(town, hana)
    town.listed(1, hana)
    town.feed(shop, available=200)
    spend(town, shop, hana, 400)
    return 200


def lapsed_lists(town: Corner, shop: Pen, hana: Resident) -> int:
    """The hub had said until when its lists of revoked cards were good: three days before."""
    meanwhile(town, hana)
    town.enact(RevocationSourceSet(PLATFORM, "dir:/srv/lists"), "Sato")
    town.listed(1)
    town.clock.turn(days=4, hours=1)
    town.feed(shop, available=200)
    spend(town, shop, hana, 400)
    return 200


BROKEN: dict[Story, str] = {
    stale_lists: "lists-too-old",
    late: "late-hand-in",
    too_large: "over-spend-limit",
    too_many: "too-many-spends",
    too_much_a_day: "over-day-limit",
    owing: "open-deficit",
    suspended: "not-active",
    taken_back: "card-revoked",
    lapsed_lists: "revocation-too-old",
    lists_nobody_gave: "basis-unknown-feed",
    policy_nobody_made: "basis-unknown-policy",
    receipts_nobody_sent: "basis-says-more",
}


@pytest.mark.parametrize("story", BROKEN)
def test_who_broke_a_rule_gets_what_the_wallet_has_and_bears_the_rest(
    town: Corner, shop: Pen, hana: Resident, story: Story
) -> None:
    there = story(town, shop, hana)

    verdict = town.verdict(shop)

    assert (verdict.outcome, verdict.reason) == (Outcome.EXCEPTION, BROKEN[story])
    assert (verdict.paid, verdict.bearer) == (there, Bearer.ORGANISATION)
    assert town.wallet(hana) == town.balance(f"deficit:{town.account(hana)}") == 0
    assert town.balance("reserve") == 0
    assert town.audit() == []


def test_whoever_the_lists_did_not_know_yet_is_no_reason_to_pay_beyond_the_wallet(
    town: Corner, card_keys: list[RSAPrivateKey]
) -> None:
    shop = town.node(GREENGROCER)
    newcomer = town.resident(card_keys[1])
    town.grant(newcomer, 300)
    spend(town, shop, newcomer, 400)

    verdict = town.verdict(shop)

    assert (verdict.reason, verdict.paid) == ("basis-no-standing", 300)
    assert verdict.bearer is Bearer.ORGANISATION
    assert town.audit() == []


# -- what is not proved


@pytest.fixture
def paper(town: Corner, hana: Resident) -> bytes:
    """A ticket of 500."""
    return town.ticket(town.node(GREENGROCER, "2222"), hana, 500)


def scanned(town: Corner, shop: Pen, paper: bytes) -> TicketRedeemed:
    """What a shop writes of a ticket."""
    assert shop.basis is not None
    ticket = read_ticket(paper, {KAWASAKI: (town.core.keys.tickets(KAWASAKI).public,)})
    return TicketRedeemed(
        municipality=KAWASAKI,
        number=ticket.number,
        points=ticket.points,
        tier=Tier.T2,
        hold=0,
        ticket=paper,
        basis=shop.basis,
    )


def test_a_card_that_nobody_registered_takes_nothing(
    town: Corner, shop: Pen, hana: Resident, card_keys: list[RSAPrivateKey]
) -> None:
    shop.spend(Card(card_keys[1]), town.account(hana), 400, town=KAWASAKI)

    _waits(town, shop, "unknown-key")


def test_a_ticket_with_another_sum_than_its_signature_says_is_a_bad_one(
    town: Corner, shop: Pen, hana: Resident, paper: bytes
) -> None:
    shop.write(structs.replace(scanned(town, shop, paper), points=Points(900)))

    _waits(town, shop, "bad-ticket")
    town.decide(town.incidents()[-1][0], "apply")

    assert town.ticket_states() == {"issued": 1}  # nobody proved that it was there
    assert (town.owed(shop), town.balance("reserve")) == (900, -900)
    assert town.wallet(hana) == 500
    assert town.audit() == []


def test_a_ticket_of_another_value_than_the_towns_own_books_say_waits(
    town: Corner, shop: Pen, paper: bytes
) -> None:
    key = town.core.keys.tickets(KAWASAKI)
    ticket = read_ticket(paper, {KAWASAKI: (key.public,)})
    town.redeem(shop, sign_ticket(replace(ticket, points=Points(300)), key))

    _waits(town, shop, "other-value")
    town.decide(town.incidents()[-1][0], "apply")

    assert town.ticket_states() == {"issued": 1}
    assert town.balance("outstanding:101") == 500
    assert town.audit() == []


def test_a_redemption_that_people_paid_before_its_issue_came_is_the_tickets_when_it_comes(
    town: Corner, shop: Pen, hana: Resident
) -> None:
    counter, fish = town.node(GREENGROCER, "2222"), town.node(FISH_SHOP)
    n, asked = town.hold_tickets(counter, hana, 500)
    with town.core.database.read() as tx:
        paper = bytes(tx.scalar("SELECT signed FROM ticket"))
    town.redeem(shop, paper)
    _waits(town, shop, "issue-not-posted")
    town.decide(town.incidents()[-1][0], "apply")
    assert (town.owed(shop), town.balance("reserve")) == (500, -500)

    counter.issue(
        hana.card, town.account(hana), asked.tickets, town=KAWASAKI, hold=n, programme="101"
    )
    town.put(counter)
    copy = town.redeem(fish, paper)

    assert town.verdict(shop).outcome is Outcome.APPLIED
    assert town.verdict(fish, copy).reason == "second-redemption"
    assert town.balance("outstanding:101") == 0
    assert town.balance("reserve") == -500  # for the copy alone
    assert town.audit() == []


# -- what cannot be taken back


@pytest.mark.parametrize("reason", ["not-reversible", "no-such-record"])
def test_a_reversal_of_nothing_moves_nothing(
    town: Corner, shop: Pen, hana: Resident, reason: str
) -> None:
    spend(town, shop, hana, 400)
    if reason == "not-reversible":
        shop.reverse(2, 400, town=KAWASAKI)
    else:
        shop.write(Reversed(KAWASAKI, Ref(shop.epoch, 3, Digest(bytes(32))), Points(400)))

    verdict = town.verdict(shop)

    assert (verdict.outcome, verdict.reason) == (Outcome.EXCEPTION, reason)
    assert (verdict.bearer, verdict.paid) == (Bearer.NOBODY, 0)
    assert (town.wallet(hana), town.owed(shop)) == (600, 400)
    assert town.audit() == []


def _waits(town: Corner, shop: Pen, reason: str) -> None:
    before = town.balances()
    verdict = town.verdict(shop)
    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, reason)
    assert (verdict.bearer, verdict.paid) == (Bearer.UNDECIDED, 0)
    assert town.balances() == before
