"""Whoever looks for a ticket's number sees its whole life, and nobody's name."""

import msgspec
import pytest

from hub.points.queries import tickets
from hub.ticketlife import life_of
from hub.views import TicketLife
from sync.holds import Purpose
from sync.reprints import reprint_notice
from sync.ticket import read_ticket
from sync.values import TicketNumber
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident


def number_of(town: Corner, paper: bytes) -> TicketNumber:
    return read_ticket(paper, {KAWASAKI: (town.core.keys.tickets(KAWASAKI).public,)}).number


def life(town: Corner, paper: bytes) -> TicketLife:
    with town.core.database.read() as tx:
        (found,) = tickets(tx, number_of(town, paper))
        return life_of(tx, found)


def said(told: TicketLife) -> list[tuple[str, str, str]]:
    return [(step.what, step.node[7:], step.reason) for step in told.life]


def test_a_ticket_that_was_redeemed_twice_and_once_taken_back(town: Corner, hana: Resident) -> None:
    counter, fish, fruit = (
        town.node(GREENGROCER, "2222"),
        town.node(FISH_SHOP),
        town.node(GREENGROCER),
    )
    paper = town.ticket(counter, hana, 500)
    town.clock.turn(minutes=1)
    for pen in (fish, fruit):
        town.feed(pen)
    seq = town.redeem(fish, paper)
    town.put(fish)
    town.clock.turn(minutes=1)
    town.redeem(fruit, paper)
    town.put(fruit)
    fish.reverse(seq, 500, town=KAWASAKI)
    town.put(fish)

    told = life(town, paper)

    assert told.state == "redeemed"
    assert said(told) == [
        ("ticket.issued", "B2108-2222", ""),
        ("ticket.redeemed", "B2109-1111", ""),
        ("ticket.redeemed", "B2108-1111", ""),
    ]
    assert told.life[1].taken_back_by.startswith(fish.node)
    assert told.redeemed_by.startswith(fruit.node)


@pytest.mark.parametrize("purpose", [Purpose.REDEEM, Purpose.CLEAR, Purpose.VOID])
def test_a_ticket_that_a_counter_has_asked_for_says_whose_record_is_awaited(
    town: Corner, hana: Resident, purpose: Purpose
) -> None:
    counter = town.node(GREENGROCER, "2222", kind="counter")
    paper = town.ticket(counter, hana, 500)
    town.clock.turn(minutes=1)
    hold, asked = town.hold_ticket(counter, paper, 500, purpose=purpose)
    assert asked.granted, asked.reason

    told = life(town, paper)

    assert told.state == "claimed"
    assert said(told)[1:] == [("claimed", "B2108-2222", purpose)]

    town.put(counter, counter.batch(ended=(hold,)))

    assert life(town, paper).state == "issued"


def test_a_ticket_that_was_lost_says_when_its_points_came_back(
    town: Corner, hana: Resident
) -> None:
    counter = town.node(GREENGROCER, "2222")
    paper = town.ticket(counter, hana, 500)
    town.clock.turn(minutes=1)
    counter.at = town.clock.now()
    town.lose(counter, hana, paper)
    assert life(town, paper).state == "voiding"
    town.clock.turn(minutes=1)
    town.asks_again(counter)

    told = life(town, paper)

    assert (told.state, told.lost) == ("voided", True)
    assert said(told)[1:] == [("ticket.voided", "B2108-2222", ""), ("points-back", "", "")]


def test_each_reprint_is_counted_with_its_place(town: Corner, hana: Resident) -> None:
    counter = town.node(GREENGROCER, "2222")
    paper = town.ticket(counter, hana, 500)
    town.clock.turn(minutes=1)
    counter.at = town.clock.now()
    for _ in range(2):
        counter.write(reprint_notice(KAWASAKI, number_of(town, paper)))
    town.put(counter)

    told = life(town, paper)

    assert told.reprints == 2
    assert said(told)[1:] == [("reprinted", "B2108-2222", "")] * 2
    assert town.audit() == []


def test_a_ticket_whose_points_are_the_town_s_has_lapsed(town: Corner, hana: Resident) -> None:
    paper = town.ticket(town.node(GREENGROCER, "2222"), hana, 500, days=1)
    town.night()
    assert life(town, paper).state == "expired"
    with town.core.database.read() as tx:
        (until,) = tx.rows("SELECT clear_until FROM programme WHERE municipality=?", [KAWASAKI])[0]
    while town.today <= until:
        town.clock.turn(days=30)
    for _ in range(2):
        town.clock.turn(days=40)
        town.night()

    assert life(town, paper).state == "lapsed"


def test_nobody_is_named(town: Corner, hana: Resident) -> None:
    counter = town.node(GREENGROCER, "2222")
    paper = town.ticket(counter, hana, 500)
    town.void(counter, paper, 500)

    told = msgspec.json.encode(life(town, paper)).decode()

    assert town.account(hana) not in told
    assert hana.name not in told
    assert hana.card.digest.hex() not in told
