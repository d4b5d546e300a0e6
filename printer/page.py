"""A document as pages of A6 or A4, for a printer of the office: a PDF.

The pages are pictures: what receipt paper shows is drawn once more, three pixels for each of its
dots (610 dpi), so that letters and the code stay crisp, and packed as a fax (CCITT group 4) by
Pillow, which is here anyway. Vector text would make a smaller file, but needs a second way to
place every line, and libraries that either draw no OpenType font of this kind or bring a browser.

* A6 holds a ticket in two columns, and everything else one under the other, on as many pages as
  it needs.
* A4 is A6 twice as large; but a ticket stands on it in A6, with lines to cut along, a stub that
  the resident keeps, and how to use it in large letters below.

The same document gives the same bytes: the file's date is the document's.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Literal

from printer.compose import compose
from printer.documents import ClearingReceipt, Document, Slip, Ticket, TrialSheet, ZReport
from printer.errors import BadDocument
from printer.layout import MM, SMALL, Block, Rule, Space, Text, Upright, fit
from printer.leaf import FIGURE_SIZES, leaf, stub, usage
from printer.raster import height_of, in_black, measure_at, paint
from printer.words import Word, title

if TYPE_CHECKING:
    from PIL import Image

Paper = Literal["a6", "a4"]

PIXELS = 3
"""Pixels a dot."""
DPI = 25.4 * MM * PIXELS
_MARGIN = 6 * MM
"""What no office printer prints on."""
_SIZES: dict[Paper, tuple[int, int]] = {"a6": (105 * MM, 148 * MM), "a4": (210 * MM, 297 * MM)}
"""ISO 216, in dots."""
_WIDE, _HIGH = _SIZES["a6"]
_ROOM = _WIDE - 2 * _MARGIN
_NUMBERED = 40
"""What the page's number takes where there are several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Blocks with their place on a page: ``scale`` pixels a dot, ``left`` and ``top`` in those."""

    blocks: tuple[Block, ...]
    left: int
    top: int
    room: int
    scale: int


def to_pdf(document: Document, paper: Paper) -> bytes:
    """The document as a PDF of pages of that size."""
    first, *more = pages(document, paper)
    made = time.gmtime(_moment(document))
    pdf = BytesIO()
    first.save(
        pdf,
        format="PDF",
        save_all=True,
        append_images=more,
        resolution=DPI,
        title=title(document),
        creationDate=made,
        modDate=made,
    )
    return pdf.getvalue()


def pages(document: Document, paper: Paper) -> "list[Image.Image]":
    """The pages as pictures in black and white, :data:`DPI` dots an inch."""
    if isinstance(document, Ticket):
        parts = [_ticket(document, paper)]
    else:
        scale = PIXELS if paper == "a6" else 2 * PIXELS
        parts = [
            [_Part(blocks=blocks, left=_MARGIN, top=_MARGIN, room=_ROOM, scale=scale)]
            for blocks in _paged(document, scale)
        ]
    return [_draw(page, paper) for page in parts]


def _draw(parts: list[_Part], paper: Paper) -> "Image.Image":
    from PIL import Image, ImageDraw

    wide, high = _SIZES[paper]
    grey = Image.new("L", (wide * PIXELS, high * PIXELS), 255)
    canvas = ImageDraw.Draw(grey)
    for part in parts:
        paint(canvas, part.blocks, left=part.left, top=part.top, room=part.room, scale=part.scale)
    return in_black(grey)


def _ticket(ticket: Ticket, paper: Paper) -> list[_Part]:
    parts = [_leaf(ticket)]
    if paper == "a4":
        parts += _around(ticket)
    return parts


def _leaf(ticket: Ticket) -> _Part:
    """The ticket on one leaf of A6: a smaller amount, then smaller letters, until it fits."""
    for scale in (PIXELS, PIXELS - 1):
        margin, room, depth, mm = (
            length * PIXELS // scale for length in (_MARGIN, _ROOM, _HIGH - 2 * _MARGIN, MM)
        )
        for size in FIGURE_SIZES:
            blocks = fit(leaf(ticket, size, mm), room, measure_at(scale))
            if height_of(blocks, room) <= depth:
                return _Part(blocks=blocks, left=margin, top=margin, room=room, scale=scale)
    raise BadDocument("This ticket names more than one leaf of A6 can hold: use receipt paper.")


def _around(ticket: Ticket) -> tuple[_Part, ...]:
    """On A4: the lines to cut along, the stub at the right, how to use it below in large type."""
    large = 2 * PIXELS
    cut = Text(text=Word.CUT_HERE.say(ticket.language), size=SMALL, align="right")
    across = fit((Rule(dashed=True), cut), _ROOM, measure_at(PIXELS))
    aside = fit(stub(ticket), _ROOM, measure_at(PIXELS))
    below = fit(usage(ticket), _ROOM, measure_at(large))
    down = (Upright(height=_HIGH),)
    return (
        _Part(blocks=across, left=_MARGIN, top=_HIGH, room=_ROOM, scale=PIXELS),
        _Part(blocks=down, left=_WIDE, top=0, room=0, scale=PIXELS),
        _Part(blocks=aside, left=_WIDE + _MARGIN, top=_MARGIN, room=_ROOM, scale=PIXELS),
        _Part(blocks=below, left=_MARGIN, top=(_HIGH + _MARGIN) // 2, room=_ROOM, scale=large),
    )


def _paged(document: Document, scale: int) -> list[tuple[Block, ...]]:
    """The document's blocks on as many pages as it needs, numbered where there are several."""
    blocks = fit(compose(document), _ROOM, measure_at(scale))
    depth = _HIGH - 2 * _MARGIN
    if height_of(blocks, _ROOM) <= depth:
        return [blocks]
    depth -= _NUMBERED
    found: list[list[Block]] = [[]]
    for block in blocks:
        if height_of((*found[-1], block), _ROOM) > depth:
            found.append([])
        if found[-1] or not isinstance(block, Space | Rule):  # no page begins with white
            found[-1].append(block)
    return [
        (*page, *_foot(f"{number}/{len(found)}", depth - height_of(tuple(page), _ROOM)))
        for number, page in enumerate(found, 1)
    ]


def _foot(number: str, left_over: int) -> tuple[Block, ...]:
    return Space(dots=left_over), Text(text=number, size=SMALL, align="centre")


def _moment(document: Document) -> float:
    """Seconds since 1970: the document's own time, so that the file needs no clock."""
    match document:
        case Ticket():
            return datetime.combine(document.issued_on, datetime.min.time(), UTC).timestamp()
        case Slip() | TrialSheet():
            return document.at.timestamp()
        case ZReport() | ClearingReceipt():
            return document.closed.timestamp()
