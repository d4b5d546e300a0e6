"""Four hubs on one server's database, as after a failover that left the old ones running.

None of them holds the lock by which a hub keeps others away: each transaction has to be safe by
itself. What came of it is read from sums and from the audit, which plays everything again; and the
server itself refuses a row of a town whose lock its writer has not.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from threading import Barrier, Event
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec import structs

from hub.bodies import (
    Granted,
    MunicipalityAdded,
    OrganisationAccepted,
    OrganisationAdded,
    ProgrammeAdded,
)
from hub.core import Core
from hub.desk import enact
from hub.feed import page
from hub.handing_in import Judging
from hub.intake.ahead import Ahead
from hub.intake.pace import Pace
from hub.intake.post import post_all
from hub.intake.receive import receive
from hub.intake.stopped import Stopped
from hub.intake.verify import InlineVerifier
from hub.mykey import schema as identity_schema
from hub.nightly import nightly
from hub.points.asking import Attempt, ask
from hub.store import schema
from hub.store.database import Database, Tx
from hub.store.postgres import Postgres
from sync.errors import Unreachable
from sync.holds import HoldRequest, Purpose
from sync.values import PLATFORM, MunicipalityCode, OrganisationId, Points, home_of
from tests.doubles.databases import Server
from tests.doubles.guarded import guard
from tests.doubles.pen import Pen
from tests.hub.corner import (
    BANK,
    BOOKSHOP,
    FISH_SHOP,
    GREENGROCER,
    KAWASAKI,
    TOSHIMA,
    Corner,
    Resident,
)
from tests.hub.corner import corner as street_corner

HUBS = 4
T = TypeVar("T")


class Beside(Postgres):
    """A way in for one hub beside another, which waits so long for the other."""

    def __init__(self, url: str, *, wait: str) -> None:
        super().__init__(url, "ledger")
        self._wait = wait

    def _keep_others_out(self, connection: Any, _record: object) -> None:
        """It does not."""
        connection.execute(f"SET lock_timeout='{self._wait}'")


@pytest.fixture(autouse=True)
def _small_postings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.intake.pace.MOST", 3)


def ledger(url: str, *, new: bool = False, wait: str = "10s") -> Database:
    at = Beside(url, wait=wait)
    return Database(at, schema.metadata, version=schema.VERSION, new=new)


@pytest.fixture
def town(url: str) -> Iterator[Corner]:
    persons = Database(
        Postgres(url, "identities"),
        identity_schema.metadata,
        version=identity_schema.VERSION,
        new=True,
    )
    points = ledger(url, new=True)
    guard(points, (KAWASAKI, TOSHIMA, PLATFORM))
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


SHOPS = (GREENGROCER, FISH_SHOP, BOOKSHOP)


def sold(town: Corner, who: Resident, shops: Sequence[OrganisationId] = SHOPS) -> list[Pen]:
    """Shops took 900 points each offline from somebody who has 1,000; all is in custody."""
    pens = [town.node(shop) for shop in shops]
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


def test_who_finds_posted_what_it_had_gathered_posts_what_waits_behind(
    town: Corner, hubs: list[Core], hana: Resident
) -> None:
    """Each hub's posting gathers for the next one, too; another hub takes that, and goes away."""
    [pen] = sold(town, hana, [GREENGROCER])
    one, other = (turns(town, core) for core in hubs[:2])

    assert [next(one), next(other)] == [3, 3]  # three records each, as they were handed in
    assert sum(one) == pen.seq - 6

    in_order(town, [pen])


def turns(town: Corner, core: Core) -> Iterator[int]:
    """One hub's postings, one after the other."""
    verifier = InlineVerifier()
    ahead = Ahead(core, town.identities, verifier)
    return post_all(core, town.identities, verifier, ahead, Stopped(core), pace=Pace())


def in_order(
    town: Corner, pens: list[Pen], towns: Sequence[MunicipalityCode] = (KAWASAKI,)
) -> None:
    """Everything was judged, each shop has what its records say, and nothing came from nowhere."""
    assert town.waiting() == 0
    for each in towns:
        assert sum(town.balances(each).values()) == 0
    with town.core.database.read() as tx:
        paid = tx.scalar("SELECT sum(paid) FROM record")
    assert sum(town.owed(pen, each) for pen in pens for each in towns) == paid > 0
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


def round_of(town: Corner, core: Core) -> int:
    """One hub's round."""
    return Judging(core, town.identities, InlineVerifier()).round()


