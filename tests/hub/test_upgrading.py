"""A hub made with an earlier version goes on with this one, with everything that it knows."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.audit import audit
from hub.core import Core
from hub.evidence import decisions
from hub.hub import init_hub, open_hub
from hub.intake.verify import InlineVerifier
from hub.store.dialect import Dialect
from hub.store.migrations import Steps
from hub.store.postgres import Postgres
from hub.store.sqlite import Sqlite
from hub.upgrade import upgrade_hub
from sync.errors import Damaged, InUse, Unreachable
from tests.doubles import databases
from tests.doubles.clocks import TurnedClock, at
from tests.hub.corner import GREENGROCER, KAWASAKI, Corner, corner
from tests.hub.forms import IDENTITIES, KINDS, LEDGER, Kind, build, carry
from tests.hub.forms.shape import shape, told

CLOCK = TurnedClock(at("2026-11-02 10:00"))
SQLITE, POSTGRESQL = "sqlite", "postgresql"
BOTH = [SQLITE, POSTGRESQL]
EARLIER = [
    (database, kind, version)
    for database in BOTH
    for kind in KINDS
    for version in kind.versions(database)
    if version < kind.version
]
NAMES = [f"{database} {kind.name} {version}" for database, kind, version in EARLIER]
OLD = LEDGER.versions(SQLITE)[0]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database can lie: the way of the hub there, and the driver's own."""

    at: Dialect
    raw: Callable[[], Any]


@pytest.fixture
def places(tmp_path: Path, server: databases.Server) -> Callable[[str], Place]:
    def file() -> Place:
        path = tmp_path / f"{len([*tmp_path.iterdir()])}.db"
        return Place(
            Sqlite(f"sqlite:///{path}"),
            lambda: closing(sqlite3.connect(path, isolation_level=None)),
        )

    def schema() -> Place:
        url = server.fresh_database()
        server.run("CREATE SCHEMA old", url)
        options = "-csearch_path=old"
        return Place(
            Postgres(url, "old"), lambda: psycopg.connect(url, autocommit=True, options=options)
        )

    return lambda database: file() if database == SQLITE else schema()


@pytest.mark.parametrize(("database", "kind", "version"), EARLIER, ids=NAMES)
def test_each_earlier_form_becomes_the_present_one(
    places: Callable[[str], Place], database: str, kind: Kind, version: int
) -> None:
    old, fresh = places(database), places(database)
    with old.raw() as raw:
        build(kind, version, raw, database)

    kind.open(old.at, upgrade=True).close()

    seen = []
    for place in (old, fresh):
        with (
            closing(kind.open(place.at, new=place is fresh)) as opened,
            opened.read() as tx,
        ):
            seen.append((shape(tx, kind.metadata, database), told(tx, database)))
    upgraded, made = seen
    assert upgraded == made


@pytest.mark.parametrize("database", BOTH)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_form_that_was_written_down_does_not_change(
    places: Callable[[str], Place], database: str, kind: Kind
) -> None:
    """Hubs have it by then: another form needs another version, and a step."""
    if kind.version not in kind.versions(database):
        return  # it has not left the house yet
    written, fresh = places(database), places(database)
    with written.raw() as raw:
        build(kind, kind.version, raw, database)

    seen = []
    for place in (written, fresh):
        with (
            closing(kind.open(place.at, new=place is fresh)) as opened,
            opened.read() as tx,
        ):
            seen.append(shape(tx, kind.metadata, database))
    assert seen[0] == seen[1]


def test_the_shapes_tell_a_difference(places: Callable[[str], Place]) -> None:
    for database, change in (
        (SQLITE, "DROP INDEX touched_since"),
        (POSTGRESQL, "DROP TRIGGER stays ON transfer"),
        (POSTGRESQL, "ALTER TABLE balance DROP CONSTRAINT deficit_is_owed"),
        (POSTGRESQL, "ALTER TABLE node ALTER COLUMN place DROP NOT NULL"),
    ):
        place = places(database)
        with closing(LEDGER.open(place.at, new=True)) as opened:
            with opened.read() as tx:
                before = shape(tx, LEDGER.metadata, database)
            with opened.write() as tx:
                tx.rows(change)
            with opened.read() as tx:
                assert shape(tx, LEDGER.metadata, database) != before


