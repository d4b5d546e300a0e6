"""Which dates a ticket's points have when they come back: those that its issue took in the end."""

import pytest

from hub.bodies import ProgrammeAdded
from hub.points.books import wallet_history
from hub.points.lots import work_out
from sync.clock import day_of
from sync.values import Millis
from tests.doubles.pen import Pen
from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident


@pytest.fixture
def counter(town: Corner) -> Pen:
    """The ticket counter of the town hall."""
    return town.node(GREENGROCER, "2222")


def lots(town: Corner, who: Resident) -> list[tuple[str, int]]:
    """What a resident has, by the last day of use."""
    account = town.account(who)
    with town.core.database.read() as tx:
        found = work_out(f"wallet:{account}", wallet_history(tx, KAWASAKI, account)).in_order()
    return [(day_of(Millis(date - 1)) if date else "", points) for date, points in found]


def programme(town: Corner, name: str, use_until: str) -> None:
    """One more programme of Kawasaki."""
    days = ("2026-11-03", "2026-11-03", use_until, use_until)
    town.enact(ProgrammeAdded(KAWASAKI, name, "祭り", "商工課", 0, *days))


def test_an_issue_that_came_after_its_hold_was_given_up_is_made_of_what_was_left_then(
    town: Corner, hana: Resident, counter: Pen
) -> None:
    programme(town, "202", "2026-12-24")
    town.grant(hana, 500, programme="202")
    account = town.account(hana)
    n, asked = town.hold_tickets(counter, hana, 500)  # of Christmas
    town.put(counter, counter.batch(1, ended=(n,)))
    fish = town.node(FISH_SHOP)
    m, yes = town.hold(fish, hana, 500)
    assert yes.granted
    fish.spend(hana.card, account, 500, town=KAWASAKI, hold=m)  # so Christmas is gone
    town.put(fish)
    before = lots(town, hana)
    assert before == [("2027-03-31", 1_000)]
    counter.issue(hana.card, account, asked.tickets, town=KAWASAKI, hold=n, programme="101")
    (paper,) = town.verdict(counter).tickets

    town.void(counter, paper, 500)

    assert lots(town, hana) == before
    assert town.audit() == []
