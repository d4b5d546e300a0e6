"""A paper ticket that is handed back: its points return at once, and a copy of it pays nobody."""

import pytest

from hub.bodies import ProgrammeAdded
from hub.points.books import wallet_history
from hub.points.lots import what_is_left
from sync.holds import Purpose
from sync.receipt import Bearer, Outcome
from sync.records import TicketVoided
from sync.ticket import read_ticket
from sync.values import AccountId, KeyDigest, Points
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


def test_paper_that_is_handed_in_gives_its_points_back_at_once(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    before = town.wallet(hana)
    paper = town.ticket(counter, hana, 500)

    verdict = town.void(fish, paper, 500)

    assert verdict.outcome is Outcome.APPLIED
    assert (town.wallet(hana), town.balance("outstanding:101")) == (before, 0)
    assert town.ticket_states() == {"voided": 1}
    assert town.hold_ticket(fish, paper, 500)[1].reason == "ticket-voided"
    assert town.hold_ticket(counter, paper, 500, purpose=Purpose.VOID)[1].reason == "ticket-voided"
    assert town.audit() == []


def test_a_counter_that_gives_up_a_void_leaves_the_ticket_as_it_was(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    n, asked = town.hold_ticket(fish, paper, 500, purpose=Purpose.VOID)
    assert asked.granted
    assert town.hold_ticket(counter, paper, 500)[1].reason == "ticket-used"

    town.put(fish, fish.batch(1, ended=(n,)))

    assert town.ticket_states() == {"issued": 1}
    assert town.hold_ticket(counter, paper, 500)[1].granted
    assert town.audit() == []


def test_the_points_of_each_ticket_come_back_with_dates_of_their_own(
    town: Corner, hana: Resident, counter: Pen
) -> None:
    _programme(town, "202", use_until="2026-12-24")
    town.grant(hana, 150, programme="202")
    account = town.account(hana)
    before = _dated(town, account)
    n, asked = town.hold_tickets(counter, hana, 100, 3)
    counter.issue(hana.card, account, asked.tickets, town=KAWASAKI, hold=n, programme="101")

    for paper in town.verdict(counter).tickets:
        town.void(counter, paper, 100)

    assert _dated(town, account) == before
    assert town.audit() == []


def test_points_that_expired_meanwhile_lapse_the_night_after_they_came_back(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    _programme(town, "202", use_until="2026-11-03")
    town.grant(hana, 100, programme="202")
    paper = town.ticket(counter, hana, 100)
    town.lose(counter, hana, paper)
    town.night()
    town.night()

    town.asks_again(counter)
    town.asks_again(fish)
    assert town.wallet(hana) == 1_100
    town.night()

    assert town.wallet(hana) == 1_000
    assert town.audit() == []


def test_an_open_deficit_is_recovered_from_what_comes_back(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 700)
    fruit = town.node(GREENGROCER)
    for pen in (fish, fruit):
        town.feed(pen, available=300)
        pen.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    for pen in (fish, fruit):
        town.put(pen)
    assert town.balance(f"deficit:{town.account(hana)}") == -300

    town.void(counter, paper, 700)

    assert town.balance(f"deficit:{town.account(hana)}") == 0
    assert town.wallet(hana) == 400
    assert town.audit() == []


def test_a_copy_redeemed_offline_is_paid_by_the_reserve_and_both_counters_are_asked(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    town.feed(fish)
    void = counter.seq + 1
    town.void(counter, paper, 500)

    town.redeem(fish, paper)
    copy = town.verdict(fish)

    assert (copy.outcome, copy.reason, copy.bearer, copy.paid) == (
        Outcome.EXCEPTION,
        "copy-of-voided",
        Bearer.RESERVE,
        500,
    )
    assert (town.balance("reserve"), town.owed(fish)) == (-500, 500)
    assert town.verdict(counter, void).reason == "copy-turned-up"
    assert {reason for _, _, reason, _ in town.incidents()} == {"copy-of-voided", "copy-turned-up"}
    assert town.audit() == []


def test_a_copy_redeemed_while_the_paper_is_being_handed_in_is_named_with_the_void(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    before = town.wallet(hana)
    paper = town.ticket(counter, hana, 500)
    town.feed(fish)
    n, _ = town.hold_ticket(counter, paper, 500, purpose=Purpose.VOID)
    town.redeem(fish, paper)
    assert town.verdict(fish).reason == "second-redemption"

    public = town.core.keys.tickets(KAWASAKI).public
    counter.void(paper, public=public, town=KAWASAKI, hold=n)

    assert town.verdict(counter).reason == "copy-turned-up"
    assert (town.wallet(hana), town.balance("reserve")) == (before, -500)
    assert town.audit() == []


def test_a_redeemed_ticket_is_not_voided(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    town.redeem(fish, paper)
    town.put(fish)
    left = town.wallet(hana)

    _, asked = town.hold_ticket(counter, paper, 500, purpose=Purpose.VOID)
    public = town.core.keys.tickets(KAWASAKI).public
    counter.void(paper, public=public, town=KAWASAKI)

    assert asked.reason == "ticket-used"
    assert town.verdict(counter).reason == "ticket-not-live"
    assert (town.wallet(hana), town.ticket_states()) == (left, {"redeemed": 1})
    assert town.audit() == []


def test_a_void_of_paper_that_another_counter_claims_takes_nothing_from_it(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    left = town.wallet(hana)
    n, asked = town.hold_ticket(fish, paper, 500)
    assert asked.granted
    public = town.core.keys.tickets(KAWASAKI).public

    counter.void(paper, public=public, town=KAWASAKI)
    assert town.verdict(counter).reason == "ticket-not-live"
    town.redeem(fish, paper, hold=n)

    assert town.verdict(fish).outcome is Outcome.APPLIED
    assert (town.wallet(hana), town.owed(fish)) == (left, 500)
    assert town.audit() == []


def test_a_void_that_names_another_value_waits_for_people(
    town: Corner, hana: Resident, counter: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    read = read_ticket(paper, {KAWASAKI: (town.core.keys.tickets(KAWASAKI).public,)})
    counter.lose(hana.card, town.account(hana), read.number, Points(900), town=KAWASAKI)

    verdict = town.verdict(counter)

    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "other-value")
    assert town.ticket_states() == {"issued": 1}


def test_paper_is_handed_in_before_its_first_day_too(
    town: Corner, hana: Resident, counter: Pen
) -> None:
    before = town.wallet(hana)
    n, asked = town.hold_tickets(counter, hana, 500, start="2026-11-05")
    account = town.account(hana)
    counter.issue(hana.card, account, asked.tickets, town=KAWASAKI, hold=n, programme="101")
    (paper,) = town.verdict(counter).tickets

    assert town.void(counter, paper, 500).outcome is Outcome.APPLIED
    assert town.wallet(hana) == before


def test_a_ticket_past_its_days_is_not_voided(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500, days=1)
    town.night()

    assert town.hold_ticket(fish, paper, 500, purpose=Purpose.VOID)[1].reason == "ticket-past"
    assert town.audit() == []


def test_a_void_that_lost_its_claim_still_gives_the_points_back(
    town: Corner, hana: Resident, counter: Pen
) -> None:
    before = town.wallet(hana)
    paper = town.ticket(counter, hana, 500)
    public = town.core.keys.tickets(KAWASAKI).public

    counter.void(paper, public=public, town=KAWASAKI)

    assert town.verdict(counter).outcome is Outcome.APPLIED
    assert town.wallet(hana) == before
    assert town.audit() == []


def test_a_forged_ticket_voids_nothing(town: Corner, hana: Resident, counter: Pen) -> None:
    paper = town.ticket(counter, hana, 500)
    public = town.core.keys.tickets(KAWASAKI).public
    forged = paper[:-1] + bytes([paper[-1] ^ 1])
    read = read_ticket(paper, {KAWASAKI: (public,)})
    counter.write(
        TicketVoided(KAWASAKI, read.number, read.points, AccountId(""), KeyDigest(b""), 0, forged)
    )

    verdict = town.verdict(counter)

    assert (verdict.outcome, verdict.reason) == (Outcome.QUARANTINED, "bad-ticket")
    assert town.ticket_states() == {"issued": 1}


def _programme(town: Corner, programme: str, *, use_until: str) -> None:
    ends = ("2026-11-03", use_until, use_until, use_until)
    town.enact(ProgrammeAdded(KAWASAKI, programme, "祭り", "文化局", 0, *ends))


def _dated(town: Corner, account: AccountId) -> list[tuple[int, int]]:
    """What a wallet holds of each date."""
    with town.core.database.read() as tx:
        return what_is_left(f"wallet:{account}", wallet_history(tx, KAWASAKI, account)).in_order()
