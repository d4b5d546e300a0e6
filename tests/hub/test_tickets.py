"""The beginning of a paper ticket at the hub: asked for, issued; and the ends of its programme."""

from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.bodies import FloatSet, ProgrammeAdded
from sync.errors import RefusedByRule
from sync.receipt import Outcome
from sync.records import Ticket
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident, corner


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


@settings(max_examples=25, deadline=None)
@given(
    ends=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 300)), min_size=1, max_size=3),
    days=st.integers(1, 25),
    points=st.integers(1, 500),
    programme_ends=st.integers(0, 20),
)
def test_days_end_with_the_first_of_days_programme_and_points_used(
    card_keys: list[RSAPrivateKey],
    ends: list[tuple[int, int]],
    days: int,
    points: int,
    programme_ends: int,
) -> None:
    town = corner()
    hana, counter = town.resident(card_keys[0]), town.node(GREENGROCER, "2222")
    first = date(2026, 11, 2)
    for number, (end, amount) in enumerate(ends, 301):
        _programme(town, str(number), use_until=(first + timedelta(days=end)).isoformat())
        town.grant(hana, amount, programme=str(number))
    last = (first + timedelta(days=programme_ends)).isoformat()
    _programme(town, "202", use_until=last)
    enough = points <= sum(amount for _, amount in ends)

    _, asked = town.hold_tickets(counter, hana, points, days=days, programme="202")

    earliest = min(first + timedelta(days=end) for end, _ in ends)  # the first lot is always used
    wanted = first + timedelta(days=days - 1)
    assert asked.granted == enough
    assert {each.valid_until for each in asked.tickets} == (
        {min(last, earliest.isoformat(), wanted.isoformat())} if enough else set()
    )
