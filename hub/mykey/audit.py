"""Identities beside what their own chain says: each table is made again from the records."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from hub.findings import Finding, Rows, differences
from hub.mykey import revocation, schema
from hub.mykey.records import chain
from hub.mykey.tables import apply
from hub.store.database import Database, Tx
from sync.errors import Damaged

COMPARED: Mapping[str, Sequence[str]] = {
    "member": ("mykey_id",),
    "step": ("mykey_id", "seq"),
    "former_id": ("former",),
    "card_key": ("digest",),
    "former_card": ("digest", "mykey_id"),
    "card_mark": ("digest",),
    "revocation_list": ("issuer_key_id",),
    "join_request": ("digest",),
    "consent": ("mykey_id", "what"),
    "account": ("mykey_id", "municipality"),
    "service_number": ("organisation", "mykey_id"),
}
"""The tables that must come out the same, and their keys."""


def audit(tx: Tx) -> Iterator[Finding]:
    """What does not add up in the database of identities."""
    fresh = Database("sqlite://", schema.metadata, version=schema.VERSION)
    try:
        records = chain(tx)
        with fresh.write() as again:
            for record in records:
                apply(again, record)
    except (Damaged, sqlite3.IntegrityError) as error:
        yield Finding("mykey-chain", "mykey", "records that follow each other", str(error))
        return
    with fresh.read() as again:
        for name, keys in COMPARED.items():
            yield from differences(name, keys, _rows(again, name, keys), _rows(tx, name, keys))
    fresh.close()
    yield from revocation.audit(tx)


def _rows(tx: Tx, name: str, keys: Sequence[str]) -> Rows:
    rows = tx.all(f"SELECT * FROM {name}")
    return {tuple(_plain(row[key]) for key in keys): dict(row) for row in rows}


def _plain(value: object) -> object:
    """A key as people read it."""
    return value.hex()[:16] if isinstance(value, bytes) else value
