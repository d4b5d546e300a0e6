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
FIGURES = (120, 108, 96, 84, 72, 60, 48)
"""Heights an amount may take, the largest first: the first that fits is used."""
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
    """The amount, as large as the paper lets it be, with its unit on the same line."""

    number: str
    unit: str
    size: int = FIGURES[0]

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
class StampBoxes:
    """Empty boxes side by side, each saying whose stamp goes there."""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """White."""

    dots: int


Block = Text | Row | Figure | Rule | QR | StampBoxes | Space


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
        case _:
            yield block


def _fit_figure(figure: Figure, width: int, measure: Measure) -> Iterator[Block]:
    # White at both sides, as wide as a letter: an amount that touches the edge looks cut off.
    room = width - 2 * NORMAL
    for size in FIGURES:
        tried = replace(figure, size=size)
        number = measure(tried.number, size, True)
        if number + size // 6 + measure(tried.unit, tried.unit_size, True) <= room:
            yield tried
            return
    size = next((s for s in FIGURES if measure(figure.number, s, True) <= room), FIGURES[-1])
    for text, size_ in ((figure.number, size), (figure.unit, LARGE)):
        line = Text(text=text, size=size_, align="centre", bold=True)
        yield from _fit(line, width, measure)
