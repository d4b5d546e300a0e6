"""On a server each month's transfers lie in a table of their own, made before it begins."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from psycopg.errors import RaiseException

from hub.audit import audit, sums
from hub.hub import Hub, copy_of, init_hub, open_hub
from hub.intake.verify import InlineVerifier
from hub.nightly import make_months
from hub.points.accounts import ISSUER, wallet
from hub.points.books import Source, posting
from hub.points.left import left_in
from hub.points.lots import NEVER
from hub.store import schema
from hub.store.database import Database, Tx
from hub.store.postgres import Postgres
from sync.values import AccountId, OrganisationId
from tests.doubles import databases
from tests.doubles.clocks import TurnedClock, at
from tests.hub.settlement.month import FISH, KAWASAKI, Month
from tests.hub.settlement.month import at as moment

HANAKO = AccountId("0123456789abcdef")


@pytest.fixture(scope="module")
def server() -> Iterator[databases.Server]:
    with databases.running() as one:
        yield one


@pytest.fixture
def month(tmp_path: Path, server: databases.Server) -> Iterator[Month]:
    """A town that began in September, its tables made."""
    place = Postgres(server.fresh_database(), "ledger")
    database = Database(place, schema.metadata, version=schema.VERSION, new=True)
    with closing(Month(tmp_path, database)) as one:
        make_months(one.core)
        yield one


def where(month: Month) -> dict[str, int]:
    """How many transfers lie in which table."""
    with month.core.database.read() as tx:
        return dict(
            tx.rows("SELECT CAST(tableoid AS regclass) || '', count(*) FROM transfer GROUP BY 1")
        )


def tables(tx: Tx) -> set[str]:
    return {
        name
        for (name,) in tx.rows(
            "SELECT CAST(inhrelid AS regclass) || '' FROM pg_inherits"
            " WHERE inhparent=CAST('transfer' AS regclass)"
        )
    }


def sale_at(month: Month, written: str, points: int) -> None:
    month.clock.time = moment(written)
    month.sale(OrganisationId(FISH), points)


def test_each_month_has_its_table_before_it_begins(month: Month) -> None:
    sale_at(month, "2026-09-30T23:59:59", 100)
    sale_at(month, "2026-10-01T00:00", 200)
    sale_at(month, "2026-11-15T12:00", 300)

    assert where(month) == {"transfer_202609": 1, "transfer_202610": 1, "transfer_202611": 1}


def test_what_belongs_to_no_month_that_was_made_is_not_refused(month: Month) -> None:
    sale_at(month, "2026-08-31T23:59:59", 100)  # its record comes in late

    assert where(month) == {"transfer_rest": 1}
    with month.core.database.read() as tx:
        assert [*sums(tx)] == []


def test_a_month_that_began_elsewhere_stays_there_and_the_next_one_is_made(month: Month) -> None:
    sale_at(month, "2026-12-01T09:00", 100)  # no night came since September

    make_months(month.core)
    sale_at(month, "2026-12-02T09:00", 50)
    sale_at(month, "2027-01-02T09:00", 20)

    assert where(month) == {"transfer_rest": 2, "transfer_202701": 1}


def test_making_them_again_changes_nothing(month: Month) -> None:
    with month.core.database.read() as tx:
        before = tables(tx)
    make_months(month.core)

    with month.core.database.read() as tx:
        assert tables(tx) == before
    assert before >= {"transfer_rest", "transfer_202609", "transfer_202610", "transfer_202611"}


@pytest.mark.parametrize("table", ["transfer", "transfer_202609", "transfer_rest"])
def test_what_was_posted_stays_also_where_a_month_lies(month: Month, table: str) -> None:
    sale_at(month, "2026-09-30T12:00", 100)

    for change in (f"UPDATE {table} SET points=1", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with (
            pytest.raises(RaiseException, match="a transfer stays as it was written"),
            month.core.database.write() as tx,
        ):
            tx.run(change)


def test_what_came_since_is_looked_for_in_the_months_it_may_be_of(month: Month) -> None:
    for year in (2024, 2025):
        for number in range(1, 13):
            month.core.database.make_month(100 * year + number)
    ledger = month.core.database
    given_at(month, "2026-10-01T12:00", 200)
    with ledger.write() as tx:
        ((_, noted),) = left_in(tx, KAWASAKI, [HANAKO], noting=True)
    given_at(month, "2026-11-15T12:00", 300)
    given_at(month, "2026-12-01T09:00", 40)

    then = looks(ledger)
    with ledger.read() as tx:
        ((_, left),) = left_in(tx, KAWASAKI, [HANAKO], noting=False)
    now = looks(ledger)

    assert (noted.left, left.left) == ({NEVER: 200}, {NEVER: 540})
    looked = {table for table, count in now.items() if count > then[table]}
    assert looked == {"transfer_202611", "transfer_rest"}


def given_at(month: Month, written: str, points: int) -> None:
    """Hanako is given points."""
    month.clock.time = moment(written)
    now = month.clock.now()
    with (
        month.core.database.write() as tx,
        posting(month.core, tx, KAWASAKI, now, ("gift",)) as books,
    ):
        books.move(ISSUER, wallet(HANAKO), points, source=Source("gift", "", books.number), at=now)


def looks(ledger: Database) -> dict[str, int]:
    """How often each month's table was looked into by now."""
    ledger.ask_all("SELECT pg_stat_force_next_flush()")
    return dict(
        ledger.ask_all(
            "SELECT relname || '', coalesce(seq_scan, 0) + coalesce(idx_scan, 0)"
            " FROM pg_stat_user_tables WHERE relname LIKE 'transfer%'"
            " AND schemaname=current_schema"
        )
    )


@pytest.fixture
def hub(tmp_path: Path, server: databases.Server) -> Iterator[Hub]:
    folder, clock = tmp_path / "hub", TurnedClock(at("2026-12-30 10:00"))
    url = server.fresh_database()
    init_hub(folder, origin="https://hub.test", demo=True, database=url, clock=clock)
    with closing(open_hub(folder, clock)) as hub:
        yield hub


def test_the_night_makes_them_over_the_turn_of_the_year(hub: Hub) -> None:
    hub.nights.before()

    with hub.core.database.read() as tx:
        months = {"transfer_202612", "transfer_202701", "transfer_202702"}
        assert tables(tx) == {"transfer_rest", *months}
    assert audit(hub.core, hub.mykey, InlineVerifier()) == []


def test_a_night_waits_for_nobody_who_reads_all_that_was_posted(hub: Hub, tmp_path: Path) -> None:
    with copy_of(tmp_path / "hub") as copy, copy.core.database.read() as reader:
        reader.rows("SELECT count(*) FROM transfer")
        hub.nights.before()
        assert tables(reader) == {"transfer_rest"}

    make_months(hub.core)
    with hub.core.database.read() as tx:
        assert "transfer_202612" in tables(tx)
