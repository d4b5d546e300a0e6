"""What the bank says became of a file: each line paid, or returned and why.

Ours is a CSV with the columns ``line``, ``outcome`` (paid | returned) and ``reason``; other
banks' files are read through a column map that a town sets once. The line is the one that
stands in customer code 1. A result is believed whole or not at all: every line of the file
that was sent, each exactly once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from hub.csvfile import AS_SAVED, NotCsv, rows_of, text_of
from hub.settlement.errors import ResultRefused

_LINE_DIGITS = 10  # customer code 1


class Outcome(StrEnum):
    """What became of one transfer."""

    PAID = "paid"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """The bank's word on one line of the file; ``reason`` is empty where it gives none."""

    line: int
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """How a bank's result file says the same: its headings, its words, its encoding.

    ``reason`` is None for a bank that gives none. ``encodings`` are Python's names of those that
    are tried, in this order (:mod:`hub.csvfile`).
    """

    line: str = "line"
    outcome: str = "outcome"
    reason: str | None = "reason"
    paid: frozenset[str] = frozenset({"paid"})
    returned: frozenset[str] = frozenset({"returned"})
    encodings: tuple[str, ...] = AS_SAVED

    def __post_init__(self) -> None:
        if both := self.paid & self.returned:
            raise ResultRefused(f"{sorted(both)} cannot mean both paid and returned")

    def outcome_of(self, written: str) -> Outcome | None:
        """What a bank's word means, or None."""
        if written in self.paid:
            return Outcome.PAID
        return Outcome.RETURNED if written in self.returned else None


OURS = ColumnMap()


def read_result(data: bytes, *, lines: int, columns: ColumnMap = OURS) -> tuple[LineResult, ...]:
    """Read the result of a file that had ``lines`` transfers, in the order of their lines.

    Empty rows and further columns are passed over. Raises ResultRefused with the row.
    """
    results: dict[int, LineResult] = {}
    rows: dict[int, int] = {}
    for row, result in _results(_text(data, columns.encodings), columns):
        if result.line in results:
            first = rows[result.line]
            raise ResultRefused(f"line {result.line} stood in row {first} already", row=row)
        if not 1 <= result.line <= lines:
            words = f"line {result.line} is none of the file's lines 1 to {lines}"
            raise ResultRefused(f"{words}: is this another file's result?", row=row)
        results[result.line] = result
        rows[result.line] = row
    missing = [line for line in range(1, lines + 1) if line not in results]
    if missing:
        named = ", ".join(map(str, missing[:10])) + (" ..." if len(missing) > 10 else "")  # noqa: PLR2004  a message, not a list
        raise ResultRefused(
            f"the result says nothing about {len(missing)} of {lines} lines ({named}): "
            "ask the bank for the whole result",
        )
    return tuple(results[line] for line in sorted(results))


def _text(data: bytes, encodings: tuple[str, ...]) -> str:
    text = text_of(data, encodings)
    if text is not None:
        return text
    named = " or ".join(encoding.upper() for encoding in encodings)
    raise ResultRefused(f"this is no text in {named}: save the bank's result as CSV again")


def _results(text: str, columns: ColumnMap) -> Iterator[tuple[int, LineResult]]:
    table = _rows(text)
    _, headings = next(table, (1, []))
    places = [heading.strip() for heading in headings]
    line, outcome = _place(places, columns.line), _place(places, columns.outcome)
    reason = None if columns.reason is None else _place(places, columns.reason)
    for row, cells in table:
        if len(cells) < len(places):
            words = f"{len(cells)} columns where the heading has {len(places)}"
            raise ResultRefused(words, row=row)
        yield (
            row,
            LineResult(
                line=_line(cells[line].strip(), row),
                outcome=_outcome(cells[outcome].strip(), row, columns),
                reason="" if reason is None else cells[reason].strip(),
            ),
        )


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from rows_of(text)
    except NotCsv as error:
        raise ResultRefused(str(error), row=error.row) from None


def _place(headings: list[str], name: str) -> int:
    found = [place for place, heading in enumerate(headings) if heading == name]
    if len(found) == 1:
        return found[0]
    words = f"the heading {name!r} must stand there once, not {len(found)} times"
    raise ResultRefused(f"{words}: it has {', '.join(headings) or 'nothing'}", row=1)


def _line(written: str, row: int) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= _LINE_DIGITS):
        raise ResultRefused(f"line {written!r} is not a number of up to 10 digits", row=row)
    return int(written)


def _outcome(written: str, row: int, columns: ColumnMap) -> Outcome:
    outcome = columns.outcome_of(written)
    if outcome is None:
        known = ", ".join(sorted(columns.paid | columns.returned))
        raise ResultRefused(f"outcome {written!r} is none of: {known}", row=row)
    return outcome
