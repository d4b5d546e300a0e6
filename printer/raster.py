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
    NORMAL,
    QR,
    ROW_GAP,
    SMALL,
    Block,
    Figure,
    Row,
    Rule,
    Space,
    StampBoxes,
    Text,
)

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
_LINE = 1.3  # from line to line, in sizes
_QR_BORDER = 4  # modules of white around the code, ISO/IEC 18004 section 9.1
_QR_MOST = 6  # dots a module: 0.75 mm, past which phones gain nothing
_QR_LEAST = 3  # dots a module: 0.375 mm, what hand scanners still read from thermal paper
_STAMP = 168  # 21 mm: a shop's round stamp has 18


def render(document: Document, width: int) -> "Image.Image":
    """A document as a picture (mode "1", black on white), ``width`` dots wide.

    Raises :class:`BadDocument` if ``width`` is not one of :data:`WIDTHS` or the QR is too long.
    """
    if width not in WIDTHS:
        raise BadDocument(f"Paper is {', '.join(map(str, WIDTHS))} dots wide, not {width}.")
    return draw(lay_out(document, width - 2 * MARGIN, measure), width)


def render_png(document: Document, width: int) -> bytes:
    """A document as a PNG, to be looked at on a screen or kept as a snapshot."""
    png = BytesIO()
    render(document, width).save(png, format="PNG", optimize=True)
    return png.getvalue()


def draw(blocks: tuple[Block, ...], width: int) -> "Image.Image":
    """Draw blocks that were laid out for ``width`` without its margins."""
    from PIL import Image, ImageDraw

    heights = [_height(block, width) for block in blocks]
    grey = Image.new("L", (width, sum(heights) + 2 * MARGIN), _PAPER)
    pen = _Pen(canvas=ImageDraw.Draw(grey), width=width)
    top = MARGIN
    for block, height in zip(blocks, heights, strict=True):
        pen.draw(block, top, height)
        top += height
    return grey.point(lambda light: 255 * (light > _THRESHOLD)).convert(
        "1", dither=Image.Dither.NONE
    )


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


def qr_matrix(text: str) -> list[list[bool]]:
    """The modules of a QR code without its border, error correction M, alphanumeric mode."""
    import qrcode
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.exceptions import DataOverflowError
    from qrcode.util import MODE_ALPHA_NUM, QRData

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    try:
        code.add_data(QRData(text, mode=MODE_ALPHA_NUM))
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise BadDocument(f"These {len(text)} letters fit into no QR code: {error}") from error
    return code.get_matrix()


def qr_module(modules: int, width: int) -> int:
    """Dots a module, for a code of that many modules a side on paper of that width."""
    dots = min(_QR_MOST, width // (modules + 2 * _QR_BORDER))
    if dots < _QR_LEAST:
        raise BadDocument(
            f"A QR code of {modules} modules cannot be read from paper of {width} dots: "
            "use wider paper or a shorter code."
        )
    return dots


def _height(block: Block, width: int) -> int:
    match block:
        case Text() | Row():
            return int(block.size * _LINE) + (6 if isinstance(block, Text) and block.inverse else 0)
        case Figure():
            return int(block.size * 1.15)
        case Rule():
            return 2
        case Space():
            return block.dots
        case StampBoxes():
            return _STAMP
        case QR():
            modules = len(qr_matrix(block.text))
            return (modules + 2 * _QR_BORDER) * qr_module(modules, width)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pen:
    """Draws one block after the other."""

    canvas: "ImageDraw.ImageDraw"
    width: int

    def draw(self, block: Block, top: int, height: int) -> None:
        middle = top + height // 2
        match block:
            case Text():
                self._text(block, top, height)
            case Row():
                self._words(block.left, MARGIN, middle, block.size, bold=block.bold)
                left = self.width - MARGIN - measure(block.right, block.size, block.bold)
                self._words(block.right, left, middle, block.size, bold=block.bold)
            case Figure():
                self._figure(block, top, height)
            case Rule():
                self._rule(block, top)
            case StampBoxes():
                self._stamps(block, top)
            case QR():
                self._qr(block, top)
            case Space():
                pass

    def _text(self, text: Text, top: int, height: int) -> None:
        spare = self.width - 2 * MARGIN - measure(text.text, text.size, text.bold)
        left = MARGIN + {"left": 0, "centre": spare // 2, "right": spare}[text.align]
        ink = _INK
        if text.inverse:
            self.canvas.rectangle((0, top, self.width - 1, top + height - 1), fill=_INK)
            ink = _PAPER
        middle = top + height // 2
        self._words(text.text, left, middle, text.size, bold=text.bold, ink=ink)

    def _figure(self, figure: Figure, top: int, height: int) -> None:
        number = measure(figure.number, figure.size, True)
        gap = figure.size // 6
        unit = measure(figure.unit, figure.unit_size, True)
        left = (self.width - number - gap - unit) // 2
        base = top + int(height * 0.85)
        for words, x, size in (
            (figure.number, left, figure.size),
            (figure.unit, left + number + gap, figure.unit_size),
        ):
            font = _font(size, bold=True)
            self.canvas.text((x, base), drawable(words), fill=_INK, font=font, anchor="ls")

    def _rule(self, rule: Rule, top: int) -> None:
        dash, period = (8, 14) if rule.dashed else (self.width, self.width)
        for left in range(MARGIN, self.width - MARGIN, period):
            right = min(left + dash, self.width - MARGIN) - 1
            self.canvas.rectangle((left, top, right, top + 1), fill=_INK)

    def _stamps(self, boxes: StampBoxes, top: int) -> None:
        room = self.width - 2 * MARGIN
        wide = (room - ROW_GAP * (len(boxes.labels) - 1)) // len(boxes.labels)
        for place, label in enumerate(boxes.labels):
            left = MARGIN + place * (wide + ROW_GAP)
            corners = (left, top, left + wide - 1, top + _STAMP - 1)
            self.canvas.rectangle(corners, outline=_INK, width=2)
            self._words(label, left + 10, top + SMALL, SMALL, bold=False)

    def _qr(self, qr: QR, top: int) -> None:
        matrix = qr_matrix(qr.text)
        dots = qr_module(len(matrix), self.width)
        left = (self.width - len(matrix) * dots) // 2
        for y, row in enumerate(matrix):
            for x, dark in enumerate(row):
                if dark:
                    at = left + x * dots, top + (y + _QR_BORDER) * dots
                    self.canvas.rectangle((*at, at[0] + dots - 1, at[1] + dots - 1), fill=_INK)

    def _words(
        self, text: str, left: int, middle: int, size: int, *, bold: bool, ink: int = _INK
    ) -> None:
        """Write one line; full-width letters stand centred on ``middle``."""
        base = middle + int(size * 0.38)  # an ideograph reaches from 0.88 above to 0.12 below
        font = _font(size, bold=bold)
        self.canvas.text((left, base), drawable(text), fill=ink, font=font, anchor="ls")


@lru_cache(maxsize=64)
def _font(size: int, *, bold: bool) -> "ImageFont.FreeTypeFont":
    from PIL import ImageFont

    name = "NotoSansJP-Bold.otf" if bold else "NotoSansJP-Regular.otf"
    return ImageFont.truetype(_FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)
