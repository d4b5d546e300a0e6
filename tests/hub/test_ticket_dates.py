"""Which dates a ticket's points have when they come back: those that its issue took in the end."""

import pytest

from hub.bodies import ProgrammeAdded
from hub.points.accounts import TREASURY
from hub.points.books import Source, posting, wallet_history
from hub.points.lots import NEVER, what_is_left
from hub.points.returns import Lot, give_back
from sync.clock import day_of, end_of
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
        found = what_is_left(f"wallet:{account}", wallet_history(tx, KAWASAKI, account)).in_order()
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


MARCH, NEW_YEAR = end_of("2027-03-31"), end_of("2026-12-31")


def back(town: Corner, who: Resident, points: int, lots: list[Lot], *, of: str) -> None:
    """Give points back that had left a wallet with some dates, for one record."""
    at = town.clock.now()
    with (
        town.core.database.write() as tx,
        posting(town.core, tx, KAWASAKI, at, ("test",)) as books,
    ):
        source = Source("test", "", books.number)
        account = town.account(who)
        give_back(
            books, TREASURY, account, points, used_by=[], source=source, at=at, of=of, lots=lots
        )


def test_what_never_falls_away_comes_back_first_then_the_latest_dates(
    town: Corner, jiro: Resident
) -> None:
    took = [(NEW_YEAR, 100), (MARCH, 100), (NEVER, 100)]
    had = dict(lots(town, jiro))

    def came() -> dict[str, int]:
        return {
            day: points - had.get(day, 0)
            for day, points in lots(town, jiro)
            if points != had.get(day, 0)
        }

    back(town, jiro, 50, took, of="one")
    assert came() == {"": 50}
    back(town, jiro, 100, took, of="one")  # what came back before is not there again
    assert came() == {"": 100, "2027-03-31": 50}
    back(town, jiro, 60, took, of="another")  # and that is counted for each record by itself
    assert came() == {"": 160, "2027-03-31": 50}
    back(town, jiro, 200, took, of="one")
    assert came() == {"": 210, "2027-03-31": 100, "2026-12-31": 100}
