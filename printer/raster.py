"""Blocks as a 1-bit picture, one dot of paper a pixel: 384 (58 mm paper), 512 or 576 dots (80 mm).

The picture is the same on every machine: the font is bundled, letters are placed by Pillow's basic
layout, and grey edges are cut at one fixed threshold. A letter that the font lacks is drawn as the
geta mark 〓, the printer's sign for a missing letter, so that it is seen and nothing shifts.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from printer.compose import lay_out
from printer.documents import Document
from printer.errors import BadDocument
from printer.layout import (
    LEGEND,
    NORMAL,
    QR,
    ROW_GAP,
    SMALL,
    Block,
    Columns,
    Figure,
    Frame,
    Measure,
    Row,
    Rule,
    Space,
    Stamps,
    Text,
    Upright,
)
from printer.qr import BORDER, plan

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

WIDTHS = (384, 512, 576)
MARGIN = 6
"""White at both sides: a paper that runs a little askew still shows every letter."""
GETA = "〓"

_FONTS = Path(__file__).parent / "fonts"
_INK = 0
_PAPER = 255
_THRESHOLD = 140  # above half: thermal heads print thin strokes thinner than they are drawn
_DASH, _DASH_PERIOD = 8, 14
_LINE = 1.3  # from line to line, in sizes


def render(document: Document, width: int) -> "Image.Image":
    """A document as a picture (mode "1", black on white), ``width`` dots wide.

    Raises :class:`BadDocument` if ``width`` is not one of :data:`WIDTHS` or the QR is too long.
    """
    require_width(width)
    return draw(lay_out(document, width - 2 * MARGIN, measure), width)


def require_width(width: int) -> None:
    """Raises :class:`BadDocument` if a width is not one of :data:`WIDTHS`."""
    if width not in WIDTHS:
        raise BadDocument(f"Paper is {', '.join(map(str, WIDTHS))} dots wide, not {width}.")


def render_png(document: Document, width: int) -> bytes:
    """A document as a PNG, to be looked at on a screen or kept as a snapshot."""
    png = BytesIO()
    render(document, width).save(png, format="PNG", optimize=True)
    return png.getvalue()


def draw(blocks: tuple[Block, ...], width: int) -> "Image.Image":
    """Draw blocks that were laid out for ``width`` without its margins."""
    from PIL import Image, ImageDraw

    room = width - 2 * MARGIN
    grey = Image.new("L", (width, height_of(blocks, room) + 2 * MARGIN), _PAPER)
    paint(ImageDraw.Draw(grey), blocks, left=MARGIN, top=MARGIN, room=room)
    return in_black(grey)


def in_black(grey: "Image.Image") -> "Image.Image":
    """The picture in black and white, cut at the threshold."""
    from PIL import Image

    return grey.point(lambda light: 255 * (light > _THRESHOLD)).convert(
        "1", dither=Image.Dither.NONE
    )


def height_of(blocks: tuple[Block, ...], room: int) -> int:
    """How many dots high the blocks are."""
    return sum(_height(block, room) for block in blocks)


def paint(
    canvas: "ImageDraw.ImageDraw",
    blocks: tuple[Block, ...],
    *,
    left: int,
    top: int,
    room: int,
    scale: int = 1,
) -> None:
    """Draw blocks that were laid out for ``room`` dots; ``scale`` pixels a dot."""
    pen = _Pen(canvas=canvas, left=left, width=room, scale=scale)
    for block in blocks:
        height = _height(block, room)
        pen.draw(block, top, height)
        top += height


def measure_at(scale: int) -> Measure:
    """How many dots wide a text is where each dot is drawn with ``scale`` pixels."""
    if scale == 1:
        return measure
    return lambda text, size, bold: -(-measure(text, size * scale, bold) // scale)


def measure(text: str, size: int, bold: bool) -> int:
    """How many dots wide a text is; see :data:`printer.layout.Measure`."""
    return -int(-_font(size, bold=bold).getlength(drawable(text)) // 1)


def drawable(text: str) -> str:
    """The text as it is drawn: composed, without controls, 〓 for what the font lacks."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        letter if has_glyph(letter) else GETA
        for letter in composed
        # Controls and format signs draw nothing; a variation selector leaves its base letter.
        if unicodedata.category(letter) not in ("Cc", "Cf", "Mn")
    )


@lru_cache(maxsize=8192)
def has_glyph(letter: str) -> bool:
    """Whether the bundled fonts can draw a letter."""
    font = _font(NORMAL, bold=False)
    missing = font.getmask("\uffff")  # a noncharacter, which no font has
    drawn = font.getmask(letter)
    return (drawn.size, bytes(drawn)) != (missing.size, bytes(missing))


