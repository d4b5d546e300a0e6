"""Four hubs on one server's database, as after a failover that left the old ones running.

None of them holds the lock by which a hub keeps others away: each transaction has to be safe by
itself. What came of it is read from sums and from the audit, which plays everything again.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any, TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.bodies import Granted
from hub.core import Core
from hub.desk import enact
from hub.handing_in import Judging
from hub.intake.receive import receive
from hub.intake.verify import InlineVerifier
from hub.mykey import schema as identity_schema
from hub.nightly import nightly
from hub.points.asking import Attempt, ask
from hub.standing import page
from hub.store import schema
from hub.store.database import Database
from hub.store.postgres import Postgres
from sync.holds import HoldRequest, Purpose
from sync.values import Points
from tests.doubles.pen import Pen
from tests.hub.corner import BOOKSHOP, FISH_SHOP, GREENGROCER, KAWASAKI, TOSHIMA, Corner, Resident
from tests.hub.corner import corner as street_corner

HUBS = 4
T = TypeVar("T")


class Beside(Postgres):
    """A way in for one hub beside another."""

    def _keep_others_out(self, connection: Any) -> None:
        """It does not."""


@pytest.fixture(autouse=True)
def _small_postings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.intake.pace.MOST", 3)


def ledger(url: str, *, new: bool = False) -> Database:
    return Database(Beside(url, "ledger"), schema.metadata, version=schema.VERSION, new=new)


@pytest.fixture
def town(url: str) -> Iterator[Corner]:
    persons = Database(
        Postgres(url, "identities"),
        identity_schema.metadata,
        version=identity_schema.VERSION,
        new=True,
    )
    points = ledger(url, new=True)
    yield street_corner(stored=(points, persons))
    points.close()
    persons.close()


@pytest.fixture
def hubs(town: Corner, url: str) -> Iterator[list[Core]]:
    """The town's hub, four times."""
    cores = [replace(town.core, database=ledger(url)) for _ in range(HUBS)]
    yield cores
    for core in cores:
        core.database.close()


@pytest.fixture
def hana(town: Corner, card_keys: list[RSAPrivateKey]) -> Resident:
    """A resident with 1,000 points in Kawasaki."""
    who = town.resident(card_keys[0])
    town.grant(who, 1_000)
    return who


def at_once(cores: list[Core], what: Callable[[Core], T]) -> list[T]:
    """What each hub says, all beginning at the same moment."""
    gate = Barrier(len(cores))

    def begin(core: Core) -> T:
        gate.wait()
        return what(core)

    with ThreadPoolExecutor(len(cores)) as pool:
        return list(pool.map(begin, cores))


def sold(town: Corner, who: Resident) -> list[Pen]:
    """Three shops took 900 points each offline from somebody who has 1,000; all is in custody."""
    pens = [town.node(shop) for shop in (GREENGROCER, FISH_SHOP, BOOKSHOP)]
    for pen in pens:
        town.feed(pen, available=1_000)
        for _ in range(9):
            pen.spend(who.card, town.account(who), 100, town=KAWASAKI)
        for first in range(1, pen.seq + 1, 3):
            last = min(first + 2, pen.seq)
            receive(town.core, pen.node, pen.epoch, first, pen.batch(first, last))
    return pens


def test_what_is_in_custody_is_posted_once_by_whoever_comes_first(
    town: Corner, hubs: list[Core], hana: Resident
) -> None:
    pens = sold(town, hana)
    records = sum(pen.seq for pen in pens)
    handed_over = 9  # the bookshop's town judges none of them

    posted = at_once(hubs, lambda core: Judging(core, town.identities, InlineVerifier()).round())

    assert sum(posted) == records + handed_over
    assert town.stored("record") == records
    assert town.wallet(hana) == 0  # what she had not was borne as the rules say
    in_order(town, pens)


def in_order(town: Corner, pens: list[Pen]) -> None:
    """Everything was judged, each shop has what its records say, and nothing came from nowhere."""
    assert town.waiting() == 0
    assert sum(town.balances().values()) == 0
    with town.core.database.read() as tx:
        paid = tx.scalar("SELECT sum(paid) FROM record")
    assert sum(map(town.owed, pens)) == paid > 0
    assert town.audit() == []


def test_holds_never_keep_more_than_there_is(
    town: Corner, hubs: list[Core], hana: Resident
) -> None:
    shop = town.node(GREENGROCER)
    request = HoldRequest(
        municipality=KAWASAKI,
        purpose=Purpose.SPEND,
        points=Points(300),
        account=town.account(hana),
        card=hana.card.digest,
        ticket=b"",
        wanted=None,
        after=(),
    )

    def five(core: Core) -> list[bool]:
        return [
            ask(core, town.identities, Attempt(shop.node, shop.epoch, n), request).granted
            for n in range(1, 6)
        ]

    heard = at_once(hubs, five)

    assert all(each == heard[0] for each in heard)  # the same attempt gets the same answer
    assert sum(heard[0]) == 3
    assert town.wallet(hana) == 100
    assert town.stored("hold") == 5
    assert town.audit() == []


def test_a_day_ends_once(town: Corner, hubs: list[Core], hana: Resident) -> None:
    assert town.wallet(hana) == 1_000
    nightly(town.core)
    before = town.stored("chronicle")
    town.clock.turn(days=1)

    at_once(hubs, nightly)

    assert town.stored("chronicle") - before == 2  # each town's
    assert town.audit() == []


def test_the_chains_and_the_feed_go_on_without_a_gap(
    town: Corner, hubs: list[Core], hana: Resident
) -> None:
    """Grants in two towns, standings and postings, all mixed."""
    pens = sold(town, hana)
    accounts = {code: town.account(hana, code) for code in (KAWASAKI, TOSHIMA)}

    def busy(core: Core) -> set[int]:
        judging = Judging(core, town.identities, InlineVerifier())
        seen = set()
        for pen in pens:
            for code, account in accounts.items():
                granted = Granted(code, account, Points(10), "101", "cleaning")
                with core.database.write() as tx:
                    enact(core, tx, granted, ("Sato",))
            seen.add(page(core, town.mykey, pen.node, str(core.incarnation), 0).number)
            judging.round()
        return seen

    at_once(hubs, busy)

    granted = HUBS * len(pens) * 10
    assert town.wallet(hana, TOSHIMA) == granted
    in_order(town, pens)
