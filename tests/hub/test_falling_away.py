"""Points that fall away while a counter hears nothing: it has been told of them in time."""

import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hub.bodies import ProgrammeAdded
from hub.feed import page
from hub.nightly import nightly
from sync.clock import month_of
from sync.feed import StandingItem
from sync.records import Expiring
from sync.standing import AccountStanding
from sync.values import DAY
from tests.doubles.clocks import at
from tests.doubles.listening import listening
from tests.doubles.pen import Pen
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner, Resident, corner


@pytest.fixture
def shop(town: Corner) -> Pen:
    """A shop that hears of each day."""
    return town.node(GREENGROCER)


def test_a_page_names_what_came_near_its_end_though_nothing_was_spent_or_granted(
    town: Corner, hana: Resident, shop: Pen
) -> None:
    ends = ("2026-11-08",) * 4
    town.enact(ProgrammeAdded(KAWASAKI, "202", "祭り", "商工課", 0, *ends))
    town.grant(hana, 300, programme="202")
    assert _told(town, shop, hana)[0].expiring == ()
    named = []

    for _ in range(6):
        last = _number(town, shop)
        town.night()
        named.append([(lot.at, lot.points) for lot in _expiring(town, shop, hana, last)])

    fall = (at("2026-11-09 00:00"), 300)
    assert named == [[], [], [], [fall], [], []]
    assert town.audit() == []


def _told(town: Corner, shop: Pen, who: Resident, after: int = 0) -> tuple[AccountStanding, ...]:
    """What an increment says of a resident; nothing where it does not."""
    found = page(town.core, town.mykey, shop.node, str(town.core.incarnation), after)
    key = town.core.keys.zone(f"{KAWASAKI}-1", month_of(town.clock.now()))
    for item in found.items:
        if isinstance(item, StandingItem) and item.row == key.row_of(who.card.digest):
            return key.open(who.card.digest, item.sealed).accounts
    return ()


def _number(town: Corner, shop: Pen) -> int:
    return page(town.core, town.mykey, shop.node, str(town.core.incarnation), 0).number


def _expiring(town: Corner, shop: Pen, who: Resident, after: int) -> list[Expiring]:
    return [lot for account in _told(town, shop, who, after) for lot in account.expiring]


def test_a_night_asks_no_more_for_many_wallets_and_tickets_than_for_two() -> None:
    assert _asked_in_a_last_night(8) == _asked_in_a_last_night(2)


def _asked_in_a_last_night(residents: int) -> int:
    """What the database is asked while the points and the tickets of so many fall away."""
    town = corner()
    town.enact(ProgrammeAdded(KAWASAKI, "202", "祭り", "商工課", 0, *("2026-11-03",) * 4))
    counter = town.node(GREENGROCER, "2222", kind="counter")
    people = []
    for place in range(residents):
        who = town.resident(ec.derive_private_key(1 + place, ec.SECP256R1()))
        town.grant(who, 100, programme="202")
        town.ticket(counter, who, 30, days=2, programme="202")
        people.append(who)
    town.clock.turn(days=2)

    with listening(town.core.database) as asked:
        nightly(town.core)

    assert [town.wallet(who) for who in people] == [0] * residents
    assert town.ticket_states() == {"expired": residents}
    town.clock.turn(days=40)
    nightly(town.core)
    assert town.balance("treasury") == 100 * residents
    assert town.audit() == []
    return len(asked.asked)


def test_each_wallet_costs_the_night_of_a_programme_the_same_however_many_end_with_it() -> None:
    few, many = _steps_of_a_last_night(20), _steps_of_a_last_night(80)

    assert many < 1.2 * 4 * few


def _steps_of_a_last_night(residents: int) -> int:
    """How many functions are called while the points of so many fall away."""
    town = corner()
    town.enact(ProgrammeAdded(KAWASAKI, "202", "祭り", "商工課", 0, *("2026-11-03",) * 4))
    people = []
    for place in range(residents):
        who = town.resident(ec.derive_private_key(1 + place, ec.SECP256R1()))
        town.grant(who, 100, programme="202")
        people.append(who)
    before = town.clock.now()
    town.clock.turn(days=(at("2026-11-04 00:00") - before) // DAY + 1)
    steps = 0

    def count(_frame: object, event: str, _what: object) -> None:
        nonlocal steps
        steps += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        nightly(town.core)
    finally:
        sys.setprofile(None)
    assert [town.wallet(who) for who in people] == [0] * residents
    return steps
