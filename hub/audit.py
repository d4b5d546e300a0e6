"""Recompute everything from the records, and name what differs.

1. Every line of records is a chain over its bytes, ends where its cursor says, and its last head
   carries the signature of the epoch's key.
2. Every chain of the hub's own records is whole.
3. Every card signature and ticket behind an applied record still verifies.
4. In each town debits equal credits, and each balance is the sum of its transfers.
5. No town's posting has stopped.
6. Playing every posting again, in order, into an empty database gives the same transfers, balances,
   verdicts, tickets, holds and windows, and the same organisations and people.

A finding says where, what was expected and what was found. It changes nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import msgspec

from hub.chronicle import chain_of
from hub.core import Core
from hub.identities import Identities
from hub.intake.lines import Cursor, Kept, cursor, digest_at, kept
from hub.intake.prove import Prover
from hub.intake.stopped import REASON, stopped_towns
from hub.intake.verify import Verifier
from hub.points.case import Line, Proof
from hub.replay import replay
from hub.store import schema
from hub.store.database import Database, Tx
from sync.chain import ChainBroken, digest, follow
from sync.errors import MachikadoError, NotAuthentic
from sync.signing import Head, verify_head
from sync.values import Digest, EpochId, MunicipalityCode, NodeId
from sync.wire import read


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not add up."""

    finding: str
    where: str
    expected: str
    found: str


def audit(core: Core, identities: Identities, verifier: Verifier) -> list[Finding]:
    """Everything that does not add up; nothing when all is well."""
    with core.database.read() as tx:
        return [
            *_lines(core, identities, verifier, tx),
            *_chronicles(tx),
            *_sums(tx),
            *_stopped(tx),
            *_again(core, identities, verifier, tx),
        ]


def _lines(core: Core, identities: Identities, verifier: Verifier, tx: Tx) -> Iterator[Finding]:
    prover = Prover(core, identities, verifier)
    rows = tx.rows("SELECT municipality, node, epoch, branch FROM cursor ORDER BY 1, 2, 3, 4")
    for home, node, epoch, branch in rows:
        line = Line(
            home=MunicipalityCode(home), node=NodeId(node), epoch=EpochId(epoch), branch=branch
        )
        where = f"{node} {epoch} {branch}".strip()
        at = cursor(tx, line)
        if at is None:
            continue
        try:
            records = kept(tx, line, at.base, at.received)
        except MachikadoError as error:
            yield Finding("record-unreadable", where, "batches that can be read", str(error))
            continue
        yield from _chain(tx, at, where, records)
        yield from _proofs(tx, prover, where, records)


def _chain(tx: Tx, at: Cursor, where: str, records: Sequence[Kept]) -> Iterator[Finding]:
    line = at.line
    if [one.seq for one in records] != list(range(at.base + 1, at.received + 1)):
        yield Finding("record-missing", where, f"records {at.base + 1} to {at.received}", "a gap")
        return
    if not records:
        return
    try:
        start = digest_at(tx, line, at.base)
        digests = follow(line.node, line.epoch, at.base + 1, start, [one.data for one in records])
    except ChainBroken as error:
        yield Finding(
            "chain", f"{where} {error.seq}", "the digest of the record before", str(error)
        )
        return
    if digests[-1] != at.head:
        yield Finding("cursor", where, at.head.hex()[:16], digests[-1].hex()[:16])
    stored = dict(
        tx.rows(
            "SELECT seq, digest FROM record WHERE municipality=? AND node=? AND epoch=?"
            " AND branch=?",
            [line.home, line.node, line.epoch, line.branch],
        )
    )
    for seq, found in enumerate(digests, at.base + 1):
        if seq in stored and stored[seq] != found:
            yield Finding("digest", f"{where} {seq}", stored[seq].hex()[:16], found.hex()[:16])
    yield from _head(tx, line, where)


def _head(tx: Tx, line: Line, where: str) -> Iterator[Finding]:
    rows = tx.rows(
        "SELECT i.head, e.public FROM inbox i JOIN epoch e ON e.municipality=i.municipality"
        " AND e.node=i.node AND e.epoch=i.epoch WHERE i.municipality=? AND i.node=?"
        " AND i.epoch=? AND i.branch=? ORDER BY i.first",
        [line.home, line.node, line.epoch, line.branch],
    )
    for data, public in rows:
        head = read(data, Head)
        try:
            verify_head(head, public)
        except NotAuthentic as error:
            yield Finding("head", f"{where} {head.seq}", "the node's signature", str(error))


