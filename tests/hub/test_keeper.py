"""A ledger of a keeper whom nobody signs in as: the hub cannot change what was posted."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from hub.nightly import make_months
from hub.store import schema
from hub.store.database import Database
from hub.store.postgres import Postgres
from sync.errors import DatabaseAway
from sync.values import OrganisationId
from tests.doubles import databases
from tests.hub.forms import LEDGER, build
from tests.hub.settlement.month import FISH, Month
from tests.hub.settlement.month import at as moment

MANUAL = Path(__file__).parents[2] / "docs" / "operate.md"


@pytest.fixture(scope="module")
def server() -> Iterator[databases.Server]:
    with databases.running() as one:
        yield one


class Kept:
    """A database as the manual makes it: a role of the hub's own, and then a keeper."""

    def __init__(self, server: databases.Server) -> None:
        self._server = server
        self._url = server.fresh_database()
        at = sa.make_url(self._url)
        self.points, self.keeper = f"points_{at.database}", f"keeper_{at.database}"
        self.url = at.set(username=self.points).render_as_string()
        self.say(f"CREATE ROLE {self.points} LOGIN")
        self.say(f"CREATE SCHEMA ledger AUTHORIZATION {self.points}")

    def say(self, statement: str) -> None:
        self._server.run(statement, self._url)

    def give_away(self, *, again: bool = False) -> None:
        """What the manual says."""
        (told,) = re.findall(
            r"```sql\n(CREATE ROLE machikado_keeper.*?)```", MANUAL.read_text(), re.DOTALL
        )
        create, _, rest = told.partition("\n\\c machikado\n")
        for statement in (rest,) if again else (create, rest):
            mine = statement.replace("machikado_keeper", self.keeper)
            self.say(mine.replace("machikado_points", self.points).replace("%", "%%"))


@pytest.fixture
def kept(server: databases.Server) -> Kept:
    return Kept(server)


@pytest.fixture
def month(tmp_path: Path, kept: Kept) -> Iterator[Month]:
    """A town whose ledger was given to a keeper in September."""
    place = Postgres(kept.url, "ledger")
    database = Database(place, schema.metadata, version=schema.VERSION, new=True)
    with closing(Month(tmp_path, database)) as one:
        make_months(one.core)
        one.sale(OrganisationId(FISH), 100)
        kept.give_away()
        yield one


def test_the_hub_goes_on_selling_and_makes_the_months_to_come(month: Month) -> None:
    month.clock.time = moment("2027-02-10T10:00")
    make_months(month.core)
    month.sale(OrganisationId(FISH), 200)

    with month.core.database.read() as tx:
        assert tx.rows("SELECT tableoid::regclass::text, points FROM transfer ORDER BY 1") == [
            ("transfer_202609", 100),
            ("transfer_202702", 200),
        ]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {0} SET municipality='000000'",
        "DELETE FROM {0}",
        "TRUNCATE {0}",
        "DROP TABLE {0} CASCADE",
        "DROP TRIGGER stays ON {0}",
        "ALTER TABLE {0} DISABLE TRIGGER ALL",
        "CREATE TABLE another (of text)",
        "SET ROLE {1}",
    ],
)
@pytest.mark.parametrize("table", ["transfer", "transfer_202609", "posting", "chronicle"])
def test_its_role_changes_nothing_that_was_posted_and_no_guard(
    month: Month, kept: Kept, table: str, change: str
) -> None:
    with (
        pytest.raises(DatabaseAway, match=r"permission denied|must be owner"),
        month.core.database.write() as tx,
    ):
        tx.rows(change.format(table, kept.keeper))


def test_a_ledger_is_brought_up_to_date_while_the_hub_is_of_the_keepers(kept: Kept) -> None:
    version = LEDGER.versions("postgresql")[0]
    options = "-csearch_path=ledger"
    with psycopg.connect(kept.url, autocommit=True, options=options) as raw:
        build(LEDGER, version, raw, "postgresql")
    kept.give_away()
    place = Postgres(kept.url, "ledger")

    with pytest.raises(DatabaseAway, match="make the role a member"):
        LEDGER.open(place, upgrade=True)
    kept.say(f"GRANT {kept.keeper} TO {kept.points}")
    LEDGER.open(place, upgrade=True).close()
    kept.say(f"REVOKE {kept.keeper} FROM {kept.points}")
    kept.give_away(again=True)

    with closing(LEDGER.open(place)) as opened, opened.read() as tx:
        owners = tx.rows("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname='ledger'")
        assert owners == [(kept.keeper,)]
