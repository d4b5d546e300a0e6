"""Recompute everything from the records, and name what differs.

1. Every line of records is a chain over its bytes, ends where its cursor says, and its last head
   carries the signature of the epoch's key.
2. Every chain of the hub's own records is whole.
3. Every card signature and ticket behind an applied record still verifies.
4. In each town debits equal credits; each balance, and what each terminal earned in a window, is
   the sum of its transfers.
5. No town's posting has stopped.
6. A town's postings stand in the order of their numbers. Playing every posting again, in the order
   of the ledger, into an empty database gives the same transfers, verdicts, incidents, tickets,
   holds and windows, and the same towns, organisations, terminals and people. What is noted so that
   little has to be read is so: which month a posting may be of, what was left in a wallet.
7. What two people approved, and when each epoch closed, fits what the records say of it.
8. Identities follow from their own chain; every file that left for the bank is in the journal.

A finding says where, what was expected and what was found. It changes nothing.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec.msgpack import encode

from hub.bodies import HubRecord, MunicipalityAdded
from hub.chronicle import chain_of
from hub.core import Core
from hub.findings import Finding
from hub.hub import Hub
from hub.identities import Identities
from hub.intake.lines import Cursor, Kept, cursor, digest_at, kept
from hub.intake.prove import Prover
from hub.intake.stopped import REASON, stopped_towns
from hub.intake.verify import Verifier
from hub.people import TWO_PEOPLE
from hub.points import earned, left, months
from hub.points.case import Line, Proof
from hub.rebuilt import rebuilt
from hub.store.database import Row, Tx
from sync.chain import ChainBroken, digest, follow
from sync.errors import Damaged, MachikadoError, NotAuthentic
from sync.signing import Head, verify_head
from sync.values import Digest, EpochId, MunicipalityCode, NodeId
from sync.wire import read


def audit_hub(hub: Hub, verifier: Verifier) -> list[Finding]:
    """Everything about a hub that does not add up; nothing when all is well."""
    with hub.core.database.read() as tx:
        journal = list(hub.journal.audit(tx))
    return [*audit(hub.core, hub.mykey, verifier), *hub.mykey.audit(), *journal]


def audit_sums(core: Core) -> list[Finding]:
    """Where balances, and what terminals earned, are not what the transfers come to.

    The database adds up, so that it can be asked before each bank file, also of ten millions.
    """
    with core.database.read() as tx:
        return list(sums(tx))


def audit(core: Core, identities: Identities, verifier: Verifier) -> list[Finding]:
    """What does not add up in its ledger, records and chains."""
    with core.database.read() as tx:
        return [
            *_lines(core, identities, verifier, tx),
            *_forks(tx),
            *_lives(tx),
            *_chronicles(core, tx),
            *_approvals(tx),
            *sums(tx),
            *_stopped(tx),
            *_order(tx),
            *months.unlike_transfers(tx),
            *left.unlike_transfers(tx),
            *rebuilt(core, identities, verifier, tx),
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


def _forks(tx: Tx) -> Iterator[Finding]:
    """Each branch has its incident, and each such incident its branch."""
    branches = {
        (home, node, epoch, branch, base + 1)
        for home, node, epoch, branch, base in tx.rows(
            "SELECT municipality, node, epoch, branch, base FROM cursor WHERE branch<>''"
        )
    }
    told = set(
        tx.rows(
            "SELECT municipality, node, epoch, branch, seq FROM incident WHERE kind='fork'",
        )
    )
    for place in sorted(branches - told):
        where = " ".join(map(str, place))
        yield Finding("fork", where, "an incident", "none")
    for place in sorted(told - branches):
        where = " ".join(map(str, place))
        yield Finding("fork", where, "a branch", "none")


def _lives(tx: Tx) -> Iterator[Finding]:
    """An epoch closed behind what was in custody then: the times of batches say what that was."""
    closed = tx.rows(
        "SELECT e.node, e.epoch, e.state, e.closed_seq,"
        " max(CASE WHEN i.received_at<e.closed_at THEN i.last ELSE 0 END),"
        " max(CASE WHEN i.received_at<=e.closed_at THEN i.last ELSE 0 END)"
        " FROM epoch e LEFT JOIN inbox i ON i.municipality=e.municipality AND i.node=e.node"
        " AND i.epoch=e.epoch AND i.branch='' GROUP BY e.municipality, e.node, e.epoch"
    )
    for node, epoch, state, seq, before, then in closed:
        least, most = (0, 0) if state == "open" else (before or 0, then or 0)
        if not least <= seq <= most:
            where = f"epoch {node} {epoch} closed_seq"
            yield Finding("epoch", where, f"{least} to {most}", str(seq))


def _chronicles(core: Core, tx: Tx) -> Iterator[Finding]:
    towns = tx.rows("SELECT DISTINCT municipality FROM chronicle ORDER BY 1")
    for (town,) in towns:
        try:
            yield from _hub_chain(core, town, chain_of(tx, MunicipalityCode(town)))
        except Damaged as error:
            yield Finding("hub-chain", f"{town} hub", "records that can be read", str(error))


def _hub_chain(
    core: Core, town: str, records: Sequence[tuple[HubRecord, bytes, Digest]]
) -> Iterator[Finding]:
    prev = Digest(b"")
    for place, (record, data, stored) in enumerate(records, 1):
        where = f"{town} hub {place}"
        if record.seq != place or record.prev != prev or digest(data) != stored:
            yield Finding("hub-chain", where, prev.hex()[:16], bytes(record.prev).hex()[:16])
        prev = digest(data)
        if isinstance(record.body, MunicipalityAdded):
            public = core.keys.tickets(record.body.town).public
            if record.body.ticket_key != public:
                yield Finding("key", where, record.body.ticket_key.hex()[:16], public.hex()[:16])


def _approvals(tx: Tx) -> Iterator[Finding]:
    """What a second person approved is what the record says that they did, once."""
    for (town,) in tx.rows("SELECT DISTINCT municipality FROM pending ORDER BY 1"):
        try:
            entered = [record for record, _, _ in chain_of(tx, MunicipalityCode(town))]
        except Damaged:
            continue  # the chain says so itself
        rows = tx.all(
            "SELECT * FROM pending WHERE municipality=:town"
            " ORDER BY state NOT LIKE 'done %', at, id",
            town=town,
        )
        yield from _approvals_of(rows, entered)


def _approvals_of(rows: Sequence[Row], entered: Sequence[HubRecord]) -> Iterator[Finding]:
    """``rows``: what was done before what still waits."""
    of_two: dict[tuple[str, bytes], dict[str, HubRecord]] = {}
    for record in entered:
        if len(record.persons) == TWO_PEOPLE:
            asked = record.persons[0], encode(record.body)
            of_two.setdefault(asked, {})[f"done {record.seq}"] = record
    for row in rows:
        alike = of_two.get((row["person"], bytes(row["body"])), {})
        places = (place for place, record in alike.items() if record.at >= row["at"])
        done, where = alike.get(row["state"]), f"pending {row['id']} state"
        if done is not None and done.at >= row["at"]:
            del alike[row["state"]]
        elif row["state"].startswith("done "):
            yield Finding("pending", where, "a record of what was approved", row["state"])
        elif place := next(places, ""):
            yield Finding("pending", where, place, row["state"])


def sums(tx: Tx) -> Iterator[Finding]:
    """Balances and what terminals earned beside the transfers, which the database adds up."""
    for town, total in tx.rows(
        "SELECT municipality, sum(points) FROM balance GROUP BY municipality"
        " HAVING sum(points)<>0 ORDER BY municipality"
    ):
        yield Finding("sum", town, "0", str(total))
    for town, account, stored, moved in tx.rows(_UNLIKE_TRANSFERS):
        yield Finding("balance", f"{town} {account}", str(moved), str(stored))
    yield from earned.unlike_transfers(tx)


_LEG = (
    "SELECT municipality || '' AS town, {0} AS account, 0 AS stored, {1}sum(points) AS moved"
    " FROM transfer GROUP BY town, {0}"
)
"""Read where it lies: an index, which no expression has, would find the rows one by one."""
_UNLIKE_TRANSFERS = (
    "SELECT town, account, sum(stored), sum(moved) FROM ("
    "SELECT municipality AS town, account, points AS stored, 0 AS moved FROM balance"
    f" UNION ALL {_LEG.format('debit', '-')} UNION ALL {_LEG.format('credit', '')}"
    ") AS leg GROUP BY town, account HAVING sum(stored)<>sum(moved) ORDER BY town, account"
)


def _stopped(tx: Tx) -> Iterator[Finding]:
    for town, words in stopped_towns(tx):
        yield Finding(REASON, town, "a posting that succeeds", words)


def _order(tx: Tx) -> Iterator[Finding]:
    rows = tx.rows(
        "SELECT now.municipality, now.number, last.tick, now.tick FROM posting now"
        " JOIN posting last ON last.municipality=now.municipality AND last.number=now.number-1"
        " WHERE now.tick<=last.tick ORDER BY now.municipality, now.number"
    )
    for town, number, before, found in rows:
        yield Finding("order", f"posting {town} {number}", f"behind {before}", str(found))
