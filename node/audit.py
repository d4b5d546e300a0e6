"""Recompute everything from the records and name what does not add up. Changes nothing.

1. Every record's bytes have the digest they are filed under, and follow the one before.
2. Every head that stands beside a record is the node's signature over it.
3. Every evidence belongs to a record, reads as evidence, and names a shift of its epoch.
4. Every stored answer is signed by the hub, and every receipt is about our digests.
5. What is projected (sums, shifts, tickets, verdicts) is what records and receipts give anew.
6. Every counted receipt is there; every print job can be read.
7. The second path, where there is one, tells the same history.
8. The node's keys are there and can be read.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from node.identity import identity_of, life_of, settings_of
from node.keys import FILE, is_sealed
from node.outcome import Finding
from node.projection import contents, rebuild, receipts
from node.secondpath import SecondPath
from node.sheets import SlipNote
from node.store import Store
from sync import chain
from sync.cardproof import Evidence
from sync.errors import Damaged, MachikadoError, Malformed
from sync.records import Genesis, decode
from sync.signing import Head, Signed, open_signed, verify_head
from sync.values import Digest, EpochId
from sync.wire import read


def findings(store: Store) -> tuple[Finding, ...]:
    """Everything that does not add up; empty when all does."""
    try:
        identity_of(store)
        life_of(store)
    except Damaged as error:
        return (_finding("unreadable", "meta", "an enrolled node", str(error)),)
    return (
        *_chains(store),
        *_evidence(store),
        *_answers(store),
        *_projection(store),
        *_counts(store),
        *_jobs(store),
        *_second(store),
        *_keys(store),
    )


def _chains(store: Store) -> Iterator[Finding]:
    node = identity_of(store).node
    for (epoch,) in store.rows("SELECT epoch FROM epoch ORDER BY number"):
        prev, key = chain.NOTHING, b""
        rows = store.rows(
            "SELECT seq, digest, bytes, head FROM record WHERE epoch = ? ORDER BY seq", (epoch,)
        )
        for expected, (seq, digest, data, head) in enumerate(rows, 1):
            where = f"{epoch} {seq}"
            if seq != expected:
                yield _finding("gap", where, str(expected), str(seq))
                return
            computed = chain.digest(data)
            if computed != digest:
                yield _finding("digest", where, digest.hex(), computed.hex())
            try:
                chain.follow(node, epoch, seq, prev, [data])
                body = decode(data).body
            except Malformed as error:
                yield _finding("chain", where, "a record that follows", str(error))
                body = None
            if isinstance(body, Genesis):
                key = body.node_key
            yield from _head(Head(node, epoch, seq, digest, head), key, where)
            prev = Digest(digest)


def _head(head: Head, key: bytes, where: str) -> Iterator[Finding]:
    if not head.signature:
        return  # given back by the hub, which had checked it
    try:
        verify_head(head, key)
    except MachikadoError as error:
        yield _finding("head", where, "the node's signature", str(error))


def _evidence(store: Store) -> Iterator[Finding]:
    for epoch, seq, data in store.rows(
        "SELECT epoch, seq, evidence FROM record WHERE evidence IS NOT NULL"
    ):
        where = f"{epoch} {seq}"
        try:
            shift = read(data, Evidence).shift
        except Malformed as error:
            yield _finding("evidence", where, "readable evidence", str(error))
            continue
        opened = "SELECT count(*) FROM record WHERE epoch = ? AND seq = ? AND kind = 'shift.opened'"
        if not store.number(opened, (epoch, shift)):
            yield _finding("evidence", where, "a shift of its epoch", str(shift))
    lacking = store.rows(
        "SELECT epoch, seq FROM record WHERE kind IN ('spend', 'ticket.issued') AND head <> x''"
        " AND evidence IS NULL"
    )
    for epoch, seq in lacking:
        yield _finding("evidence", f"{epoch} {seq}", "the card's signature", "none")


def _answers(store: Store) -> Iterator[Finding]:
    hub_key = identity_of(store).hub_key
    for number, what, data in store.rows("SELECT id, what, bytes FROM answer ORDER BY id"):
        try:
            open_signed(read(data, Signed), what, (hub_key,))
        except MachikadoError as error:
            yield _finding("answer", f"{what} {number}", "the hub's signature", str(error))
    try:
        said = {
            (receipt.epoch, verdict.seq, verdict.digest)
            for receipt in receipts(store)
            for verdict in receipt.verdicts
        }
    except Malformed as error:
        yield _finding("receipt", "answer", "a readable receipt", str(error))
        return
    receipted = store.rows(
        "SELECT epoch, seq, digest FROM record JOIN epoch USING (epoch) WHERE seq <= receipted"
    )
    for epoch, seq, digest in receipted:
        if (epoch, seq, digest) not in said:  # others may speak of a branch elsewhere
            yield _finding("receipt", f"{epoch} {seq}", digest.hex(), "none for this record")


def _projection(store: Store) -> Iterator[Finding]:
    try:
        with closing(store.in_memory()) as copy:
            stored = contents(copy)
            rebuild(copy)
            computed = contents(copy)
    except (Malformed, msgspec.MsgspecError, sqlite3.DatabaseError) as error:
        yield _finding("projection", "records", "records that can be replayed", str(error))
        return
    for table, rows in computed.items():
        for row in rows:
            if row not in stored[table]:
                yield _finding("projection", f"{table} {row[:2]}", repr(row), "another row or none")
        for row in stored[table]:
            if row not in rows:
                yield _finding("projection", f"{table} {row[:2]}", "no such row", repr(row))


def _counts(store: Store) -> Iterator[Finding]:
    for epoch, receipted, complete in store.rows(
        "SELECT epoch, receipted, coalesce("
        " (SELECT min(seq) - 1 FROM record LEFT JOIN verdict USING (epoch, seq)"
        "   WHERE record.epoch = epoch.epoch AND outcome IS NULL),"
        " (SELECT max(seq) FROM record WHERE record.epoch = epoch.epoch), 0) FROM epoch"
    ):
        if receipted != complete:
            yield _finding("receipted", epoch, str(complete), str(receipted))


def _jobs(store: Store) -> Iterator[Finding]:
    from printer.documents import decode as read_document
    from printer.errors import BadDocument

    for job, data in store.rows("SELECT id, document FROM job"):
        try:
            read_document(data)
        except BadDocument as error:
            yield _finding("print-job", str(job), "a document", str(error))
    for epoch, seq, note in store.rows(
        "SELECT epoch, seq, slip FROM record WHERE slip IS NOT NULL"
    ):
        try:
            read(note, SlipNote)
        except Malformed as error:
            yield _finding("print-job", f"{epoch} {seq}", "a slip's note", str(error))


def _second(store: Store) -> Iterator[Finding]:
    folder = settings_of(store).second_path
    if not folder:
        return
    second = SecondPath(Path(folder), identity_of(store).node)
    if not second.exists():
        yield _finding("second-path", str(second.file), "a file", "none")
        return
    for entry in second.entries():
        where = f"{entry.epoch} {entry.seq}"
        row = store.row(
            "SELECT digest FROM record WHERE epoch = ? AND seq = ?",
            (EpochId(entry.epoch), entry.seq),
        )
        if row is None or row[0] != entry.digest:
            found = "none" if row is None else row[0].hex()
            yield _finding("second-path", where, entry.digest.hex(), found)


def _keys(store: Store) -> Iterator[Finding]:
    try:
        is_sealed(store.file.parent)
    except Damaged as error:
        yield _finding("keys", FILE, "the node's keys", str(error))


def _finding(finding: str, where: str, expected: str, found: str) -> Finding:
    return Finding(finding=finding, where=where, expected=expected, found=found)
