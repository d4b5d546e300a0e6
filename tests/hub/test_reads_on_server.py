"""A server reads as few rows for a day's work beside tens of thousands of others as beside none.

Each statement of a file's hub is explained (:mod:`tests.hub.test_plans`). A server plans anew by
what it believes to be in its tables, and before it has looked at them it believes little: so what
it has read is counted, before it has looked and after.
"""

from collections import Counter
from contextlib import closing

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from hub.mykey import schema as identity_schema
from hub.store import schema
from hub.store.database import Database
from hub.store.postgres import Postgres
from sync.values import Millis
from tests.bench.stored import Crowd, account_of, fill, grant
from tests.doubles import databases
from tests.doubles.clocks import at
from tests.hub.corner import KAWASAKI, corner
from tests.hub.ordinary_day import ordinary_day

SALES, RESIDENTS, TOLD, CLOSED = 20_000, 2_000, 10, 2_000
OVER = 2_000
"""Holds that were used, tickets that were redeemed, and so on."""


def others_of(table: sa.Table, count: int, /, **alike: object) -> list[tuple[object, ...]]:
    """So many rows of a town as they lie there when all is over, apart by their keys."""
    return [
        tuple(
            alike[column.name] if column.name in alike else _value(column, place)
            for column in table.columns
        )
        for place in range(count)
    ]


def _value(column: sa.Column[object], place: int) -> object:
    if isinstance(column.type, sa.LargeBinary):
        return place.to_bytes(32)
    if isinstance(column.type, sa.Text):
        return f"{column.name}-{place}"
    return 1_000_000 + place


def crowd_of(ledger: Database) -> None:
    """Others of the town have sold and bought all month, and nodes were told of them and cards."""
    crowd = Crowd(
        town=KAWASAKI,
        shops=4,
        tills=2,
        residents=RESIDENTS,
        begin=Millis(at("2026-11-01 09:00")),
        month=202611,
    )
    grant(ledger, crowd)
    fill(ledger, crowd, already=0, sales=SALES)
    accounts = [account_of(place) for place in range(RESIDENTS)]
    with ledger.write() as tx:
        for number in range(TOLD):
            told = [(KAWASAKI, KAWASAKI, one, number, 100, 0, b"\x90") for one in accounts]
            tx.insert_many(schema.told, told)
        cards = [(KAWASAKI, place.to_bytes(32), 1, "revoked") for place in range(CLOSED)]
        tx.insert_many(schema.told_card, cards)
        here = {"municipality": KAWASAKI, "town": KAWASAKI, "branch": ""}
        for table, state in (
            (schema.hold, "used"),
            (schema.ticket, "redeemed"),
            (schema.incident, "decided"),
            (schema.inbox, ""),
            (schema.card_evidence, ""),
            (schema.decision, ""),
            (schema.second_redemption, ""),
            (schema.told_node, ""),
            (schema.epoch, "closed"),
            (schema.cursor, ""),
            (schema.organisation, ""),
            (schema.acceptance, ""),
        ):
            tx.insert_many(table, others_of(table, OVER, **here, state=state))


def rows_read(ledger: Database) -> Counter[str]:
    """How many rows were read by now, and index entries, by table."""
    ledger.ask_all("SELECT pg_stat_force_next_flush()")
    of_tables = ledger.ask_all(
        "SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE schemaname=current_schema"
    )
    of_indexes = ledger.ask_all(
        "SELECT relname, idx_tup_read FROM pg_stat_user_indexes WHERE schemaname=current_schema"
    )
    read: Counter[str] = Counter()
    for name, count in [*of_tables, *of_indexes]:
        read[name] += count
    return read


def a_database(url: str, name: str, metadata: sa.MetaData, version: int) -> Database:
    """One whose tables nobody has used, and the server looks at none before it is told to."""
    made = Database(Postgres(url, name), metadata, version=version, new=True)
    with made.write() as tx:
        for table in metadata.sorted_tables:
            for [part] in tx.rows(
                "SELECT relid::regclass::text FROM pg_partition_tree(?::regclass) WHERE isleaf",
                [table.name],
            ):
                tx.run(f"ALTER TABLE {part} SET (autovacuum_enabled=false)")
    return made


def read_by_a_day(
    server: databases.Server, key: RSAPrivateKey, *, crowded: bool, looked: bool
) -> Counter[str]:
    url = server.fresh_database()
    ledger = a_database(url, "ledger", schema.metadata, schema.VERSION)
    who = a_database(url, "mykey", identity_schema.metadata, identity_schema.VERSION)
    with closing(ledger), closing(who):
        town = corner(stored=(ledger, who))
        hana = town.resident(key)
        town.grant(hana, 1_000)
        if crowded:
            crowd_of(ledger)
        if looked:
            with ledger.write() as tx:
                tx.run("ANALYZE")
        before = rows_read(ledger)
        ordinary_day(town, hana)
        return rows_read(ledger) - before


@pytest.mark.parametrize("looked", [False, True], ids=["before it looked", "after"])
def test_a_day_reads_no_more_beside_a_crowd(
    server: databases.Server, card_keys: list[RSAPrivateKey], looked: bool
) -> None:
    alone = read_by_a_day(server, card_keys[0], crowded=False, looked=looked)
    beside = read_by_a_day(server, card_keys[0], crowded=True, looked=looked)

    assert alone.total() > 500
    assert {name: n for name, n in (beside - alone).items() if n > 200} == {}
