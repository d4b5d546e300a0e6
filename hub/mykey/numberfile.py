"""A file of service numbers, as an organisation's own program exports it.

CSV with two columns, MyKey ID and number; a heading is passed over. Each line that cannot be right
is named with what is wrong, the others are read all the same, so that one look shows all there is
to mend.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hub.csvfile import NotCsv, rows_of, text_of
from sync.errors import Malformed
from sync.services import ServiceNumber, service_number
from sync.values import MyKeyId, half_width, mykey_id

_HEADINGS = frozenset({"mykeyid", "マイキーid", "mykey", "マイキー"})
_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One person's number."""

    line: int
    """From 1, the heading included, as a spreadsheet shows it."""
    mykey_id: MyKeyId
    number: ServiceNumber


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be loaded, and why."""

    line: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFile:
    """What a file says: no ID and no number stands twice in its rows."""

    rows: tuple[Row, ...]
    bad: tuple[BadLine, ...]


def read_numbers(data: bytes) -> NumberFile:
    """Read a file; raises Malformed where it is none (no text, nothing in it)."""
    text = text_of(data)
    if text is None:
        raise Malformed("this is no text in UTF-8 or CP932: save it as CSV again")
    rows: list[Row] = []
    bad: list[BadLine] = []
    names: dict[MyKeyId, int] = {}
    numbers: dict[ServiceNumber, int] = {}
    for found in _lines(text):
        if isinstance(found, BadLine):
            bad.append(found)
        elif found.mykey_id in names:
            bad.append(_twice(found.line, found.mykey_id, names[found.mykey_id]))
        elif found.number in numbers:
            bad.append(_twice(found.line, found.number, numbers[found.number]))
        else:
            names[found.mykey_id] = numbers[found.number] = found.line
            rows.append(found)
    if not rows and not bad:
        raise Malformed("there is no number in this file: it has two columns, MyKey ID and number")
    return NumberFile(rows=tuple(rows), bad=tuple(bad))


def _lines(text: str) -> Iterator[Row | BadLine]:
    try:
        for place, (line, cells) in enumerate(rows_of(text)):
            if place or not _is_heading(cells):
                yield _row(line, [cell.strip() for cell in cells])
    except NotCsv as error:
        yield BadLine(error.row, f"{error}; nothing behind it was read")


def _is_heading(cells: list[str]) -> bool:
    first = half_width(cells[0]).casefold()
    return "".join(sign for sign in first if sign.isalnum() or sign == "ー") in _HEADINGS


def _row(line: int, cells: list[str]) -> Row | BadLine:
    while len(cells) > _COLUMNS and not cells[-1]:
        cells = cells[:-1]  # spreadsheets write empty columns behind the last one
    if len(cells) != _COLUMNS:
        return BadLine(line, f"there are {len(cells)} columns, not MyKey ID and number")
    try:
        return Row(line, mykey_id(cells[0]), service_number(cells[1]))
    except Malformed as error:
        return BadLine(line, str(error))


def _twice(line: int, what: str, first: int) -> BadLine:
    return BadLine(line, f"{what} stood in line {first} already")