def _proofs(tx: Tx, prover: Prover, where: str, records: Sequence[Kept]) -> Iterator[Finding]:
    applied = {
        seq
        for line, group in groupby(records, key=lambda one: one.line)
        for (seq,) in tx.rows(
            "SELECT seq FROM record WHERE municipality=? AND node=? AND epoch=? AND branch=?"
            " AND outcome<>'quarantined' AND reason NOT IN ('reversed', 'refused')"
            " AND bearer<>'reserve'",
            [line.home, line.node, line.epoch, line.branch],
        )
    }
    good = {Proof.GOOD, Proof.NOT_NEEDED}
    for one, case in zip(records, prover.cases(tx, records), strict=True):
        if case.seq not in applied or case.proof in good:
            continue
        first = kept(tx, one.line, one.seq - 1, one.seq, healed=False)
        if prover.cases(tx, first)[0].proof not in good:
            yield Finding("signature", f"{where} {case.seq}", "a proof that holds", str(case.proof))


def _chronicles(tx: Tx) -> Iterator[Finding]:
    towns = tx.rows("SELECT DISTINCT municipality FROM chronicle ORDER BY 1")
    for (town,) in towns:
        prev = Digest(b"")
        for place, (record, data, stored) in enumerate(chain_of(tx, MunicipalityCode(town)), 1):
            where = f"{town} hub {place}"
            if record.seq != place or record.prev != prev or digest(data) != stored:
                yield Finding("hub-chain", where, prev.hex()[:16], bytes(record.prev).hex()[:16])
            prev = digest(data)


def _sums(tx: Tx) -> Iterator[Finding]:
    towns = tx.rows("SELECT municipality FROM municipality ORDER BY 1")
    for (town,) in towns:
        total: Counter[str] = Counter()
        for debit, credit, points in tx.rows(
            "SELECT debit, credit, sum(points) FROM transfer WHERE municipality=?"
            " GROUP BY debit, credit",
            [town],
        ):
            total[debit] -= points
            total[credit] += points
        stored = dict(tx.rows("SELECT account, points FROM balance WHERE municipality=?", [town]))
        if sum(stored.values()):
            yield Finding("sum", town, "0", str(sum(stored.values())))
        for account in sorted(stored.keys() | total.keys()):
            if stored.get(account, 0) != total[account]:
                yield Finding(
                    "balance",
                    f"{town} {account}",
                    str(total[account]),
                    str(stored.get(account, 0)),
                )


def _stopped(tx: Tx) -> Iterator[Finding]:
    for town, words in stopped_towns(tx):
        yield Finding(REASON, town, "a posting that succeeds", words)


_COMPARED = {
    "transfer": ("municipality", "source", "epoch", "seq", "part"),
    "record": ("municipality", "node", "epoch", "branch", "seq"),
    "ticket": ("municipality", "number"),
    "hold": ("municipality", "node", "epoch", "n"),
    "settlement_window": ("municipality", "kind", "window"),
    "settlement_line": ("municipality", "kind", "window", "organisation"),
    "programme": ("municipality", "programme"),
    "second_redemption": ("municipality", "number", "record"),
    "decision": ("municipality", "node", "epoch", "n"),
    "borne": ("municipality", "node", "window"),
    "organisation": ("municipality", "organisation"),
    "acceptance": ("municipality", "organisation"),
    "policy": ("municipality", "digest"),
    "operator": ("municipality", "name"),
}
"""Tables that must come out the same when every posting is played again, and their keys."""


def _again(core: Core, identities: Identities, verifier: Verifier, tx: Tx) -> Iterator[Finding]:
    fresh = Database("sqlite://", schema.metadata, version=schema.VERSION)
    try:
        replay(replace(core, database=fresh), identities, verifier, tx)
    except MachikadoError as error:
        yield Finding("replay", "the ledger", "postings that can be played again", str(error))
        return
    finally_rows = _tables(tx)
    with fresh.read() as other:
        again = _tables(other)
    fresh.close()
    for name, keys in _COMPARED.items():
        yield from _compare(name, keys, again[name], finally_rows[name])


_WHERE = {"hold": "WHERE purpose<>''"}
"""An attempt that was given up before the hub heard of it is remembered, but moved nothing."""
_Rows = dict[tuple[object, ...], dict[str, object]]


def _tables(tx: Tx) -> dict[str, _Rows]:
    return {
        name: {
            tuple(row[key] for key in keys): dict(row)
            for row in tx.all(f"SELECT * FROM {name} {_WHERE.get(name, '')}")
        }
        for name, keys in _COMPARED.items()
    }


def _compare(name: str, keys: Sequence[str], expected: _Rows, found: _Rows) -> Iterator[Finding]:
    for key in sorted(expected.keys() | found.keys(), key=str):
        where = f"{name} {' '.join(map(str, key))}"
        if key not in found:
            yield Finding(f"{name}-missing", where, "there", "not there")
        elif key not in expected:
            yield Finding(f"{name}-unexplained", where, "not there", "there")
        else:
            for column in expected[key].keys() - set(keys):
                one, other = expected[key][column], found[key][column]
                if one != other:
                    yield Finding(name, f"{where} {column}", _text(one), _text(other))


def _text(value: object) -> str:
    return bytes(value).hex()[:32] if isinstance(value, bytes | memoryview) else str(value)


def as_json(finding: Finding) -> bytes:
    """One line for scripts."""
    return msgspec.json.encode(finding)