@pytest.fixture
def halted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Core], "Halted"]]:
    """Holds a hub's next transaction open just before it commits."""
    with ExitStack() as let_go:

        def halt(core: Core) -> Halted:
            one = Halted(core, monkeypatch)
            let_go.callback(one.go_on.set)
            return one

        yield halt


class Halted:
    """A hub that stands before its next commit until it is told to go on."""

    def __init__(self, core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there, self.go_on = Event(), Event()
        dialect, rows = core.database._dialect, Tx.rows

        def statement(tx: Tx, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
            if sql == "COMMIT" and tx._dialect is dialect:
                self.there.set()
                assert self.go_on.wait(30)
            return rows(tx, sql, values)

        monkeypatch.setattr(Tx, "rows", statement)


def impatient(url: str) -> Database:
    """A hub's way in that waits for others a moment only."""
    return ledger(url, wait="200ms")


def test_a_town_is_posted_beside_the_open_posting_of_another(
    town: Corner, hubs: list[Core], hana: Resident, url: str, halted: Callable[[Core], Halted]
) -> None:
    """Kawasaki's posting stands open; Toshima's, custody and a hold there go by; Kawasaki waits."""
    fishmonger, bookseller = town.node(FISH_SHOP), town.node(BOOKSHOP)
    town.grant(hana, 1_000, town=TOSHIMA)
    for pen, code in ((fishmonger, KAWASAKI), (bookseller, TOSHIMA)):
        town.feed(pen, available=1_000)
        pen.spend(hana.card, town.account(hana, code), 100, town=code)
        receive(town.core, pen.node, pen.epoch, 1, pen.batch(1))
    one = replace(hubs[0], towns=frozenset({KAWASAKI}))
    other = replace(hubs[1], towns=frozenset({TOSHIMA}), database=impatient(url))
    stands = halted(one)
    with ThreadPoolExecutor(1) as pool:
        posting = pool.submit(round_of, town, one)
        assert stands.there.wait(30)

        assert round_of(town, other) == bookseller.seq
        request = HoldRequest(
            municipality=TOSHIMA,
            purpose=Purpose.SPEND,
            points=Points(300),
            account=town.account(hana, TOSHIMA),
            card=hana.card.digest,
            ticket=b"",
            wanted=None,
            after=(),
        )
        attempt = Attempt(bookseller.node, bookseller.epoch, 1)
        assert ask(other, town.identities, attempt, request).granted
        bookseller.spend(hana.card, town.account(hana, TOSHIMA), 50, town=TOSHIMA)
        first = bookseller.seq
        receive(other, bookseller.node, bookseller.epoch, first, bookseller.batch(first))
        assert round_of(town, other) == 1
        with pytest.raises(Unreachable, match="busy"):  # its own town's lock is taken
            receive(other, fishmonger.node, fishmonger.epoch, 1, fishmonger.batch(1))
        granted = Granted(TOSHIMA, town.account(hana, TOSHIMA), Points(10), "101", "cleaning")
        with pytest.raises(Unreachable, match="busy"), other.database.write() as tx:
            enact(other, tx, granted, ("Sato",))  # what names no towns has all of them
        assert town.waiting() == 1

        stands.go_on.set()
        assert posting.result(30) == fishmonger.seq
    other.database.close()
    assert (town.wallet(hana), town.wallet(hana, TOSHIMA)) == (900, 550)
    assert town.audit() == []


def test_a_posting_that_comes_upon_another_town_is_begun_again_with_it(
    town: Corner, hubs: list[Core], hana: Resident
) -> None:
    """A sale of Kawasaki's points names a hold of Toshima's: that ends, in Toshima's own books."""
    shop = town.node(GREENGROCER)
    town.grant(hana, 1_000, town=TOSHIMA)
    town.feed(shop, available=1_000)
    n, asked = town.hold(shop, hana, 300, town=TOSHIMA)
    assert asked.granted
    assert town.wallet(hana, TOSHIMA) == 700
    shop.spend(hana.card, town.account(hana), 100, town=KAWASAKI, hold=n)
    receive(town.core, shop.node, shop.epoch, 1, shop.batch(1))

    assert round_of(town, replace(hubs[0], towns=frozenset({KAWASAKI}))) == shop.seq

    assert town.wallet(hana, TOSHIMA) == 1_000
    assert town.audit() == []


def test_four_towns_hand_over_to_each_other_each_posted_by_a_hub_of_its_own(
    town: Corner, hubs: list[Core], card_keys: list[RSAPrivateKey]
) -> None:
    """Each shop takes every town's points; batches come in while all four hubs post."""
    codes = joined(town)
    guard(town.core.database, (*codes, PLATFORM))
    people = [town.resident(key) for key in card_keys[:2]]
    for code in codes:
        for who in people:
            town.grant(who, 1_000, town=code)
    pens = [town.node(OrganisationId(f"{code}-S0001")) for code in codes]
    for pen in pens:
        town.feed(pen, available=1_000)
        for turn in range(8):
            who, code = people[turn % 2], codes[turn // 2]
            pen.spend(who.card, town.account(who, code), 150, town=code)
    mine = [replace(core, towns=frozenset({code})) for core, code in zip(hubs, codes, strict=True)]
    records = sum(pen.seq for pen in pens)

    def serve(core: Core) -> None:
        """Take the town's batches in, two records at a time, and post what there is."""
        [pen] = [pen for pen in pens if core.serves(home_of(pen.node))]
        for first in range(1, pen.seq + 1, 2):
            last = min(first + 1, pen.seq)
            receive(core, pen.node, pen.epoch, first, pen.batch(first, last))
            round_of(town, core)
        while town_waits(core):
            round_of(town, core)

    at_once(mine, serve)
    at_once(mine, lambda core: round_of(town, core))  # what was handed over at the very end

    assert town.stored("record") == records
    assert all(town.wallet(who, code) == 400 for who in people for code in codes)
    in_order(town, pens, codes)


def joined(town: Corner) -> list[MunicipalityCode]:
    """Four towns with a shop each, all accepted by all."""
    codes = [MunicipalityCode(code) for code in ("011002", "131041", "141003", "271004")]
    for code in codes:
        public = town.core.keys.begin_town(code).public
        town.enact(MunicipalityAdded(code, f"town {code}", "points", "1234567890", BANK, public))
        dates = ("2027-02-28", "2027-03-16", "2027-03-31", "2027-04-30")
        town.enact(ProgrammeAdded(code, "101", "cleaning", "environment", 0, *dates))
        shop = OrganisationId(f"{code}-S0001")
        account = structs.replace(BANK, number=code.rjust(7, "1"))
        town.enact(OrganisationAdded(code, shop, "a shop", "station front", account))
    for code in codes:
        for other in codes:
            if other != code:
                town.enact(OrganisationAccepted(code, OrganisationId(f"{other}-S0001")))
    return codes


def town_waits(core: Core) -> bool:
    """Whether something that a hub serves waits to be posted."""
    with core.database.read() as tx:
        rows = tx.rows(
            "SELECT municipality FROM cursor WHERE posted<received"
            " UNION SELECT municipality FROM handover"
        )
    return any(core.serves(code) for (code,) in rows)


def test_the_server_sees_a_row_that_is_written_without_its_towns_lock(town: Corner) -> None:
    """The guard of these tests finds what it is there for."""
    change = "UPDATE municipality SET feed=feed+1 WHERE municipality=:town"
    with town.core.database.write({KAWASAKI}) as tx:
        tx.run(change, town=KAWASAKI)
    with town.core.database.write() as tx:
        tx.run(change, town=TOSHIMA)
    with (
        pytest.raises(Exception, match="municipality of 131164 is written without its lock"),
        town.core.database.write({KAWASAKI}) as tx,
    ):
        tx.run(change, town=TOSHIMA)


def test_what_was_committed_while_a_lock_was_waited_for_is_seen_whatever_the_servers_own_level(
    town: Corner, url: str, server: Server
) -> None:
    name = sa.make_url(url).database
    server.run(f"ALTER DATABASE {name} SET default_transaction_isolation='repeatable read'")
    one, other = ledger(url), ledger(url)

    def next_number(database: Database) -> int:
        with database.write({KAWASAKI}) as tx:
            number = tx.scalar(
                "SELECT feed FROM municipality WHERE municipality=:town", town=KAWASAKI
            )
            tx.run(
                "UPDATE municipality SET feed=:number WHERE municipality=:town",
                number=number + 1,
                town=KAWASAKI,
            )
            return int(number)

    with ThreadPoolExecutor(1) as pool:
        with one.write({KAWASAKI}):
            waits = pool.submit(next_number, other)
            while not waiting_for_a_lock(town.core.database):
                pass  # it comes within a millisecond
            mine = next_number(one)
        assert waits.result(30) == mine + 1
    for database in (one, other):
        database.close()


def waiting_for_a_lock(database: Database) -> bool:
    """Whether somebody stands before a lock of the ledger's."""
    with database.read() as tx:
        return bool(tx.rows("SELECT 1 FROM pg_locks WHERE locktype='advisory' AND NOT granted"))
