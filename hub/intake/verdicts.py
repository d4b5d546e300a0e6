"""Writing verdicts down, and signing receipts."""

from itertools import takewhile

import msgspec
from msgspec import structs

from hub.core import Core
from hub.intake.lines import Cursor, kept
from hub.intake.opening import opened_evidence
from hub.points.case import Line, Proof
from hub.store.database import Tx
from sync.errors import Damaged, Malformed
from sync.receipt import Outcome, Receipt, Verdict
from sync.records import TicketIssued, decode
from sync.signing import Signed, seal_with
from sync.wire import laid_out, read, write

MOST_VERDICTS = 512
"""Verdicts in one receipt."""


def receipts(core: Core, tx: Tx, at: Cursor, receipted: int, decisions: int) -> list[Signed]:
    """What a node has not stored yet: first verdicts in seq order, then superseding ones.

    ``at`` says where its line begins.
    """
    found, line = [], at.line
    first = _first_verdicts(core, tx, line, max(receipted, at.base))
    if first:
        found.append(_signed(core, line, tuple(first), 0))
    rows = tx.rows(
        "SELECT n, branch, seq, verdict FROM decision WHERE municipality=? AND node=? AND epoch=?"
        " AND n>? ORDER BY n LIMIT 64",
        [line.home, line.node, line.epoch, decisions],
    )
    for n, branch, seq, data in rows:
        own = Line(home=line.home, node=line.node, epoch=line.epoch, branch=branch)
        verdict = read(data, Verdict)
        if verdict.outcome is not Outcome.QUARANTINED:
            verdict = _with_tickets(tx, own, seq, verdict)
        found.append(_signed(core, own, (verdict,), n))
    return found


def _first_verdicts(core: Core, tx: Tx, line: Line, after: int) -> list[Verdict]:
    rows = tx.rows(
        "SELECT seq, digest, outcome, reason, bearer, paid, posting, kind FROM record"
        " WHERE municipality=? AND node=? AND epoch=? AND branch=? AND seq>?"
        f" ORDER BY seq LIMIT {MOST_VERDICTS}",
        [line.home, line.node, line.epoch, line.branch, after],
    )
    if not rows:
        return []
    if rows[-1][0] != after + len(rows):  # one waits for another town
        ready = takewhile(lambda at: at[1][0] == at[0], enumerate(rows, after + 1))
        rows = [row for _, row in ready]
    verdicts = msgspec.convert([row[:-1] for row in rows], laid_out(list[Verdict]))
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
