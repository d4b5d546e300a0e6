"""The blocks a sheet is made of, from top to bottom, and how they are fitted to a width of paper.

:mod:`printer.compose` says what stands under what; :func:`fit` breaks lines and chooses sizes, so
that drawing needs no more decisions. Pure: how wide a text is, is asked of a :data:`Measure`.
Lengths are dots; receipt printers have 8 dots to the millimetre (203 dpi).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from printer.wrap import wrap

SMALL = 21
NORMAL = 25
LARGE = 32
TITLE = 46
FIGURES = (168, 144, 120, 108, 96, 84, 72, 60, 48)
"""Heights an amount may take, the largest first: the first that fits is used."""
MM = 8
"""Dots a millimetre."""
ROW_GAP = 16
"""The least space between the two ends of a row."""

Align = Literal["left", "centre", "right"]
Measure = Callable[[str, int, bool], int]
"""(text, size, bold) -> dots from the left end to the right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words. After :func:`fit` each is one line that fits."""

    text: str
    size: int = NORMAL
    align: Align = "left"
    bold: bool = False
    inverse: bool = False
    """White on a black bar over the whole width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A label at the left, a value at the right, on one line."""

    left: str
    right: str
    size: int = NORMAL
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The amount, as large as the paper lets it be, with its unit on the same line.

    ``size`` is the most it may take; after :func:`fit` it is what it takes.
    """

    number: str
    unit: str
    size: int = 120
    alone: bool = False
    """The unit may go below where that lets the number be larger."""

    @property
    def unit_size(self) -> int:
        """The unit is read second."""
        return max(NORMAL, self.size * 2 // 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A line across the paper."""

    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QR:
    """A QR code (ISO/IEC 18004) of letters of the alphanumeric mode."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """An empty box for a stamp, with whose it is written into its upper edge."""

    label: str
    height: int
    width: int | None = None
    """None: all the room there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """Where the issuer's stamp and the shop's go, and what may stand beside the first.

    :func:`fit` puts both beside each other, or one under the other where paper is narrow.
    """

    issuer: str
    shop: str
    aside: "tuple[Block, ...]" = ()
    mm: int = MM
    """Dots a millimetre here: a stamp stays as large as it is where letters are made smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """White."""

    dots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Blocks beside blocks, with :data:`ROW_GAP` between them; each column ends where it ends."""

    left: "tuple[Block, ...]"
    right: "tuple[Block, ...]"
    split: int
    """Dots that the left one has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upright:
    """A dashed line from top to bottom, to cut along."""

    height: int


Block = Text | Row | Figure | Rule | Upright | QR | Frame | Stamps | Columns | Space

_ISSUER_STAMP = 22
"""Millimetres. A seal of approval is round and 16 to 18 mm wide: 2 mm to each side for an unsteady
hand."""
_SHOP_STAMP = 25
"""A shop's stamp has two to four lines and is up to 20 mm high."""
_SHOP_STAMP_WIDE = 30
"""The least a shop's stamp needs across; it gets what there is."""
LEGEND = SMALL + 4
"""The height of the line that a frame's label stands in."""


def fit(blocks: Iterable[Block], width: int, measure: Measure) -> tuple[Block, ...]:
    """The blocks with every line at most ``width`` dots wide."""
    return tuple(line for block in blocks for line in _fit(block, width, measure))


def _fit(block: Block, width: int, measure: Measure) -> Iterator[Block]:
    match block:
        case Text():
            lines = wrap(block.text, width, lambda line: measure(line, block.size, block.bold))
            yield from (replace(block, text=line) for line in lines)
        case Row():
            ends = (measure(end, block.size, block.bold) for end in (block.left, block.right))
            if sum(ends) + ROW_GAP <= width:
                yield block
                return
            left = Text(text=block.left, size=block.size, bold=block.bold)
            yield from _fit(left, width, measure)
            yield from _fit(replace(left, text=block.right, align="right"), width, measure)
        case Figure():
            yield from _fit_figure(block, width, measure)
        case Columns():
            yield replace(
                block,
                left=fit(block.left, block.split, measure),
                right=fit(block.right, width - block.split - ROW_GAP, measure),
            )
        case Stamps():
            yield from fit(_stamps(block, width), width, measure)
        case _:
            yield block


def _stamps(stamps: Stamps, width: int) -> Iterator[Block]:
    shop = Frame(label=stamps.shop, height=_SHOP_STAMP * stamps.mm)
    split = _ISSUER_STAMP * stamps.mm
    if width - split - ROW_GAP >= _SHOP_STAMP_WIDE * stamps.mm:
        issuer = Frame(label=stamps.issuer, height=_SHOP_STAMP * stamps.mm)
        yield Columns(left=(issuer,), right=(shop,), split=split)
        yield Space(dots=12)
        yield from stamps.aside
    else:
        issuer = Frame(label=stamps.issuer, height=_ISSUER_STAMP * stamps.mm)
        yield Columns(left=(issuer,), right=(Space(dots=LEGEND), *stamps.aside), split=split)
        yield Space(dots=12)
        yield shop


def _fit_figure(figure: Figure, width: int, measure: Measure) -> Iterator[Block]:
    # White at both sides, as wide as a letter: an amount that touches the edge looks cut off.
    room = width - 2 * NORMAL
    sizes = [size for size in FIGURES if size <= figure.size]
    tried = [replace(figure, size=size) for size in sizes]
    together = next((one for one in tried if _figure_width(one, measure) <= room), None)
    size = next((s for s in sizes if measure(figure.number, s, True) <= room), FIGURES[-1])
    if together is not None and (together.size == size or not figure.alone):
        yield together
        return
    for text, size_ in ((figure.number, size), (figure.unit, LARGE)):
        line = Text(text=text, size=size_, align="centre", bold=True)
        yield from _fit(line, width, measure)


def _figure_width(figure: Figure, measure: Measure) -> int:
    number = measure(figure.number, figure.size, True)
    return number + figure.size // 6 + measure(figure.unit, figure.unit_size, True)
