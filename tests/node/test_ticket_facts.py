"""What decides about a scanned ticket while the hub is silent: each fact on both sides of its edge.

The node is the real one, with its database, its lists and its clock.
"""

from dataclasses import replace as other

import pytest
from msgspec.structs import replace

from node.outcome import Approved, Outcome, Refused
from sync.errors import RefusedByRule
from sync.records import Tier
from sync.signing import SigningKey
from sync.ticket import SignedTicket, from_qr, name_of, sign_ticket, to_qr
from sync.values import Millis, MunicipalityCode, Points
from tests.doubles.hub import KAWASAKI, ORIGIN, ZONE, FakeHub
from tests.node.conftest import NOON, Shop

HOUR = 3_600_000
TOSHIMA = MunicipalityCode("131164")


def paper(hub: FakeHub, *, key: SigningKey | None = None, **other_values: object) -> str:
    """A live ticket of 500 for November, but for what is said otherwise; its code."""
    ticket = SignedTicket(
        issuer=ORIGIN,
        number=hub.number(),
        municipality=KAWASAKI,
        points=Points(500),
        valid_from="2026-11-01",
        valid_until="2026-11-30",
    )
    ticket = other(ticket, **other_values)  # type: ignore[arg-type]  # a test says which
    hub.tickets[ticket.number] = "issued"
    return to_qr(sign_ticket(ticket, key or hub.ticket_key))


def said(outcome: Outcome) -> str:
    """The tier that a ticket was taken at, or why it was not."""
    if isinstance(outcome, Approved):
        assert outcome.tier is not None
        return outcome.tier.name
    return outcome.reason


@pytest.mark.parametrize(
    ("zones", "answer"),
    [((), "T2"), ((ZONE,), "T2"), (("EKIMAE", ZONE), "T2"), (("EKIMAE",), "ticket-other-zone")],
)
@pytest.mark.parametrize("silent", [True, False])
def test_a_ticket_is_good_in_its_zones(
    shop: Shop, zones: tuple[str, ...], answer: str, *, silent: bool
) -> None:
    if silent:
        shop.cut()
    elif answer == "T2":
        answer = "T0"
    assert said(shop.counter.redeem(paper(shop.hub, zones=zones))) == answer


@pytest.mark.parametrize(
    ("begin", "end", "answer"),
    [
        ("2026-11-20", "2026-11-20", "T2"),
        ("2026-11-21", "2026-11-30", "ticket-not-yet"),
        ("2026-11-01", "2026-11-19", "ticket-past"),
    ],
)
def test_both_days_are_included(shop: Shop, begin: str, end: str, answer: str) -> None:
    shop.cut()
    assert said(shop.counter.redeem(paper(shop.hub, valid_from=begin, valid_until=end))) == answer


def test_a_day_ends_at_midnight_in_tokyo_and_the_next_begins(shop: Shop) -> None:
    today = paper(shop.hub, valid_until="2026-11-20")
    todays_other = paper(shop.hub, valid_until="2026-11-20")
    tomorrow = paper(shop.hub, valid_from="2026-11-21")
    shop.cut()

    shop.pass_time(hours=11, minutes=59)
    assert said(shop.counter.redeem(today)) == "T2"
    assert said(shop.counter.redeem(tomorrow)) == "ticket-not-yet"
    shop.pass_time(minutes=1)
    assert said(shop.counter.redeem(todays_other)) == "ticket-past"
    assert said(shop.counter.redeem(tomorrow)) == "T2"


@pytest.mark.parametrize(("minutes", "answer"), [(-11, "T2"), (-9, "ticket-date-edge")])
def test_after_a_restart_the_last_minutes_of_the_last_day_wait_for_the_hub(
    shop: Shop, minutes: int, answer: str
) -> None:
    ticket = paper(shop.hub, valid_until="2026-11-20")
    shop.pass_time(hours=12, minutes=minutes)
    shop.cut()
    shop.clock.restart()
    shop.restart()
    shop.cut()
    assert said(shop.counter.redeem(ticket)) == answer


@pytest.mark.parametrize(
    ("hours", "minutes", "points", "answer"),
    [
        (24, 0, 1_000, "T2"),
        (24, 1, 1_000, "T2"),
        (72, 0, 1_000, "T2"),
        (72, 1, 1_000, "lists-too-old"),
        (72, 1, 1, "lists-too-old"),
    ],
)
def test_lists_are_good_for_three_days(
    shop: Shop, hours: int, minutes: int, points: int, answer: str
) -> None:
    shop.cut()
    shop.pass_time(hours=hours, minutes=minutes)
    assert said(shop.counter.redeem(paper(shop.hub, points=Points(points)))) == answer


def test_after_a_day_half_of_the_float_is_left(shop: Shop) -> None:
    shop.hub.policy = replace(shop.hub.policy, ticket_float=2_000)
    shop.counter.sync_now()
    shop.cut()
    shop.pass_time(hours=24)
    assert said(shop.counter.redeem(paper(shop.hub, points=Points(1_000)))) == "T2"
    shop.pass_time(minutes=1)
    over = shop.counter.redeem(paper(shop.hub, points=Points(1)))
    assert isinstance(over, Refused)
    assert (over.reason, over.limit) == ("float-used-up", 1_000)


