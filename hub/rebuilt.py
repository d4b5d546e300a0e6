"""What is stored beside what playing every posting again gives, table by table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hub.core import Core
from hub.findings import Finding, Rows, differences
from hub.identities import Identities
from hub.intake.stopped import KIND as POSTING_STOPPED
from hub.intake.verify import Verifier
from hub.replay import replay
from hub.store import schema
from hub.store.database import Database, Tx
from sync.errors import MachikadoError


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How a table is compared: its key, and what of it no record explains."""

    keys: Sequence[str]
    without: frozenset[str] = frozenset()
    """Columns that are left out."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """Columns that are compared in part only, and by what."""
    where: str = ""
    """Which rows, if not all."""


COMPARED: Mapping[str, Compared] = {
    "municipality": Compared(
        keys=("municipality",),
        without=frozenset({"feed"}),  # moves when a node asks
    ),
    "posting": Compared(
        keys=("municipality", "number"),
        without=frozenset({"tick"}),  # postings side by side read it as they come
    ),
    "transfer": Compared(keys=("municipality", "source", "epoch", "seq", "part")),
    "lot_date": Compared(keys=("municipality", "expires", "account")),
    "touched": Compared(keys=("municipality", "account")),
    "record": Compared(keys=("municipality", "node", "epoch", "branch", "seq")),
    "record_day": Compared(keys=("municipality", "node", "day", "epoch", "branch")),
    "decision": Compared(keys=("municipality", "node", "epoch", "n")),
    "incident": Compared(
        keys=("municipality", "id"),
        without=frozenset({"at"}),  # a moment after its posting's
        instead={
            # how far custody was when a life ended stands with that life
            "seq": "CASE kind WHEN 'epoch' THEN 0 ELSE seq END",
            # a posting that succeeds again is no record
            "state": f"CASE kind WHEN '{POSTING_STOPPED}' THEN '' ELSE state END",
            "decision": f"CASE kind WHEN '{POSTING_STOPPED}' THEN '' ELSE decision END",
        },
    ),
    "decided": Compared(keys=("municipality", "incident", "seq")),
    "ticket": Compared(keys=("municipality", "number")),
    "reprint": Compared(keys=("municipality", "number", "record")),
    "second_redemption": Compared(keys=("municipality", "number", "record")),
    "hold": Compared(
        keys=("municipality", "node", "epoch", "n"),
        # an attempt that was given up before the hub heard of it moved nothing
        where="WHERE purpose<>''",
    ),
    "borne": Compared(keys=("municipality", "node", "window")),
    "earned": Compared(keys=("municipality", "window", "organisation", "node")),
    "settlement_window": Compared(keys=("municipality", "kind", "window")),
    "settlement_line": Compared(keys=("municipality", "kind", "window", "organisation")),
    "programme": Compared(keys=("municipality", "programme")),
    "organisation": Compared(keys=("municipality", "organisation")),
    "acceptance": Compared(keys=("municipality", "organisation")),
    "policy": Compared(keys=("municipality", "digest")),
    "operator": Compared(keys=("municipality", "name")),
    "revocation_source": Compared(keys=("municipality",)),
    "node": Compared(
        keys=("municipality", "node"),
        without=frozenset({"last_seen"}),  # moves with each call
    ),
    "epoch": Compared(keys=("municipality", "node", "epoch")),
}
"""The tables that must come out the same. Balances are compared with their transfers."""


def rebuilt(core: Core, identities: Identities, verifier: Verifier, tx: Tx) -> Iterator[Finding]:
    """Play every posting again, in order, into an empty database, and say what differs."""
    fresh = Database("sqlite://", schema.metadata, version=schema.VERSION)
    try:
        replay(replace(core, database=fresh), identities, verifier, tx)
    except MachikadoError as error:
        yield Finding("replay", "the ledger", "postings that can be played again", str(error))
        return
    with fresh.read() as again:
        for name, how in COMPARED.items():
            yield from differences(name, how.keys, _rows(again, name, how), _rows(tx, name, how))
    fresh.close()


def _rows(tx: Tx, name: str, how: Compared) -> Rows:
    names = [
        column.name
        for column in schema.metadata.tables[name].columns
        if column.name not in how.without
    ]
    columns = [f'{how.instead.get(each) or _quoted(each)} AS "{each}"' for each in names]
    return {
        tuple(row[key] for key in how.keys): dict(row)
        for row in tx.all(f"SELECT {', '.join(columns)} FROM {name} {how.where}")
    }


def _quoted(name: str) -> str:
    return f'"{name}"'
