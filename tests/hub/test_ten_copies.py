"""One ticket, copied ten times, at ten booths of two shops that hear nothing of each other.

The booths are real nodes, the hub is the real one; only the lines between them are calls.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.forms import ExceptionRow, FloatForm
from hub.views import ExceptionView
from node.outcome import Approved, Issued
from sync.democa import new_key
from sync.records import Tier
from sync.values import OrganisationId, Points
from tests.hub.corner import FISH_SHOP
from tests.hub.townhall import GREENGROCER, KAWASAKI
from tests.hub.twoshops import TOWN, Shop, Street, open_shop, pin, two_shops, why

WORTH = 500
ORDERS = [
    (0, 1, 2, 3, 4, 5, 7, 6, 9, 8),
    (2, 5, 6, 0, 1, 3, 7, 4, 8, 9),
    (5, 0, 1, 2, 3, 4, 6, 9, 8, 7),
    (7, 4, 5, 0, 1, 2, 3, 9, 6, 8),
]
"""Four orders, far from each other, in which the lines come back."""


@dataclass
class Festival:
    """The booths, and the paper of which there are copies."""

    street: Street
    booths: list[Shop]
    code: str
    number: str

    def cut(self) -> None:
        for booth in self.booths:
            booth.line.up = False
            booth.counter.probe()

    def take(self, booth: Shop) -> Approved:
        done = booth.counter.redeem(self.code)
        assert isinstance(done, Approved), done
        return done

    def balance(self, account: str) -> int:
        with self.street.hall.hub.core.database.read() as tx:
            found = tx.scalar(
                "SELECT points FROM balance WHERE municipality=:town AND account=:account",
                town=KAWASAKI,
                account=account,
            )
        return int(found or 0)

    def owed(self) -> int:
        """What the two shops together are to be paid."""
        return sum(self.balance(f"payable:{shop}") for shop in (GREENGROCER, FISH_SHOP))

    def incidents(self) -> list[ExceptionRow]:
        rows = self.street.hall.hub.treasury.exceptions(self.street.hall.sato)
        return [row for row in rows if "redemption" in row.reason]

    def incident(self, row: ExceptionRow) -> ExceptionView:
        return self.street.hall.hub.treasury.exception(self.street.hall.sato, row.id)


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return new_key()


@pytest.fixture
def festival(tmp_path: Path, key: RSAPrivateKey) -> Iterator[Festival]:
    with two_shops(tmp_path, key) as street, ExitStack() as stack:
        card = street.registered()
        street.hall.organisation(FISH_SHOP)
        shops = [OrganisationId(GREENGROCER), FISH_SHOP] * 5
        booths = [
            open_shop(street.hall, tmp_path / f"booth-{place}", organisation=shop)
            for place, shop in enumerate(shops)
        ]
        for booth in booths:
            stack.enter_context(closing(booth.counter))
            booth.sync()
        made = street.here.counter.issue_tickets(
            card, TOWN, Points(WORTH), days=3, count=1, programme="001", pin=pin()
        )
        assert isinstance(made, Issued), made
        yield Festival(street, booths, made.papers[0].qr, made.numbers[0])
        for booth in booths:
            booth.sync()
            assert booth.counter.audit() == ()


@pytest.mark.parametrize("order", ORDERS, ids=[str(order[0]) for order in ORDERS])
def test_one_is_applied_nine_are_incidents_and_the_books_add_up(
    festival: Festival, order: tuple[int, ...]
) -> None:
    festival.cut()
    taken = [festival.take(booth) for booth in festival.booths]
    assert {done.tier for done in taken} == {Tier.T2}
    assert why(festival.booths[3].counter.redeem(festival.code)) == "ticket-seen-here"

    for place in order:
        festival.booths[place].sync()

    assert festival.owed() == 10 * WORTH
    assert festival.balance("reserve") == -9 * WORTH
    assert festival.balance("outstanding:001") == 0
    found = festival.incidents()
    assert Counter((row.reason, row.bearer) for row in found) == {
        ("second-redemption", "reserve"): 9
    }
    assert {row.node for row in found} == {
        done.node for place, done in enumerate(taken) if place != order[0]
    }


def test_of_ten_copies_two_booths_take_one_each_and_turn_eight_away(festival: Festival) -> None:
    """A booth knows its own paper again, whatever it hears of the others."""
    festival.cut()
    two = festival.booths[:2]

    shown = [two[copy % 2].counter.redeem(festival.code) for copy in range(10)]
    for booth in reversed(two):
        booth.sync()

    assert [type(answer) for answer in shown[:2]] == [Approved, Approved]
    assert {why(answer) for answer in shown[2:]} == {"ticket-seen-here"}
    [row] = festival.incidents()
    assert (row.reason, row.node) == ("second-redemption", two[0].counter.parts.identity.node)
    assert festival.owed() == 2 * WORTH
    assert festival.balance("reserve") == -WORTH


def test_who_reads_an_incident_finds_both_sides(festival: Festival) -> None:
    festival.cut()
    first, second = (festival.take(booth) for booth in festival.booths[:2])
    festival.booths[0].sync()
    festival.booths[1].sync()

    [row] = festival.incidents()
    about, other = festival.incident(row).sides

    assert (about.record, other.record) == tuple(
        f"{done.node}:{done.epoch}:{done.seq}" for done in (second, first)
    )
    assert {about.ticket, other.ticket} == {festival.number}
    assert (about.outcome, other.outcome) == ("exception", "applied")
    assert (about.bearer, about.paid, other.paid) == ("reserve", WORTH, WORTH)
    assert about.digest == second.digest.hex()
    assert about.signature == other.signature, "both hold the ticket's own signature"
    assert {about.organisation, other.organisation} == {GREENGROCER, FISH_SHOP}


def test_beyond_a_booths_float_people_decide(festival: Festival) -> None:
    node = festival.booths[1].counter.parts.identity.node
    hub, hall = festival.street.hall.hub, festival.street.hall
    hub.office.set_float(hall.sato, node, FloatForm(points=WORTH - 1))
    festival.cut()
    for booth in festival.booths[:3]:
        festival.take(booth)

    for booth in festival.booths[:3]:
        booth.sync()

    assert {(row.node, row.reason, row.bearer) for row in festival.incidents()} == {
        (node, "second-redemption-beyond-float", "undecided"),
        (
            festival.booths[2].counter.parts.identity.node,
            "second-redemption",
            "reserve",
        ),
    }
    assert festival.owed() == 2 * WORTH


def test_a_booth_that_looks_away_from_its_list_bears_it_itself(festival: Festival) -> None:
    honest, other = festival.booths[:2]
    festival.cut()
    festival.take(honest)
    honest.sync()
    other.sync()  # hears that the ticket is used
    other.line.up = False
    other.counter.probe()
    assert why(other.counter.redeem(festival.code)) == "ticket-used"

    other.counter.parts.store.execute("DELETE FROM item WHERE kind = 'used'")
    festival.take(other)
    other.sync()

    [row] = festival.incidents()
    assert (row.reason, row.bearer) == ("second-redemption-rule-broken", "organisation")
    assert festival.owed() == WORTH
    assert festival.balance("reserve") == 0


def test_a_booth_whose_lists_are_older_than_three_days_bears_it_itself(festival: Festival) -> None:
    honest, stale = festival.booths[:2]
    festival.cut()
    for booth in festival.booths:
        booth.clock.turn(hours=73)
    festival.street.hall.clock.turn(hours=73)
    assert why(stale.counter.redeem(festival.code)) == "lists-too-old"
    assert why(honest.counter.redeem(festival.code)) == "lists-too-old"