@pytest.fixture
def town(card_keys: list[RSAPrivateKey]) -> Corner:
    """A town that sold, took a sale back, wanted to once more, was told what of it, and settled."""
    town = corner()
    hana = town.resident(card_keys[0])
    town.grant(hana, 1_000)
    shop = town.node(GREENGROCER)
    town.feed(shop, available=1_000)
    shop.spend(hana.card, town.account(hana), 300, town=KAWASAKI)
    town.put(shop)
    town.settle()
    town.feed(shop, available=700)
    for points in (200, 100):
        shop.spend(hana.card, town.account(hana), points, town=KAWASAKI)
    town.put(shop, first=4)
    sold = shop.seq
    for _ in range(2):
        shop.reverse(sold, 100, town=KAWASAKI)
    town.put(shop, first=6)
    ((number, _, _, _),) = town.incidents()
    town.decide(number, "noted")
    return town


@pytest.mark.parametrize("database", BOTH)
@pytest.mark.parametrize(
    "version", [one for name, kind, one in EARLIER if (name, kind) == (SQLITE, LEDGER)]
)
def test_a_ledger_that_went_through_it_adds_up(
    places: Callable[[str], Place], town: Corner, database: str, version: int
) -> None:
    place = places(database)
    with place.raw() as raw:
        build(LEDGER, version, raw, database)
        carry(town.core.database, raw, place.at, LEDGER.metadata)

    with closing(LEDGER.open(place.at, upgrade=True)) as ledger:
        core = Core(
            database=ledger,
            keys=town.core.keys,
            clock=town.clock,
            randomness=town.core.randomness,
            origin=town.core.origin,
            incarnation=town.core.incarnation,
            demo=True,
        )
        assert audit(core, town.identities, InlineVerifier()) == []
        with ledger.read() as tx:
            owed = tx.scalar("SELECT sum(points) FROM balance WHERE account LIKE 'payable:%'")
            said = [each.decision for each in decisions(tx, KAWASAKI, 1)]
    assert (owed, said) == (200, ["noted"])


# -- a folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A hub whose ledger is of the oldest version, with its people."""
    folder = tmp_path / "hub"
    init_hub(folder, origin="https://hub.test", demo=True, clock=CLOCK)
    file = folder / "hub.db"
    new = file.rename(folder / "new.db")
    with (
        closing(sqlite3.connect(file, isolation_level=None)) as raw,
        closing(LEDGER.open(Sqlite(f"sqlite:///{new}"))) as opened,
    ):
        build(LEDGER, OLD, raw, SQLITE)
        carry(opened, raw, Sqlite(f"sqlite:///{file}"), LEDGER.metadata)
    for path in folder.glob("new.db*"):
        path.unlink()
    return folder


def version_of(file: Path) -> bytes:
    with closing(sqlite3.connect(file)) as raw:
        return bytes(raw.execute("SELECT value FROM meta WHERE name='version'").fetchone()[0])


def test_a_hub_of_an_earlier_version_says_what_to_do_and_goes_on_after_it(folder: Path) -> None:
    with pytest.raises(Damaged, match="'machikado hub upgrade' brings"):
        open_hub(folder, CLOCK)

    ledger, identities = upgrade_hub(folder)

    assert (ledger.was, ledger.now) == (OLD, LEDGER.version)
    assert ledger.copy == str(folder / f"hub.db.version-{OLD}")
    assert version_of(Path(ledger.copy)) == str(OLD).encode()
    assert (identities.was, identities.copy) == (IDENTITIES.version, None)
    with closing(open_hub(folder, CLOCK)) as hub:
        person = hub.office.sign_in((folder / "operator-1.token").read_text().strip())
        assert len(hub.office.operators(person)) == 2