def _height(block: Block, room: int) -> int:
    match block:
        case Text() | Row():
            return int(block.size * _LINE) + (6 if isinstance(block, Text) and block.inverse else 0)
        case Figure():
            return int(block.size * 1.2)
        case Rule():
            return 2
        case Space():
            return block.dots
        case Upright():
            return block.height
        case Frame():
            return LEGEND // 2 + block.height
        case Columns():
            right = room - block.split - ROW_GAP
            return max(height_of(block.left, block.split), height_of(block.right, right))
        case QR():
            return plan(block.text, room).side
        case Stamps():
            raise TypeError("stamps are drawn after they were fitted to the paper")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pen:
    """Draws one block after the other into a column of paper. Lengths are dots, not pixels."""

    canvas: "ImageDraw.ImageDraw"
    left: int
    width: int
    scale: int

    def draw(self, block: Block, top: int, height: int) -> None:
        middle = top + height // 2
        match block:
            case Text():
                self._text(block, top, height)
            case Row():
                self._words(block.left, self.left, middle, block.size, bold=block.bold)
                left = self.left + self.width - self._across(block.right, block.size, block.bold)
                self._words(block.right, left, middle, block.size, bold=block.bold)
            case Figure():
                self._figure(block, top)
            case Rule():
                self._rule(block, top)
            case Upright():
                self._upright(block, top)
            case Frame():
                self._frame(block, top)
            case Columns():
                self._columns(block, top)
            case QR():
                self._qr(block, top)
            case Space() | Stamps():
                pass

    def _text(self, text: Text, top: int, height: int) -> None:
        spare = self.width - self._across(text.text, text.size, text.bold)
        left = self.left + {"left": 0, "centre": spare // 2, "right": spare}[text.align]
        ink = _INK
        if text.inverse:
            self._box(self.left - MARGIN, top, self.width + 2 * MARGIN, height)
            ink = _PAPER
        middle = top + height // 2
        self._words(text.text, left, middle, text.size, bold=text.bold, ink=ink)

    def _figure(self, figure: Figure, top: int) -> None:
        number = self._across(figure.number, figure.size, True)
        gap = figure.size // 6
        unit = self._across(figure.unit, figure.unit_size, True)
        left = self.left + (self.width - number - gap - unit) // 2
        base = top + int(figure.size * 0.97)  # a comma reaches 0.21 below it
        self._letters(figure.number, left, base, figure.size, bold=True)
        self._letters(figure.unit, left + number + gap, base, figure.unit_size, bold=True)

    def _rule(self, rule: Rule, top: int) -> None:
        dash, period = (_DASH, _DASH_PERIOD) if rule.dashed else (self.width, self.width)
        for at in range(0, self.width, period):
            self._box(self.left + at, top, min(dash, self.width - at), 2)

    def _upright(self, line: Upright, top: int) -> None:
        for at in range(0, line.height, _DASH_PERIOD):
            self._box(self.left, top + at, 2, min(_DASH, line.height - at))

    def _frame(self, frame: Frame, top: int) -> None:
        """A box whose upper edge runs through the middle of its label."""
        edge, wide = top + LEGEND // 2, frame.width or self.width
        for x, y, w, h in (
            (self.left, edge, wide, 2),
            (self.left, edge + frame.height - 2, wide, 2),
            (self.left, edge, 2, frame.height),
            (self.left + wide - 2, edge, 2, frame.height),
        ):
            self._box(x, y, w, h)
        label = self._across(frame.label, SMALL, False)
        self._box(self.left + 8, edge, label + 8, 2, ink=_PAPER)
        self._words(frame.label, self.left + 12, edge, SMALL, bold=False)

    def _columns(self, columns: Columns, top: int) -> None:
        right = columns.split + ROW_GAP
        for blocks, left, room in (
            (columns.left, self.left, columns.split),
            (columns.right, self.left + right, self.width - right),
        ):
            paint(self.canvas, blocks, left=left, top=top, room=room, scale=self.scale)

    def _qr(self, qr: QR, top: int) -> None:
        code = plan(qr.text, self.width)
        left = self.left + (self.width - len(code.matrix) * code.dots) // 2
        for y, row in enumerate(code.matrix):
            for x, dark in enumerate(row):
                if dark:
                    down = top + (y + BORDER) * code.dots
                    self._box(left + x * code.dots, down, code.dots, code.dots)

    @property
    def _across(self) -> Measure:
        return measure_at(self.scale)

    def _words(
        self, text: str, left: int, middle: int, size: int, *, bold: bool, ink: int = _INK
    ) -> None:
        """Write one line; full-width letters stand centred on ``middle``."""
        base = middle + int(size * 0.38)  # an ideograph reaches from 0.88 above to 0.12 below
        self._letters(text, left, base, size, bold=bold, ink=ink)

    def _letters(
        self, text: str, left: int, base: int, size: int, *, bold: bool, ink: int = _INK
    ) -> None:
        """Write one line; its letters stand on ``base``."""
        font = _font(size * self.scale, bold=bold)
        at = left * self.scale, base * self.scale
        self.canvas.text(at, drawable(text), fill=ink, font=font, anchor="ls")

    def _box(self, left: int, top: int, wide: int, high: int, *, ink: int = _INK) -> None:
        """Fill a rectangle."""
        scale = self.scale
        corner = (left + wide) * scale - 1, (top + high) * scale - 1
        self.canvas.rectangle((left * scale, top * scale, *corner), fill=ink)


@lru_cache(maxsize=64)
def _font(size: int, *, bold: bool) -> "ImageFont.FreeTypeFont":
    from PIL import ImageFont

    name = "NotoSansJP-Bold.otf" if bold else "NotoSansJP-Regular.otf"
    return ImageFont.truetype(_FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)
