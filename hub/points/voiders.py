"""What the node that voided a ticket hears later: somebody redeemed it, or a copy of it, after all.

Its record gets another verdict by a second receipt; of what was taken back it gets the first again.
"""

from hub.points.books import Books, Source
from hub.points.case import Judgement, applied, exception, line_of
from hub.points.superseding import supersede
from sync.receipt import Bearer, Outcome

REDEEMED_MEANWHILE = "redeemed-meanwhile"
"""A lost ticket that somebody redeemed before every counter knew: no points came back."""
COPY_TURNED_UP = "copy-turned-up"
"""A copy was redeemed of a ticket whose paper is at the node that voided it."""


def redeemed_meanwhile(books: Books, voided_by: str) -> None:
    """Somebody had the paper that was said to be lost: nothing comes back."""
    _tell(books, voided_by, exception(REDEEMED_MEANWHILE, Bearer.NOBODY))


def copy_turned_up(books: Books, voided_by: str) -> None:
    """Somebody redeemed a copy of the paper that was handed in there."""
    _tell(books, voided_by, exception(COPY_TURNED_UP, Bearer.NOBODY))


def void_goes_on(books: Books, voided_by: str) -> None:
    """The redemption was taken back: the void stands as it stood."""
    _tell(books, voided_by, applied())


def _tell(books: Books, voided_by: str, judgement: Judgement) -> None:
    """Give a void another verdict, unless it has that one already."""
    source = Source.read(voided_by)
    books.write_rows()
    row = books.tx.rows(
        "SELECT outcome, reason FROM record WHERE municipality=? AND node=? AND epoch=?"
        " AND branch=? AND seq=?",
        [*line_of(source), source.seq],
    )[0]
    if row != (judgement.outcome, judgement.reason) and row[0] != Outcome.QUARANTINED:
        supersede(books, source, judgement)