def test_the_float_of_tickets_is_used_to_its_last_point_and_free_with_the_receipt(
    shop: Shop,
) -> None:
    shop.hub.policy = replace(shop.hub.policy, ticket_float=1_500)
    shop.counter.sync_now()
    shop.cut()
    for points in (1_000, 499):
        assert said(shop.counter.redeem(paper(shop.hub, points=Points(points)))) == "T2"
    assert said(shop.counter.redeem(paper(shop.hub, points=Points(2)))) == "float-used-up"
    assert said(shop.counter.redeem(paper(shop.hub, points=Points(1)))) == "T2"
    shop.mend()
    shop.counter.sync_now()
    shop.cut()
    assert said(shop.counter.redeem(paper(shop.hub, points=Points(1_000)))) == "T2"


def test_what_a_ticket_may_be_worth_is_the_towns_to_say(shop: Shop) -> None:
    shop.cut()
    assert said(shop.counter.redeem(paper(shop.hub, points=Points(1_000)))) == "T2"
    dear = shop.counter.redeem(paper(shop.hub, points=Points(1_001)))
    assert isinstance(dear, Refused)
    assert (dear.reason, dear.limit) == ("ticket-online-only", 1_000)
    marked = shop.counter.redeem(paper(shop.hub, points=Points(10), online_only=True))
    assert said(marked) == "ticket-online-only"
    shop.mend()
    assert said(shop.counter.redeem(paper(shop.hub, points=Points(1_001)))) == "T0"


def test_another_key_and_a_ticket_under_another_towns_name_are_not_authentic(shop: Shop) -> None:
    shop.cut()
    forged = paper(shop.hub, key=SigningKey(b"f" * 32))
    borrowed = paper(shop.hub, municipality=TOSHIMA)  # signed by Kawasaki's key
    assert said(shop.counter.redeem(forged)) == "ticket-not-authentic"
    assert said(shop.counter.redeem(borrowed)) == "ticket-not-authentic"


def test_a_ticket_of_a_town_that_nobody_here_knows_is_given_back(shop: Shop) -> None:
    neighbours = paper(shop.hub, key=SigningKey(b"f" * 32), municipality=TOSHIMA)
    assert said(shop.counter.redeem(neighbours)) == "ticket-other-town"


def test_a_town_that_this_shop_does_not_take_is_told_as_such(shop: Shop) -> None:
    shop.hub.accepts = False
    shop.counter.sync_now()
    shop.cut()
    refused = shop.counter.redeem(paper(shop.hub))
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.points) == ("ticket-other-town", 500)


def test_a_ticket_on_the_list_is_refused_and_its_neighbours_are_not(shop: Shop) -> None:
    codes = [paper(shop.hub) for _ in range(40)]
    for code in codes[::2]:
        shop.hub.used[name_of(from_qr(code))] = True
    shop.counter.sync_now()
    shop.cut()

    answers = [said(shop.counter.redeem(code)) for code in codes]

    assert answers == ["ticket-used", "T2"] * 20


def test_what_was_taken_back_elsewhere_is_live_again_with_the_next_page(shop: Shop) -> None:
    code = paper(shop.hub)
    shop.hub.used[name_of(from_qr(code))] = True
    shop.counter.sync_now()
    shop.cut()
    assert said(shop.counter.redeem(code)) == "ticket-used"
    shop.mend()
    shop.hub.used[name_of(from_qr(code))] = False
    shop.counter.sync_now()
    shop.cut()
    assert said(shop.counter.redeem(code)) == "T2"


def test_a_ticket_that_was_taken_here_says_by_which_record_and_when(shop: Shop) -> None:
    code = paper(shop.hub)
    shop.cut()
    first = shop.counter.redeem(code)
    assert isinstance(first, Approved)
    shop.pass_time(minutes=20)

    again = shop.counter.redeem(code)

    assert isinstance(again, Refused)
    assert (again.reason, again.seq, again.taken_at) == ("ticket-seen-here", first.seq, first.at)
    assert again.number == first.number


def test_a_node_that_never_had_lists_takes_no_ticket(shop: Shop) -> None:
    code = paper(shop.hub)
    shop.counter.parts.store.execute("DELETE FROM item WHERE kind <> 'ticket-key'")
    shop.cut()
    assert said(shop.counter.redeem(code)) == "ticket-other-town"


def test_a_clock_that_was_set_back_takes_no_ticket_offline(shop: Shop) -> None:
    code = paper(shop.hub)
    shop.cut()
    shop.clock.set_wall(NOON - 10 * HOUR)
    shop.clock.restart()
    shop.restart()
    shop.cut()
    try:
        answer = said(shop.counter.redeem(code))
    except RefusedByRule as told:
        answer = told.reason
    assert answer == "clock-untrusted"


def test_offline_is_written_down_as_such_and_online_as_a_claim(shop: Shop) -> None:
    online = shop.counter.redeem(paper(shop.hub))
    shop.cut()
    offline = shop.counter.redeem(paper(shop.hub))
    assert isinstance(online, Approved)
    assert isinstance(offline, Approved)
    assert (online.tier, offline.tier) == (Tier.T0, Tier.T2)
    assert Millis(online.at) == NOON