def test_what_is_up_to_date_stays_as_it_is(folder: Path) -> None:
    upgrade_hub(folder)
    (folder / f"hub.db.version-{OLD}").unlink()

    ledger, _ = upgrade_hub(folder)

    assert (ledger.was, ledger.now, ledger.copy) == (LEDGER.version, LEDGER.version, None)


def test_a_hub_at_work_is_not_upgraded(folder: Path) -> None:
    upgrade_hub(folder)

    with closing(open_hub(folder, CLOCK)), pytest.raises(InUse):
        upgrade_hub(folder)


@pytest.mark.parametrize("version", [1, LEDGER.version + 1])
def test_one_that_is_too_old_or_newer_is_left_alone(folder: Path, version: int) -> None:
    with closing(sqlite3.connect(folder / "hub.db")) as raw:
        raw.execute("UPDATE meta SET value=? WHERE name='version'", [str(version).encode()])
        raw.commit()
    with pytest.raises(Damaged, match=f"of version {version}, "):
        upgrade_hub(folder)

    assert version_of(folder / "hub.db") == str(version).encode()
    assert not [*folder.glob("hub.db.version*")]


# -- one after the other

STEP = """
from alembic import op

revision = "{to}"
down_revision = {behind!r}


def upgrade():
    op.execute("INSERT INTO meta VALUES ('taken {to}', '{to}')")
"""


@pytest.mark.parametrize(
    ("version", "taken"), [(3, [5, 9, 10]), (4, [5, 9, 10]), (9, [10]), (10, [])]
)
def test_steps_are_taken_in_order_from_where_a_database_is(
    tmp_path: Path, version: int, taken: list[int]
) -> None:
    """By what each one says is before it: neither by names nor by tens before nines."""
    for behind, to in ((None, 5), ("5", 9), ("9", 10)):
        file = tmp_path / f"step_{to}.py"
        file.write_text(STEP.format(to=to, behind=behind), encoding="utf-8")
    engine = sa.create_engine("sqlite://")

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE meta (name TEXT, value TEXT)")
        Steps(tmp_path, oldest=3).take(connection, version)
        seen = connection.exec_driver_sql("SELECT value FROM meta ORDER BY rowid").scalars()
        assert [int(value) for value in seen] == taken
    engine.dispose()


# -- cut off


def _then(last: Callable[[], object]) -> Callable[[Steps, int], list[Any]]:
    """The steps, and something that happens after them."""
    behind = Steps.behind
    return lambda self, version: [
        *behind(self, version),
        SimpleNamespace(revision="999", upgrade=last),
    ]


@pytest.mark.parametrize("database", BOTH)
def test_a_step_that_fails_leaves_everything_as_it_was(
    places: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    place = places(database)
    with place.raw() as raw:
        build(LEDGER, OLD, raw, database)

    def breaks() -> None:
        raise RuntimeError("a mistake in a step")

    with monkeypatch.context() as patch:
        patch.setattr(Steps, "behind", _then(breaks))
        with pytest.raises(RuntimeError):
            LEDGER.open(place.at, upgrade=True)
    with place.raw() as raw:
        assert bytes(raw.execute("SELECT value FROM meta").fetchone()[0]) == str(OLD).encode()

    LEDGER.open(place.at, upgrade=True).close()
    LEDGER.open(place.at).close()


def test_a_server_that_goes_away_in_the_middle_has_the_old_form_or_the_new_one(
    url: str, server: databases.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.run("CREATE SCHEMA old", url)
    with psycopg.connect(url, autocommit=True, options="-csearch_path=old") as raw:
        build(LEDGER, OLD, raw, POSTGRESQL)

    with monkeypatch.context() as patch:
        patch.setattr(Steps, "behind", _then(lambda: server.cut_off(url)))
        with pytest.raises(Unreachable):
            LEDGER.open(Postgres(url, "old"), upgrade=True)

    LEDGER.open(Postgres(url, "old"), upgrade=True).close()
    LEDGER.open(Postgres(url, "old")).close()
