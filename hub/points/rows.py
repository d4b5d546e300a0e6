"""Judged records and their transfers, as rows of their tables.

A row of what one spend came to is the same whether it was judged alone or among others.
"""

from collections.abc import Sequence
from itertools import count

from hub.points.books import Books, Row
from hub.points.case import Case, Done, Judgement, Line
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
) -> list[Row]:
    """Spends that the wallets simply paid, from a place of a line on, as such rows."""
    key, town = tuple(line), books.town
    verdict = (str(Outcome.APPLIED), "", str(Bearer.NOBODY))
    tier, number = str(Tier.T2), books.number
    return [
        (
            *key,
            seq,
            name,
            "spend",
            town,
            body.account,
            body.points,
            tier,
            record.at.ms,
            *verdict,
            body.points,
            number,
            0,
            "",
        )
        for seq, name, record in zip(count(first), digests, records)
        if isinstance(body := record.body, Spend)
    ]


def _unreadable(case: Case) -> Done:
    return Done(case.line.epoch, case.seq, "unreadable", "", "", 0, "", case.at, undone=False)
