"""Writing verdicts down, and signing receipts."""

from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from msgspec import structs

from hub.core import Core
from hub.intake.lines import Cursor, kept
from hub.intake.opening import opened_evidence
from hub.points.asked import each
from hub.points.case import Line, Proof
from hub.store.database import Tx
from sync.errors import Damaged, Malformed
from sync.receipt import Outcome, Receipt, Verdict
from sync.records import TicketIssued, decode
from sync.signing import Signed, seal_with
from sync.wire import laid_out, read, write

MOST_VERDICTS = 512
"""Verdicts in one receipt."""
MOST_DECISIONS = 64
"""Superseding verdicts in one answer; they are numbered without gaps."""
Row = tuple[Any, ...]


class Heard(NamedTuple):
    """A line of records, and how much its node has stored of what the hub said of its life."""

    at: Cursor
    """Says where the line begins."""
    receipted: int
    decisions: int
    made: int
    """How many superseding verdicts there are of this life."""


def receipts(core: Core, tx: Tx, nodes: Sequence[Heard]) -> list[tuple[Signed, ...]]:
    """What each has not stored yet: first verdicts in seq order, then superseding ones."""
    if not nodes:
        return []
    return [
        (*first, *later)
        for first, later in zip(
            _first_receipts(core, tx, nodes), _superseding_receipts(core, tx, nodes), strict=True
        )
    ]


def _first_receipts(core: Core, tx: Tx, nodes: Sequence[Heard]) -> Iterator[list[Signed]]:
    behind = [max(one.receipted, one.at.base) for one in nodes]
    rows = _of_each(
        tx,
        "SELECT {place} AS place, seq AS n, digest, outcome, reason, bearer, paid, posting, kind"
        " FROM record WHERE municipality=? AND node=? AND epoch=? AND branch=?"
        " AND seq>? AND seq<=?",
        [
            (*one.at.line, after, after + MOST_VERDICTS)
            for one, after in zip(nodes, behind, strict=True)
        ],
    )
    for one, after, of in zip(nodes, behind, rows, strict=True):
        verdicts = _first_verdicts(core, tx, one.at.line, after, of)
        yield [_signed(core, one.at.line, tuple(verdicts), 0)] if verdicts else []


def _superseding_receipts(core: Core, tx: Tx, nodes: Sequence[Heard]) -> Iterator[list[Signed]]:
    behind = [one for one in nodes if one.decisions < one.made]
    found = _of_each(
        tx,
        "SELECT {place} AS place, n, branch, seq, verdict FROM decision"
        " WHERE municipality=? AND node=? AND epoch=? AND n>? AND n<=?",
        [(*one.at.line[:3], one.decisions, one.decisions + MOST_DECISIONS) for one in behind],
    )
    rows = dict(zip(behind, found, strict=True))
    for one in nodes:
        receipts = []
        for _, n, branch, seq, data in rows.get(one, ()):
            own = one.at.line._replace(branch=branch)
            verdict = read(data, Verdict)
            if verdict.outcome is not Outcome.QUARANTINED:
                verdict = _with_tickets(tx, own, seq, verdict)
            receipts.append(_signed(core, own, (verdict,), n))
        yield receipts


def _of_each(tx: Tx, sql: str, asked_for: Sequence[Sequence[object]]) -> list[list[Row]]:
    """What is found for each, in the order of ``n``; each row begins with its place."""
    if not asked_for:
        return []
    told, values = each(sql, asked_for)
    rows = sorted(tx.rows(told, values), key=itemgetter(0, 1))  # they mostly come so
    found = {place: list(some) for place, some in groupby(rows, key=itemgetter(0))}
    return [found.get(place, []) for place in range(len(asked_for))]


def _first_verdicts(core: Core, tx: Tx, line: Line, after: int, rows: list[Row]) -> list[Verdict]:
    if not rows:
        return []
    if rows[-1][1] != after + len(rows):  # one waits for another town
        ready = takewhile(lambda at: at[1][1] == at[0], enumerate(rows, after + 1))
        rows = [row for _, row in ready]
    verdicts = msgspec.convert([row[1:-1] for row in rows], laid_out(list[Verdict]))
    for at in [at for at, row in enumerate(rows) if row[-1] == "ticket.issued"]:
        if verdicts[at].outcome is not Outcome.QUARANTINED:
            verdicts[at] = _with_tickets(tx, line, verdicts[at].seq, verdicts[at])
    bad = [verdict.seq for verdict in verdicts if verdict.reason == Proof.BAD_SIGNATURE]
    for seq, opened in opened_evidence(core, tx, line, bad).items():
        at = seq - after - 1
        verdicts[at] = structs.replace(verdicts[at], opened=opened)
    return verdicts


def _with_tickets(tx: Tx, line: Line, seq: int, verdict: Verdict) -> Verdict:
    """Only now do signed tickets leave: their points have been taken."""
    try:
        record = decode(kept(tx, line, seq - 1, seq)[0].data)
    except Malformed:
        return verdict
    body = record.body
    if not isinstance(body, TicketIssued):
        return verdict
    signed = tuple(_ticket_bytes(tx, body.municipality, ticket.number) for ticket in body.tickets)
    return Verdict(
        verdict.seq,
        verdict.digest,
        verdict.outcome,
        verdict.reason,
        verdict.bearer,
        verdict.paid,
        verdict.posting,
        tickets=signed,
    )


def _ticket_bytes(tx: Tx, town: str, number: str) -> bytes:
    found = tx.scalar(
        "SELECT signed FROM ticket WHERE municipality=:town AND number=:number",
        town=town,
        number=number,
    )
    if found is None:
        raise Damaged(f"a posted issue names ticket {number}, which is not there")
    return bytes(found)


def _signed(core: Core, line: Line, verdicts: tuple[Verdict, ...], decision: int) -> Signed:
    receipt = Receipt(
        str(core.incarnation), line.node, line.epoch, core.clock.now(), verdicts, decision
    )
    return seal_with(core.keys.signing, "receipt", write(receipt))
