"""A paper ticket that is lost: nobody takes it any more, and its points come back when all know."""

import pytest

from hub.bodies import FloatSet, NodeRevoked, VoidsEnded
from hub.counters import Counters
from hub.feed import page
from hub.handing_in import Judging
from hub.intake.verify import InlineVerifier
from hub.throttle import Throttle
from sync.holds import Purpose
from sync.receipt import Bearer, Outcome
from sync.ticket import read_ticket
from tests.doubles.listening import listening
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


def test_the_points_come_back_when_the_last_counter_knows(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    before = town.wallet(hana)
    paper = town.ticket(counter, hana, 500)

    verdict = town.lose(counter, hana, paper)
    assert verdict.outcome is Outcome.APPLIED
    assert town.ticket_states() == {"voiding": 1}
    assert town.hold_ticket(fish, paper, 500)[1].reason == "ticket-voided"

    town.asks_again(counter)
    assert (town.wallet(hana), town.ticket_states()) == (before - 500, {"voiding": 1})

    town.asks_again(fish)
    assert (town.wallet(hana), town.ticket_states()) == (before, {"voided": 1})
    assert town.balance("outstanding:101") == 0
    assert town.audit() == []


def test_a_booth_that_is_never_heard_of_delays_them_until_a_week_after_the_last_day(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    del fish
    paper = town.ticket(counter, hana, 500, days=2)
    left = town.wallet(hana)
    town.lose(counter, hana, paper)

    for _ in range(8):
        town.night()
        assert town.ticket_states() == {"voiding": 1}
    town.night()

    assert town.ticket_states() == {"voided": 1}
    assert town.wallet(hana) == left + 500
    assert town.audit() == []


def test_a_booth_that_says_it_knows_what_is_yet_to_come_is_asked_again(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    page(town.core, town.mykey, fish.node, str(town.core.incarnation), 10**9)
    paper = town.ticket(counter, hana, 500)
    town.lose(counter, hana, paper)

    town.asks_again(counter)
    assert town.ticket_states() == {"voiding": 1}

    town.asks_again(fish)
    assert town.ticket_states() == {"voided": 1}


def test_who_says_twice_that_it_is_lost_gets_the_points_once(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    before = town.wallet(hana)
    paper = town.ticket(counter, hana, 500)
    town.lose(counter, hana, paper)

    again = town.lose(fish, hana, paper)
    town.asks_again(counter)
    town.asks_again(fish)

    assert (again.outcome, again.reason) == (Outcome.EXCEPTION, "ticket-not-live")
    assert town.wallet(hana) == before
    assert town.audit() == []


def test_paper_that_a_counter_is_clearing_right_now_keeps_its_points_until_it_has_spoken(
    town: Corner, hana: Resident, fish: Pen
) -> None:
    office = town.node(GREENGROCER, "2222", kind="counter")
    before = town.wallet(hana)
    paper = town.ticket(office, hana, 500)
    town.lose(office, hana, paper)
    n, asked = town.hold_ticket(office, paper, 500, purpose=Purpose.CLEAR)
    assert asked.granted
    number = read_ticket(paper, {KAWASAKI: (town.core.keys.tickets(KAWASAKI).public,)}).number

    for pen in (office, fish):
        town.asks_again(pen)
    town.enact(VoidsEnded(KAWASAKI, (number,)))
    assert (town.ticket_states(), town.wallet(hana)) == ({"voiding": 1}, before - 500)

    town.put(office, office.batch(1, ended=(n,)))
    town.asks_again(office)
    assert (town.ticket_states(), town.wallet(hana)) == ({"voided": 1}, before)
    assert town.audit() == []


def test_a_booth_that_was_revoked_delays_nothing(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    town.lose(counter, hana, paper)
    town.enact(NodeRevoked(KAWASAKI, fish.node, "stolen"))

    town.asks_again(counter)

    assert town.ticket_states() == {"voided": 1}


def test_a_redemption_before_all_know_is_paid_by_the_ticket_and_ends_the_void(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    left = town.wallet(hana)
    town.lose(counter, hana, paper)
    void = counter.seq

    town.redeem(fish, paper)
    found = town.verdict(fish)
    town.asks_again(counter)
    town.asks_again(fish)

    assert (found.outcome, found.reason, found.bearer, found.paid) == (
        Outcome.EXCEPTION,
        "lost-ticket-redeemed",
        Bearer.NOBODY,
        500,
    )
    assert (town.owed(fish), town.wallet(hana), town.balance("reserve")) == (500, left, 0)
    assert town.verdict(counter, void).reason == "redeemed-meanwhile"
    assert {reason for _, _, reason, _ in town.incidents()} == {
        "lost-ticket-redeemed",
        "redeemed-meanwhile",
    }
    assert town.audit() == []


def test_when_that_redemption_is_taken_back_the_void_goes_on(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    before = town.wallet(hana)
    paper = town.ticket(counter, hana, 500)
    town.lose(counter, hana, paper)
    void = counter.seq
    seq = town.redeem(fish, paper)
    town.put(fish)

    fish.reverse(seq, 500, town=KAWASAKI)
    town.put(fish)
    assert town.verdict(counter, void).outcome is Outcome.APPLIED
    assert town.ticket_states() == {"voiding": 1}
    town.asks_again(counter)
    town.asks_again(fish)

    assert (town.wallet(hana), town.owed(fish)) == (before, 0)
    assert town.ticket_states() == {"voided": 1}
    assert town.audit() == []


def test_a_redemption_after_the_points_came_back_falls_on_the_resident(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    before = town.wallet(hana)
    paper = town.ticket(counter, hana, 500)
    seq = town.redeem(fish, paper)  # by lists from before, handed in late
    town.lose(counter, hana, paper)
    town.asks_again(counter)
    town.asks_again(fish)
    assert town.wallet(hana) == before

    found = town.verdict(fish)

    assert (found.reason, found.bearer, found.paid) == (
        "redeemed-after-return",
        Bearer.RESIDENT,
        500,
    )
    assert (town.owed(fish), town.wallet(hana), town.balance("reserve")) == (500, before - 500, 0)
    fish.reverse(seq, 500, town=KAWASAKI)
    town.put(fish)
    assert (town.owed(fish), town.wallet(hana)) == (0, before)
    assert town.audit() == []


def test_what_the_wallet_lacks_then_is_owed_and_may_be_written_off(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    town.redeem(fish, paper)
    town.lose(counter, hana, paper)
    town.asks_again(counter)
    town.asks_again(fish)
    account = town.account(hana)
    n, asked = town.hold(counter, hana, 900)
    assert asked.granted
    counter.spend(hana.card, account, 900, town=KAWASAKI, hold=n)
    town.put(counter)

    found = town.verdict(fish)
    assert (found.reason, found.paid) == ("redeemed-after-return", 500)
    assert town.balance(f"deficit:{account}") == -400

    (number,) = (one for one, _, reason, _ in town.incidents() if reason == "redeemed-after-return")
    town.decide(number, "write-off")

    assert (town.balance(f"deficit:{account}"), town.balance("reserve")) == (0, -400)
    assert town.audit() == []


def test_what_a_booth_s_word_is_good_for_counts_what_it_was_paid_for_lost_tickets(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    papers = [town.ticket(counter, hana, 500) for _ in range(2)]
    for paper in papers:
        town.redeem(fish, paper)
        town.lose(counter, hana, paper)
    town.asks_again(counter)
    town.asks_again(fish)
    n, asked = town.hold(counter, hana, 1_000)
    assert asked.granted
    counter.spend(hana.card, town.account(hana), 1_000, town=KAWASAKI, hold=n)
    town.put(counter)
    town.enact(FloatSet(KAWASAKI, fish.node, 900))

    found = town.verdicts(town.put(fish))

    first, second = (found[fish.seq - 1], found[fish.seq])
    assert (first.reason, first.paid) == ("redeemed-after-return", 500)
    assert (second.reason, second.bearer, second.paid) == ("beyond-float", Bearer.UNDECIDED, 0)
    assert (town.owed(fish), town.balance(f"deficit:{town.account(hana)}")) == (500, -500)
    assert town.audit() == []


def test_a_booth_whose_list_names_the_ticket_is_not_paid_for_it(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    town.lose(counter, hana, paper)
    town.feed(fish)
    town.asks_again(fish)
    town.asks_again(counter)
    assert town.ticket_states() == {"voided": 1}

    town.redeem(fish, paper)
    found = town.verdict(fish)

    assert (found.reason, found.paid) == ("second-redemption-rule-broken", 0)
    assert town.owed(fish) == 0
    assert town.audit() == []


def test_lost_paper_that_is_found_again_is_handed_in_like_any_other(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    before = town.wallet(hana)
    paper = town.ticket(counter, hana, 500)
    town.lose(counter, hana, paper)

    assert town.void(fish, paper, 500).outcome is Outcome.APPLIED

    assert (town.wallet(hana), town.ticket_states()) == (before, {"voided": 1})
    town.asks_again(counter)
    town.asks_again(fish)
    assert town.wallet(hana) == before
    assert town.audit() == []


def test_lost_paper_found_after_its_last_day_is_handed_in_while_its_points_wait(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500, days=1)
    left = town.wallet(hana)
    town.lose(counter, hana, paper)
    town.night()
    town.night()
    assert town.ticket_states() == {"voiding": 1}
    assert town.hold_ticket(fish, paper, 500)[1].reason == "ticket-voided"

    assert town.void(fish, paper, 500).outcome is Outcome.APPLIED

    assert (town.wallet(hana), town.ticket_states()) == (left + 500, {"voided": 1})
    assert town.audit() == []


def test_nobody_voids_the_ticket_of_another(
    town: Corner, hana: Resident, jiro: Resident, counter: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)

    found = town.lose(counter, jiro, paper)

    assert (found.outcome, found.reason) == (Outcome.EXCEPTION, "ticket-of-another")
    assert town.ticket_states() == {"issued": 1}


def test_a_void_without_paper_and_without_a_card_waits_for_people(
    town: Corner, hana: Resident, counter: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    town.lose(counter, hana, paper)
    counter.evidence[-1] = None
    fresh = town.node(FISH_SHOP, "7777")
    public = town.core.keys.tickets(KAWASAKI).public
    read = read_ticket(paper, {KAWASAKI: (public,)})
    fresh.lose(hana.card, town.account(hana), read.number, read.points, town=KAWASAKI)
    fresh.evidence[-1] = None

    found = town.verdict(fresh)

    assert (found.outcome, found.reason) == (Outcome.QUARANTINED, "no-evidence")


def test_stamped_paper_in_a_pile_is_paid_by_a_ticket_that_was_said_to_be_lost(
    town: Corner, hana: Resident
) -> None:
    office = town.node(GREENGROCER, "2222", kind="counter", place="office")
    paper = town.ticket(office, hana, 500)
    town.lose(office, hana, paper)
    void = office.seq

    n, asked = town.hold_ticket(office, paper, 500, purpose=Purpose.CLEAR)
    assert asked.granted, asked.reason
    seq = town.clear(office, paper, FISH_SHOP, hold=n)

    found = town.verdict(office, seq)
    assert (found.reason, found.paid) == ("lost-ticket-redeemed", 500)
    assert town.balance(f"payable:{FISH_SHOP}") == 500
    assert town.verdict(office, void).reason == "redeemed-meanwhile"
    assert town.audit() == []


def test_a_counter_that_took_the_loss_down_clears_the_stamped_paper_offline(
    town: Corner, hana: Resident
) -> None:
    office = town.node(GREENGROCER, "2222", kind="counter", place="office")
    paper = town.ticket(office, hana, 500)
    town.feed(office)
    town.lose(office, hana, paper)

    seq = town.clear(office, paper, FISH_SHOP)

    found = town.verdict(office, seq)
    assert (found.reason, found.paid) == ("lost-ticket-redeemed", 500)
    assert town.audit() == []


def test_a_pile_that_comes_when_the_points_are_back_is_for_people(
    town: Corner, hana: Resident
) -> None:
    office = town.node(GREENGROCER, "2222", kind="counter", place="office")
    paper = town.ticket(office, hana, 500)
    town.lose(office, hana, paper)
    town.asks_again(office)
    assert town.ticket_states() == {"voided": 1}

    asked = town.hold_ticket(office, paper, 500, purpose=Purpose.CLEAR)[1]

    assert asked.reason == "ticket-voided"


def test_a_pile_cleared_offline_before_all_knew_falls_on_the_resident(
    town: Corner, hana: Resident, fish: Pen
) -> None:
    office = town.node(GREENGROCER, "2222", kind="counter", place="office")
    before = town.wallet(hana)
    paper = town.ticket(office, hana, 500)
    town.feed(office)
    seq = town.clear(office, paper, FISH_SHOP)
    counter = town.node(GREENGROCER, "3333")
    town.lose(counter, hana, paper)
    for pen in (office, counter, fish):
        town.asks_again(pen)
    assert town.wallet(hana) == before

    found = town.verdict(office, seq)

    assert (found.reason, found.bearer) == ("redeemed-after-return", Bearer.RESIDENT)
    assert (town.balance(f"payable:{FISH_SHOP}"), town.wallet(hana)) == (500, before - 500)
    assert town.audit() == []


def test_how_far_all_counters_are_is_not_looked_at_for_each_page_that_one_fetches(
    town: Corner, hana: Resident, counter: Pen, fish: Pen
) -> None:
    paper = town.ticket(counter, hana, 500)
    town.lose(counter, hana, paper)
    judging = Judging(town.core, town.identities, InlineVerifier())
    calls = Counters(town.core, town.mykey, judging, Throttle(town.clock))

    def looks(after: int) -> int:
        with listening(town.core.database) as here:
            told.append(calls.feed(fish.node, str(town.core.incarnation), after).number)
        return sum("min(p.number)" in asked for asked in here.asked)

    told = [0]
    assert looks(0) == 1, "the first time"
    assert looks(0) == 0
    assert looks(told[-1]) == 1, "it has learnt of the ticket"
    assert looks(told[-1]) == 0
    town.clock.turn(minutes=1)
    assert looks(told[-1]) == 1, "somebody may have been revoked"
