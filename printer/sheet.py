"""A document as the bytes of one sheet, in pieces that are whole commands.

A block that the printer can write itself goes as letters or as its own QR code, where the profile
has them; every other one is drawn. Both kinds stand below each other on one sheet.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import get_args

from printer import escpos, letters, raster
from printer.compose import compose
from printer.documents import Document, Slip, TakingsKind
from printer.layout import QR, Block, Figure, Row, Space, Text, fit
from printer.profiles import Profile
from printer.qr import BORDER, plan

Pieces = tuple[bytes, ...]
_PIECE = 4096
_MONEY = frozenset(get_args(TakingsKind))


def sheet(
    document: Document, width: int, profile: Profile, *, drawer: datetime | None = None
) -> Pieces:
    """The bytes of a sheet, ``width`` dots wide. Raises :class:`BadDocument`.

    ``drawer``: the moment from which on slips open it; None: this shop wants that of none.
    """
    end = escpos.cut(profile.cutter)
    if drawer is not None and profile.drawer and opens_drawer(document, drawer):
        end += escpos.KICK  # last: where no paper came, the drawer stays shut as well
    raster.require_width(width)
    if not profile.kanji and not profile.qr:
        drawn = escpos.bands(raster.render(document, width))
        return (escpos.START, *drawn, end)
    pieces = (escpos.START + escpos.DOTS, *_mixed(compose(document), width, profile), end)
    return tuple(_gathered(pieces))


def opens_drawer(document: Document, since: datetime) -> bool:
    """Whether money may move at the counter because of it, now.

    Not for a ticket that is taken out of use, a reprint, or a slip that waited for paper or is
    printed once more after a doubt: nobody may be at the drawer by then.
    """
    return (
        isinstance(document, Slip)
        and document.kind in _MONEY
        and document.at >= since
        and not document.reprints
        and not document.training
    )


def _mixed(blocks: Iterable[Block], width: int, profile: Profile) -> Iterator[bytes]:
    """Written and drawn pieces in their order; neighbours that are drawn make one picture."""
    drawn: list[Block] = []
    for block in blocks:
        piece = _written(block, width, profile)
        if piece is None:
            drawn.append(block)
            continue
        yield from _drawn(drawn, width)
        drawn = []
        yield piece
    yield from _drawn(drawn, width)


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Fewer pieces: the printer is asked between them how it stands."""
    gathered = b""
    for piece in pieces:
        gathered += piece
        if len(gathered) >= _PIECE:
            yield gathered
            gathered = b""
    if gathered:
        yield gathered


def _drawn(blocks: list[Block], width: int) -> Iterator[bytes]:
    if blocks:
        fitted = fit(blocks, width - 2 * raster.MARGIN, raster.measure)
        yield from escpos.bands(raster.draw(fitted, width))


def _written(block: Block, width: int, profile: Profile) -> bytes | None:
    """The block in the printer's own means; None where it has to be drawn."""
    if isinstance(block, Space):
        return escpos.feed(block.dots)
    if isinstance(block, QR):
        return _own_qr(block, width) if profile.qr else None
    if not profile.kanji:
        return None
    columns = width // letters.CELL
    parts = [
        _line(line, columns) for line in fit((block,), columns * letters.CELL, letters.measure)
    ]
    if None in parts:
        return None
    lines = b"".join(part for part in parts if part is not None)
    return escpos.KANJI_ON + lines + escpos.letters(1, 1) + escpos.KANJI_OFF


def _line(block: Block, columns: int) -> bytes | None:
    match block:
        case Text():
            return _text(block, columns)
        case Row():
            return _row(block, columns)
        case Figure():
            return _figure(block)
        case _:
            return None


def _text(line: Text, columns: int) -> bytes | None:
    words = letters.encoded(line.text)
    if words is None:
        return None
    wide, high = letters.scale(line.size)
    look = escpos.letters(wide, high, bold=line.bold, inverse=line.inverse)
    if not line.inverse:
        return escpos.align(line.align) + look + words + b"\n"
    # The bar reaches over the whole line, so the white at both sides is written too.
    spare = columns // wide - letters.cells(line.text)
    left = {"left": 0, "centre": spare // 2, "right": spare}[line.align]
    return escpos.align("left") + look + b" " * left + words + b" " * (spare - left) + b"\n"


def _row(row: Row, columns: int) -> bytes | None:
    left, right = letters.encoded(row.left), letters.encoded(row.right)
    wide, high = letters.scale(row.size)
    gap = columns // wide - letters.cells(row.left) - letters.cells(row.right)
    if left is None or right is None or gap < 1:
        return None
    look = escpos.letters(wide, high, bold=row.bold)
    return escpos.align("left") + look + left + b" " * gap + right + b"\n"


def _figure(figure: Figure) -> bytes | None:
    number, unit = letters.encoded(figure.number), letters.encoded(figure.unit)
    if number is None or unit is None:
        return None
    return b"".join(
        (
            escpos.align("centre"),
            escpos.letters(*letters.scale(figure.size), bold=True) + number,
            escpos.letters(*letters.scale(figure.unit_size), bold=True) + b" " + unit,
            b"\n",
        )
    )


def _own_qr(block: QR, width: int) -> bytes:
    """The printer chooses how it packs the letters: the code must fit even as bytes."""
    code = plan(block.text, width, "bytes")
    white = escpos.feed(BORDER * code.dots)
    own = escpos.qr(block.text, code.dots, code.level)
    return escpos.align("centre") + white + own + white + escpos.align("left")
