"""A town whose books do not let it post stands aside: others go on, people hear of it."""

import pytest

from hub.handing_in import Judging
from hub.intake.verify import InlineVerifier
from tests.doubles.pen import Pen
from tests.hub.corner import BOOKSHOP, GREENGROCER, KAWASAKI, TOSHIMA, Corner, Resident


@pytest.fixture
def shop(town: Corner, hana: Resident) -> Pen:
    """A shop of Kawasaki that has sold offline."""
    return sold(town, town.node(GREENGROCER), hana)


@pytest.fixture
def neighbour(town: Corner, hana: Resident) -> Pen:
    """A shop of Toshima that has sold offline."""
    pen = town.node(BOOKSHOP)
    town.grant(hana, 500, town=TOSHIMA)
    town.feed(pen, available=500)
    pen.spend(hana.card, town.account(hana, TOSHIMA), 200, town=TOSHIMA)
    return pen


def sold(town: Corner, pen: Pen, who: Resident) -> Pen:
    """Sell once, with the hub silent."""
    town.feed(pen, available=1_000)
    pen.spend(who.card, town.account(who), 300, town=KAWASAKI)
    return pen


def hub(town: Corner) -> Judging:
    """The hub's judging as it is after a start."""
    return Judging(town.core, town.identities, InlineVerifier())


def spoil(town: Corner, name: str) -> None:
    """Somebody takes a town away from under the hub."""
    change(
        town, "UPDATE municipality SET municipality=municipality||'x' WHERE municipality=:t", t=name
    )


def mend(town: Corner, name: str) -> None:
    """A person has put it back."""
    change(town, "UPDATE municipality SET municipality=:t WHERE municipality=:t||'x'", t=name)


def change(town: Corner, sql: str, **values: str) -> None:
    """Change one row behind the hub's back."""
    with town.core.database.write() as tx:
        assert tx.run(sql, **values) == 1


@pytest.mark.parametrize(("broken", "other"), [(KAWASAKI, TOSHIMA), (TOSHIMA, KAWASAKI)])
def test_the_other_town_is_posted_and_people_are_told_in_words(
    town: Corner, shop: Pen, neighbour: Pen, broken: str, other: str
) -> None:
    judging = hub(town)
    spoil(town, broken)

    for pen in (shop, neighbour):
        judging.hand_in(pen.node, pen.epoch, 1, pen.batch())

    owed = {KAWASAKI: town.owed(shop), TOSHIMA: town.owed(neighbour, TOSHIMA)}
    assert owed[other] > 0  # type: ignore[index]
    assert owed[broken] == 0  # type: ignore[index]
    assert town.waiting() == 1
    assert told(town) == [(broken, "posting-stopped", f"the hub knows no municipality {broken}")]
    assert any(one.finding == "posting-stopped" for one in town.audit())


def test_it_is_told_once_and_judged_again_after_a_restart(town: Corner, shop: Pen) -> None:
    judging = hub(town)
    spoil(town, KAWASAKI)
    judging.hand_in(shop.node, shop.epoch, 1, shop.batch())
    judging.round()
    mend(town, KAWASAKI)
    judging.round()
    assert (town.waiting(), len(told(town))) == (1, 1)

    hub(town).round()

    assert town.waiting() == 0
    assert town.owed(shop) == 300
    assert told(town) == []
    assert town.audit() == []


def test_it_is_told_again_when_it_fails_again_after_somebody_has_noted_it(
    town: Corner, shop: Pen
) -> None:
    spoil(town, KAWASAKI)
    hub(town).hand_in(shop.node, shop.epoch, 1, shop.batch())
    change(town, "UPDATE incident SET state='decided', decision='noted' WHERE kind=:k", k="posting")

    hub(town).round()

    assert len(told(town)) == 1


def test_a_batch_that_is_counted_but_not_there_is_told_in_words(town: Corner, shop: Pen) -> None:
    town.put(shop)
    with town.core.database.write() as tx:
        tx.run("UPDATE cursor SET received=received+1 WHERE node=:node", node=shop.node)

    hub(town).round()

    ((_, _, words),) = told(town)
    assert words == f"record 4 of {shop.node} {shop.epoch} is not in custody"


def told(town: Corner) -> list[tuple[str, str, str]]:
    """(town, reason, words) of what stands open on people's list."""
    with town.core.database.read() as tx:
        return [
            (name, reason, words)
            for name, reason, words in tx.rows(
                "SELECT municipality, reason, other FROM incident WHERE state='open'"
                " AND kind='posting'"
            )
        ]
