"""Somebody adds up all that a town has ever done, and no counter waits for it."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from psycopg.errors import ReadOnlySqlTransaction

from hub import totals
from hub.desk import Desk
from hub.people import Person, Role
from hub.settlement.cases import Settlement
from hub.settlement.journal import Journal
from hub.store import schema
from hub.store.database import Database, Tx
from hub.store.dialect import Dialect
from hub.store.postgres import Postgres
from hub.store.sqlite import Sqlite
from hub.treasury import Treasury
from sync.errors import DatabaseAway, DatabaseBusy
from tests.doubles import databases
from tests.hub.corner import FISH_SHOP, KAWASAKI, Corner, corner

LONGEST = 20.0
"""Seconds that nothing here takes unless it waits for what it must not wait for."""
SATO = Person(name="Sato", role=Role.CLERK, municipality=KAWASAKI)


@pytest.fixture(params=[pytest.param("file", marks=pytest.mark.files), "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Dialect:
    """Where the ledger lies; in memory there is one way in, and all go by that."""
    if request.param == "file":
        return Sqlite(f"sqlite:///{tmp_path / 'ledger.db'}")
    return Postgres(request.getfixturevalue("url"), "ledger")


@pytest.fixture
def ledger(place: Dialect) -> Iterator[Database]:
    made = Database(place, schema.metadata, version=schema.VERSION, new=True)
    yield made
    made.close()


@pytest.fixture
def town(ledger: Database) -> Corner:
    return corner(stored=(ledger, databases.identities()))


@pytest.fixture
def treasury(town: Corner, tmp_path: Path) -> Treasury:
    journal = Journal(tmp_path / "journal", town.core.keys.signing)
    return Treasury(town.core, town.mykey, Desk(town.core), Settlement(town.core, journal))


class Sums:
    """Adds up slowly: accounts first, and what flowed between them only when it is let go on."""

    def __init__(self, ledger: Database) -> None:
        self._ledger = ledger
        self.has_begun, self.may_go_on = Event(), Event()
        self.waited_for_nobody = False
        self.by_accounts: dict[str, int] = {}
        """What each kind of account holds."""
        self.by_flows: dict[str, int] = {}
        """The same, as it follows from what flowed."""
        self.thread = Thread(target=self._add_up)

    def _add_up(self) -> None:
        with self._ledger.look() as tx:
            self.by_accounts = held(tx)
            self.has_begun.set()
            self.waited_for_nobody = self.may_go_on.wait(LONGEST)
            self.by_flows = held_by_flows(tx)


def held(tx: Tx) -> dict[str, int]:
    """Points of each kind of account."""
    points: Counter[str] = Counter()
    for row in totals.accounts(tx, KAWASAKI):
        points[row.account.partition(":")[0]] += row.points
    return dict(points)


def held_by_flows(tx: Tx) -> dict[str, int]:
    """The same, as it follows from all that was ever moved."""
    points: Counter[str] = Counter()
    for row in totals.flows(tx, KAWASAKI):
        points[row.source] -= row.points
        points[row.target] += row.points
    return {kind: each for kind, each in points.items() if each}


def test_a_hold_and_a_posting_go_through_while_somebody_adds_up(
    town: Corner, ledger: Database, card_keys: list[RSAPrivateKey]
) -> None:
    """And what is told is one moment, although points moved in the middle of it."""
    hana = town.resident(card_keys[0])
    town.grant(hana, 1_000)
    fish = town.node(FISH_SHOP)
    sums = Sums(ledger)
    sums.thread.start()
    sums.has_begun.wait(LONGEST)

    n, asked = town.hold(fish, hana, 300)
    fish.spend(hana.card, town.account(hana), 300, town=KAWASAKI, hold=n)
    town.put(fish)
    sums.may_go_on.set()
    sums.thread.join()

    assert asked.granted
    assert sums.waited_for_nobody
    assert sums.by_accounts == sums.by_flows == {"issuer": -1_000, "wallet": 1_000}
    with ledger.look() as tx:
        assert held(tx) == {"issuer": -1_000, "wallet": 700, "payable": 300}


@pytest.mark.parametrize(
    "asks",
    [
        lambda treasury: treasury.accounts(SATO, KAWASAKI),
        lambda treasury: treasury.flows(SATO, KAWASAKI),
        lambda treasury: treasury.town_totals(SATO),
    ],
    ids=["accounts", "flows", "totals"],
)
def test_one_adds_up_at_a_time_and_the_next_is_told_to_come_again(
    treasury: Treasury,
    ledger: Database,
    asks: Callable[[Treasury], list[object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.store.database._PATIENCE", 0.0)

    with ledger.look(), pytest.raises(DatabaseBusy, match="somebody else is adding up"):
        asks(treasury)

    asks(treasury)


def note(tx: Tx, name: str) -> None:
    tx.put(schema.meta, {"name": name}, value=b"noted")


def is_noted(tx: Tx, name: str) -> bool:
    return tx.scalar("SELECT value FROM meta WHERE name=:name", name=name) is not None


def look_while(ledger: Database, something: Callable[[], None]) -> None:
    """Something happens between two questions."""
    with ledger.look() as tx:
        is_noted(tx, "version")
        something()
        is_noted(tx, "version")


def test_who_looks_changes_nothing(ledger: Database) -> None:
    refusal = (sqlite3.OperationalError, ReadOnlySqlTransaction)

    with pytest.raises(refusal, match=r"read-?only"), ledger.look() as tx:
        note(tx, "scribbled")

    with ledger.look() as tx:
        assert not is_noted(tx, "scribbled")


def test_inside_a_transaction_of_ones_own_a_look_sees_what_that_has_written(
    ledger: Database,
) -> None:
    with ledger.write() as tx:
        note(tx, "mine")
        with ledger.look() as seen:
            assert is_noted(seen, "mine")


def test_what_lies_in_memory_is_looked_at_where_it_lies() -> None:
    ledger = databases.in_memory(schema.metadata, schema.VERSION)
    with ledger.write() as tx:
        note(tx, "there")

    with ledger.look() as tx:
        assert is_noted(tx, "there")


def test_a_look_that_loses_its_server_is_told_so_and_the_next_one_finds_it_again(
    url: str, server: databases.Server
) -> None:
    ledger = Database(Postgres(url, "ledger"), schema.metadata, version=schema.VERSION, new=True)

    with pytest.raises(DatabaseAway):
        look_while(ledger, lambda: server.cut_off(url))

    for _ in range(2):
        with ledger.look() as tx:
            assert is_noted(tx, "version")
        server.cut_off(url)
    ledger.close()


@pytest.mark.files
def test_a_file_that_was_looked_at_is_left_whole(tmp_path: Path) -> None:
    """Its log is taken over by whoever closes last, which is who writes."""
    file = tmp_path / "ledger.db"
    ledger = Database(f"sqlite:///{file}", schema.metadata, version=schema.VERSION, new=True)
    with ledger.look() as tx:
        assert is_noted(tx, "version")
    with ledger.write() as tx:
        note(tx, "last")

    ledger.close()

    assert [each.name for each in tmp_path.iterdir()] == [file.name]
