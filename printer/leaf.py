"""A ticket on an office printer's page: the leaf that is used, and what stands around it on A4.

The same words as on receipt paper (:mod:`printer.compose`), in two columns: a leaf of A6 is to be
seen at once, like a banknote. Pure; :mod:`printer.page` fits and places the blocks.
"""

from collections.abc import Iterator

from printer.compose import amount_of, both_days, issued, marks, terms, where_used
from printer.documents import Ticket
from printer.layout import (
    FIGURES,
    LARGE,
    NORMAL,
    QR,
    SMALL,
    TITLE,
    Block,
    Columns,
    Row,
    Rule,
    Space,
    Stamps,
    Text,
)
from printer.words import Word, aloud

FIGURE_SIZES = tuple(size for size in FIGURES if size >= 2 * NORMAL)
"""Heights that the amount may take on a leaf, the largest first."""
_CODE = 47
"""Millimetres of the left column, which the code is in."""


def leaf(ticket: Ticket, figure: int, mm: int) -> tuple[Block, ...]:
    """What is handed over: all that a shop and a resident have to know.

    ``figure`` is the most the amount may take, ``mm`` the dots a millimetre.
    """
    return tuple(_leaf(ticket, figure, mm))


def _leaf(ticket: Ticket, figure: int, mm: int) -> Iterator[Block]:
    language = ticket.language
    said = "\u3000".join(block.text for block in marks(ticket) if isinstance(block, Text))
    if said:
        yield Text(text=said, align="centre", bold=True, inverse=True)
    yield Row(left=ticket.town, right=Word.TICKET.say(language), size=TITLE, bold=True)
    yield Space(dots=4)
    yield Rule()
    yield Space(dots=8)
    yield Text(text=ticket.point_name, size=LARGE, align="centre")
    yield amount_of(ticket, figure)
    yield Space(dots=12)
    yield Text(text=Word.VALID.say(language), align="centre", bold=True, inverse=True)
    yield Space(dots=4)
    yield Text(text=both_days(ticket), size=LARGE, align="centre", bold=True)
    if ticket.valid_from != ticket.valid_until:
        yield Text(text=Word.BOTH_INCLUDED.say(language), size=SMALL, align="centre")
    yield Space(dots=8)
    beside = (
        Space(dots=16),
        Text(text=Word.TICKET_NUMBER.say(language), size=SMALL),
        Text(text=aloud(ticket.number), size=LARGE, bold=True),
        Space(dots=8),
        *where_used(ticket),
        Space(dots=8),
        *terms(ticket),
        Space(dots=8),
        *issued(ticket),
    )
    yield Columns(left=(QR(text=ticket.qr),), right=beside, split=_CODE * mm)
    yield Space(dots=8)
    yield Stamps(issuer=Word.ISSUE_STAMP.say(language), shop=Word.SHOP_STAMP.say(language), mm=mm)


def stub(ticket: Ticket) -> tuple[Block, ...]:
    """What the resident keeps: it is worth nothing, and helps to find a lost ticket."""
    language = ticket.language
    return (
        *marks(ticket),
        Text(text=Word.STUB.say(language), size=TITLE, bold=True),
        Text(text=Word.STUB_WORTH.say(language)),
        Space(dots=8),
        Rule(),
        Space(dots=16),
        Text(text=f"{ticket.town} {ticket.point_name}", size=LARGE),
        amount_of(ticket, 120),
        Space(dots=16),
        Text(text=Word.VALID.say(language), size=SMALL),
        Text(text=both_days(ticket), size=LARGE, bold=True),
        Space(dots=16),
        Text(text=Word.TICKET_NUMBER.say(language), size=SMALL),
        Text(text=aloud(ticket.number), size=TITLE, bold=True),
        Space(dots=16),
        Text(text=Word.STUB_LOST.say(language), size=LARGE),
        Space(dots=16),
        *issued(ticket),
    )


def usage(ticket: Ticket) -> tuple[Block, ...]:
    """How to use it, step by step."""
    language = ticket.language
    steps = (Word.USE_CUT, Word.USE_HAND, Word.USE_KEEP)
    return (
        Text(text=Word.USE_TITLE.say(language), size=LARGE, bold=True),
        Space(dots=8),
        *(
            Text(text=Word.STEP.say(language, number=str(number), words=step.say(language)))
            for number, step in enumerate(steps, 1)
        ),
    )
