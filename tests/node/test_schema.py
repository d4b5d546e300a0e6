"""An older program's database becomes today's, and nothing in it is lost."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from node.audit import findings
from node.looking import audit_of, status_of
from node.schema import STEPS
from node.store import FILE
from sync.errors import Damaged
from sync.values import Points
from tests.doubles.hub import KAWASAKI
from tests.node.conftest import Shop, pin


def test_a_counter_of_the_first_version_goes_on_with_records_evidence_and_sheets(
    shop: Shop,
) -> None:
    shop.cut()
    shop.counter.spend(shop.card, KAWASAKI, Points(300), pin())
    shop.counter.spend(shop.card, KAWASAKI, Points(500), pin())
    sheets = {job.title: job.document for job in shop.counter.parts.paper.jobs.waiting()}
    records = shop.counter.parts.store.rows("SELECT bytes, evidence FROM record ORDER BY seq")
    shop.counter.close()
    turn_back_to_the_first_version(shop.folder)

    shop.reopen()

    store = shop.counter.parts.store
    assert store.rows("SELECT bytes, evidence FROM record ORDER BY seq") == records
    assert {j.title: j.document for j in shop.counter.parts.paper.jobs.waiting()} == sheets
    assert shop.counter.status().offline_left == 30_000 - 800
    assert findings(store) == ()
    shop.mend()
    assert shop.counter.sync_now().reached
    assert shop.hub.balance(shop.key) == 4_200


def test_who_only_looks_is_told_to_start_the_counter_first(shop: Shop) -> None:
    shop.counter.close()
    turn_back_to_the_first_version(shop.folder)

    with pytest.raises(Damaged, match="start the counter once"):
        status_of(shop.folder)
    with pytest.raises(Damaged, match="start the counter once"):
        audit_of(shop.folder)
    shop.reopen()

    assert audit_of(shop.folder) == ()


def turn_back_to_the_first_version(folder: Path) -> None:
    """Write the same node as the first program kept it: evidence apart, every slip a job."""
    today = folder / FILE
    first = folder / "first.db"
    with closing(sqlite3.connect(first)) as base:
        STEPS.apply(Database(base), stop_before="m002_fewer_pages_a_commit")
        base.execute("ATTACH ? AS today", (str(today),))
        copied = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE '%sq%'"
        for (table,) in base.execute(copied).fetchall():
            if table != "evidence":
                names = ", ".join(row[1] for row in base.execute(f"PRAGMA table_info({table})"))
                base.execute(f"INSERT INTO {table} SELECT {names} FROM today.{table}")
        base.execute(
            "INSERT INTO evidence SELECT epoch, seq, evidence FROM today.record"
            " WHERE evidence IS NOT NULL"
        )
        base.commit()
    first.replace(today)
