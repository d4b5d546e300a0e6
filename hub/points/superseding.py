"""Giving a record another verdict; its node hears of it by a second receipt."""

from hub.points.books import Books, Source
from hub.points.case import Judgement, line_of
from hub.store import schema
from sync.receipt import Verdict
from sync.values import Digest
from sync.wire import write


def supersede(books: Books, source: Source, judgement: Judgement) -> None:
    """Replace a record's verdict, and number the superseding receipt within its epoch.

    A record that was quarantined counts as posted now; any other keeps its first posting number.
    """
    books.write_rows()
    line, tx = line_of(source), books.tx
    tx.require(line.home)
    place = {
        "home": line.home,
        "node": line.node,
        "epoch": line.epoch,
        "branch": line.branch,
        "seq": source.seq,
    }
    tx.run(
        "UPDATE record SET posting=CASE WHEN outcome='quarantined' THEN :posting ELSE posting END,"
        " outcome=:outcome, reason=:reason, bearer=:bearer, paid=:paid"
        " WHERE municipality=:home AND node=:node AND epoch=:epoch AND branch=:branch AND seq=:seq",
        outcome=judgement.outcome,
        reason=judgement.reason,
        bearer=judgement.bearer,
        paid=judgement.paid,
        posting=books.number,
        **place,
    )
    digest = tx.scalar(
        "SELECT digest FROM record WHERE municipality=:home AND node=:node AND epoch=:epoch"
        " AND branch=:branch AND seq=:seq",
        **place,
    )
    last = tx.scalar(
        "SELECT max(n) FROM decision WHERE municipality=:home AND node=:node AND epoch=:epoch",
        home=line.home,
        node=line.node,
        epoch=line.epoch,
    )
    verdict = Verdict(
        source.seq,
        Digest(bytes(digest)),
        judgement.outcome,
        judgement.reason,
        judgement.bearer,
        judgement.paid,
        books.number,
    )
    tx.insert(
        schema.decision,
        municipality=line.home,
        node=line.node,
        epoch=line.epoch,
        n=(last or 0) + 1,
        branch=line.branch,
        seq=source.seq,
        verdict=write(verdict),
    )
