"""What an hour of sales into few accounts leaves behind on a PostgreSQL server; by hand.

    python -m tests.bench.bloat [--postings 3000] [--fillfactor 100]

Half of all sales go to one shop, as at a festival. Prints for each table that is written again and
again: how many of its updates were HOT (no index had to hear of them), its size and that of its
indexes before and behind, how often it was swept; and the time of a posting at the beginning and
at the end. Autovacuum is the server's own, but for the naps between its rounds, which are as much
shorter as this is than an hour. ``--fillfactor`` shows the same without room in the pages.
"""

import argparse
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from hub.points.accounts import payable, wallet
from hub.points.books import Source, posting
from hub.store import schema
from hub.store.database import Database
from hub.store.postgres import Postgres
from sync.values import AccountId, Millis
from tests.bench.figures import median, must, seconds
from tests.bench.stored import Crowd, account_of, grant
from tests.doubles import databases
from tests.hub.settlement.month import KAWASAKI, Month, at

_SALES = 40
"""Of a posting."""
_CROWD = Crowd(
    town=KAWASAKI,
    shops=20,
    tills=1,
    residents=20_000,
    begin=at("2026-09-10T10:00"),
    month=202609,
)
_NAP = 60
"""Seconds between two rounds of autovacuum, as the server comes."""
_OFTEN = ("balance", "touched", "earned", "municipality")
_LOOK = (
    "SELECT relname, n_tup_upd, n_tup_hot_upd, n_dead_tup, autovacuum_count,"
    " pg_relation_size(relid) / 1024, pg_indexes_size(relid) / 1024 FROM pg_stat_user_tables"
    " WHERE relname IN ('balance', 'touched', 'earned', 'municipality') ORDER BY relname"
)


def main() -> None:
    """Post, look, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bloat", description=__doc__)
    parser.add_argument("--postings", type=int, default=3_000)
    parser.add_argument("--fillfactor", type=int, default=50)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, databases.running(durable=True) as server:
        nap = max(1, _NAP * asked.postings // 30_000)
        server.run(f"ALTER SYSTEM SET autovacuum_naptime={nap}")
        server.run("SELECT pg_reload_conf()")
        place = Postgres(server.fresh_database(), "ledger")
        ledger = Database(place, schema.metadata, version=schema.VERSION, new=True)
        with closing(Month(Path(folder), ledger)) as month:
            _look(month, asked.postings, asked.fillfactor, print)


def _look(month: Month, postings: int, fillfactor: int, say: Callable[[str], Any]) -> None:
    ledger = month.core.database
    with ledger.write() as tx:
        for table in _OFTEN:
            tx.run(f"ALTER TABLE {table} SET (fillfactor={fillfactor})")
    grant(ledger, _CROWD)
    _post(month, 0)
    before = _tables(ledger)
    times = [seconds(partial(_post, month, number)) for number in range(1, postings + 1)]
    after = _tables(ledger)
    say(f"fillfactor {fillfactor}: {postings:,} postings of {_SALES} sales in {sum(times):.0f} s")
    say(
        f"{'table':<14}{'updates':>10}{'HOT':>7}{'swept':>7}{'dead':>9}{'kB':>16}{'indexes kB':>18}"
    )
    for name, (updated, hot, dead, swept, size, indexes) in after.items():
        was = before[name]
        updates = updated - was[0]
        share = f"{(hot - was[1]) / max(1, updates):.0%}"
        say(
            f"{name:<14}{updates:>10,}{share:>7}{swept:>7}{dead:>9,}"
            f"{f'{was[4]:,} > {size:,}':>16}{f'{was[5]:,} > {indexes:,}':>18}"
        )
    tenth = len(times) // 10
    say(
        f"a posting, median of the first tenth {1e3 * median(times[:tenth]):.2f} ms,"
        f" of the last {1e3 * median(times[-tenth:]):.2f} ms"
    )
    with ledger.read() as tx:
        must(tx.scalar("SELECT sum(points) FROM balance") == 0, "debits equal credits")


def _post(month: Month, number: int) -> None:
    """One posting: half of its sales are the first shop's."""
    core, now = month.core, Millis(_CROWD.begin + number)
    with (
        core.database.write() as tx,
        posting(core, tx, KAWASAKI, now, ("records", ())) as books,
    ):
        for sale in range(_SALES):
            who = (number * _SALES + sale) * 7919 % _CROWD.residents
            shop = 0 if sale % 2 else sale // 2 % _CROWD.shops
            name, seq = _CROWD.organisation(shop), number * _SALES + sale
            books.move(
                wallet(AccountId(account_of(who))),
                payable(name),
                1,
                source=Source(f"{name}-1111", "1-0000000000000000", seq),
                at=now,
            )


def _tables(ledger: Database) -> dict[str, tuple[int, ...]]:
    """What the server has counted of each table."""
    with ledger.write() as tx:
        tx.rows("SELECT pg_stat_force_next_flush()")
    with ledger.read() as tx:
        return {name: tuple(counted) for name, *counted in tx.rows(_LOOK)}


if __name__ == "__main__":
    main()
