"""Paper as a person sees it on a screen of letters, before the first print.

The same blocks as on paper, fitted to as many cells as the paper has columns of 12 dots; an amount
stands in full-width figures, what is white on black stays so. The code is a marked box: a module
needs half a cell, and the smallest ticket's code has more of them than any receipt has columns.
Only signs that every console draws one or two cells wide are used; lines and boxes are of ASCII.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

from printer.compose import compose
from printer.documents import Document
from printer.layout import (
    QR,
    ROW_GAP,
    Block,
    Columns,
    Figure,
    Frame,
    Row,
    Rule,
    Space,
    Stamps,
    Text,
    Upright,
    fit,
)
from printer.letters import CELL
from printer.words import Word

_WIDE_FIGURES = str.maketrans("0123456789,", "０１２３４５６７８９，")
# Signs that consoles draw one or two cells wide as they please.
_PLAIN = str.maketrans(
    {
        "\u00d7": "x",
        "\u2212": "-",
        "\u2022": "*",
        "\u00a0": " ",
        "\u2026": "...",
        "\u2190": "<-",
        "\u2192": "->",
    }
)
_LINE_OF_WHITE = 12
"""Dots of white from which on a line is left empty."""
_CODE_ROWS = 5
_STAMP_ROWS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLine:
    """One line of the screen, as many cells wide as the paper."""

    text: str
    bold: bool = False
    inverse: bool = False


def preview(document: Document, width: int) -> tuple[PaperLine, ...]:
    """The lines of a document on paper of ``width`` dots."""
    columns = width // CELL
    blocks = [_large(block) for block in compose(document)]
    fitted = fit(blocks, columns * CELL, _measure)
    code = Word.QR_CODE.say(document.language)
    return tuple(_lines(fitted, columns, code))


def cells(text: str) -> int:
    """How many cells of a console a text takes."""
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
        if not unicodedata.combining(letter)
    )


def _measure(text: str, size: int, bold: bool) -> int:  # noqa: ARG001  a layout's Measure
    return cells(_shown(text)) * CELL


def _shown(text: str) -> str:
    """The text in signs of one known width."""
    return unicodedata.normalize("NFC", text).translate(_PLAIN)


def _large(block: Block) -> Block:
    if isinstance(block, Figure):
        return replace(block, number=block.number.translate(_WIDE_FIGURES))
    return block


def _lines(blocks: Iterable[Block], columns: int, code: str) -> Iterator[PaperLine]:
    for block in blocks:
        match block:
            case Text():
                text = _aligned(block.text, columns, block.align)
                yield PaperLine(text=text, bold=block.bold, inverse=block.inverse)
            case Row():
                yield PaperLine(text=_row(block, columns), bold=block.bold)
            case Figure():
                text = _aligned(f"{block.number} {block.unit}", columns, "centre")
                yield PaperLine(text=text, bold=True)
            case Rule():
                dashes = "- " * columns if block.dashed else "-" * columns
                yield PaperLine(text=dashes[:columns])
            case Space():
                if block.dots >= _LINE_OF_WHITE:
                    yield PaperLine(text=" " * columns)
            case QR():
                yield from _box(columns, _CODE_ROWS, middle=code)
            case Frame():
                yield from _box(columns, _STAMP_ROWS, label=block.label)
            case Columns():
                yield from _beside(block, columns, code)
            case Stamps() | Upright():
                pass  # the one is fitted to frames, the other is a page's


def _aligned(text: str, columns: int, align: str) -> str:
    words = _shown(text)
    spare = max(0, columns - cells(words))
    left = {"left": 0, "centre": spare // 2, "right": spare}[align]
    return " " * left + words + " " * (spare - left)


def _row(row: Row, columns: int) -> str:
    left, right = _shown(row.left), _shown(row.right)
    return left + " " * (columns - cells(left) - cells(right)) + right


def _box(columns: int, rows: int, *, label: str = "", middle: str = "") -> Iterator[PaperLine]:
    """A frame of ASCII, its label in the upper edge or its words in the middle."""
    inside = columns - 2
    edge = _cut(_shown(label), inside)
    yield PaperLine(text="+" + edge + "-" * (inside - cells(edge)) + "+")
    for row in range(rows):
        words = middle if row == rows // 2 else ""
        yield PaperLine(text="|" + _aligned(words, inside, "centre") + "|")
    yield PaperLine(text="+" + "-" * inside + "+")


def _cut(words: str, columns: int) -> str:
    """As much of a label as has room."""
    while cells(words) > columns:
        words = words[:-1]
    return words


def _beside(block: Columns, columns: int, code: str) -> Iterator[PaperLine]:
    wide = block.split // CELL
    gap = " " * (ROW_GAP // CELL)
    rest = columns - wide - len(gap)
    left, right = _lines(block.left, wide, code), _lines(block.right, rest, code)
    white = PaperLine(text="")
    for one, other in zip_longest(left, right, fillvalue=white):
        yield PaperLine(text=(one.text or " " * wide) + gap + (other.text or " " * rest))
