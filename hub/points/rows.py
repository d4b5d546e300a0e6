"""Judged records and their transfers, as rows of their tables.

A row of what one spend came to is the same whether it was judged alone or among others.
"""

from collections.abc import Sequence

from hub.points.books import Books, Row
from hub.points.case import Case, Done, Judgement, Line
from hub.store.alike import Alike
from sync.receipt import Bearer, Outcome
from sync.records import Record, Spend, Tier
from sync.values import Digest


def row_of(case: Case, town: str, judgement: Judgement, posting: int) -> Row:
    """A judged record as a row of the table ``record``."""
    line, done = case.line, case.done or _unreadable(case)
    return (
        line.home,
        line.node,
        line.epoch,
        line.branch,
        case.seq,
        case.digest,
        done.kind,
        town,
        done.account,
        done.points,
        done.tier,
        done.at,
        str(judgement.outcome),
        judgement.reason,
        str(judgement.bearer),
        judgement.paid,
        posting,
        0 if case.record is None else int(getattr(case.record.body, "hold", 0)),
        "",
    )


def rows_of_sales(
    line: Line, first: int, digests: Sequence[Digest], records: Sequence[Record], books: Books
) -> Alike:
    """Spends that the wallets simply paid, from a place of a line on, as such rows."""
    spends = [record.body for record in records if isinstance(record.body, Spend)]
    points = [spend.points for spend in spends]
    home, node, epoch, branch = line
    return Alike(
        {
            "municipality": home,
            "node": node,
            "epoch": epoch,
            "branch": branch,
            "kind": "spend",
            "town": books.town,
            "tier": str(Tier.T2),
            "outcome": str(Outcome.APPLIED),
            "reason": "",
            "bearer": str(Bearer.NOBODY),
            "posting": books.number,
            "hold": 0,
            "undone": "",
        },
        {
            "seq": range(first, first + len(spends)),
            "digest": digests,
            "account": [spend.account for spend in spends],
            "points": points,
            "at": [record.at.ms for record in records],
            "paid": points,
        },
    )


def _unreadable(case: Case) -> Done:
    return Done(case.line.epoch, case.seq, "unreadable", "", "", 0, "", case.at, undone=False)
