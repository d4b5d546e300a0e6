"""Settling millions of sales: closing their window, and adding them up again.

The wall is what no summing of a month can go below: one scan of its transfers with a sum. Closing
reads what was netted while posting; the audit's check of that reads every transfer, as a closing
without it would have to.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hub.bodies import BankDetails, OrganisationAdded
from hub.points.earned import unlike_transfers
from hub.store import schema
from hub.store.database import Database
from hub.store.postgres import Postgres
from tests.bench.figures import Better, Figure, against, must, seconds
from tests.bench.stored import Crowd, fill, grant, points_of
from tests.doubles import databases
from tests.hub.settlement.month import KAWASAKI, Month, at, payments

_SHOPS = 2_000
"""At most: a shop sells 5,000 times in a month."""


def measure(folder: Path, *, sales: int) -> list[Figure]:
    """On both databases; raises SumsDoNotHold."""
    return [*_on(folder, "SQLite", sales, 5), *_on(folder, "PostgreSQL", sales, 2.5)]


def _on(folder: Path, name: str, sales: int, target: float) -> list[Figure]:
    with _ledger(folder, name) as database:
        month = Month(folder / name, database)
        crowd = Crowd(
            town=KAWASAKI,
            shops=min(_SHOPS, sales // 5_000),
            tills=2,
            residents=max(1_000, sales // 50),
            begin=at("2026-09-10T10:00"),
            month=202609,
        )
        _found(month, crowd)
        with database.write() as tx:
            tx.run("DROP INDEX transfer_from_wallet")  # no part of this, and slow to fill
        grant(database, crowd)
        fill(database, crowd, already=0, sales=sales, records=False)
        if name == "PostgreSQL":
            with database.write() as tx:
                tx.rows("ANALYZE")  # as its own housekeeping does
        return _measure(month, crowd, name, sales, target)


def _measure(month: Month, crowd: Crowd, name: str, sales: int, target: float) -> list[Figure]:
    database = month.core.database
    with database.read() as tx:
        tx.rows("SELECT sum(points) FROM transfer")  # read once, so that both find it in memory
        walls = [seconds(lambda: tx.rows("SELECT sum(points) FROM transfer")) for _ in range(3)]
        wall = min(walls)
        checking = seconds(lambda: must(not [*unlike_transfers(tx)], "earned is moved"))
        owed = "SELECT sum(points) FROM balance WHERE account LIKE 'payable:%'"
        must(tx.scalar(owed) == points_of(sales), "the shops are owed what they sold")
        must(tx.scalar("SELECT sum(points) FROM balance") == 0, "debits equal credits")
    closed = seconds(lambda: must(month.closed().number == 1, "the window closes"))
    sheet = month.sheet(month.closed())
    must(sheet.window.total == points_of(sales), "the lines are what was sold")
    must(len(sheet.lines) == crowd.shops, "every shop has its line")
    paying: list[int] = []
    paid = seconds(lambda: paying.append(_pay(month)))
    must(paying == [points_of(sales)], "the bank file pays what was sold")
    many = f"{sales / 1e6:g} M" if sales >= 1e6 else f"{sales:,}"
    return [
        against(
            f"settlement: closing a window of {many} sales, {name}",
            closed,
            "s",
            limit=wall,
            target=target,
            better=Better.LOWER,
        ),
        against(
            f"settlement: adding its transfers up again, {name}",
            checking,
            "s",
            limit=wall,
            target=None,
            better=Better.LOWER,
        ),
        against(
            f"settlement: to the bank file of {crowd.shops:,} shops, {name}",
            paid,
            "s",
            limit=wall,
            target=None,
            better=Better.LOWER,
        ),
    ]


def _found(month: Month, crowd: Crowd) -> None:
    """Every shop has joined, and has a bank account of its own."""
    do = month.person("platform")
    with month.core.database.write():
        for shop in range(crowd.shops):
            do(
                OrganisationAdded(
                    town=crowd.town,
                    organisation=crowd.organisation(shop),
                    name=f"商店{shop}",
                    place="川崎区",
                    account=BankDetails("0001", "004", 1, f"{shop:07}", "カ)シヨウテン"),
                )
            )


def _pay(month: Month) -> int:
    """Review, approve and make the file; gives what it pays."""
    name = month.closed()
    month.settlement.review(month.person("aoki"), name)
    month.settlement.approve(month.person("baba"), name)
    made = month.settlement.file(month.person("aoki"), name)
    must(sum(payments(made.file).values()) == made.total, "the file's lines are its sum")
    return made.total


@contextmanager
def _ledger(folder: Path, name: str) -> Iterator[Database]:
    """An empty ledger on this machine's disk; it is thrown away with the folder."""
    if name == "SQLite":
        at = f"sqlite:///{folder / 'ledger.db'}"
        with closing(Database(at, schema.metadata, version=schema.VERSION, new=True)) as database:
            yield database
        return
    with databases.running(durable=True) as server:
        at_server = Postgres(server.fresh_database(), "ledger")
        made = Database(at_server, schema.metadata, version=schema.VERSION, new=True)
        with closing(made) as database:
            yield database
