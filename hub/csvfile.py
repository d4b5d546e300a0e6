"""CSV files as people's programs save them: which encoding, and the rows with their numbers."""

import csv
import io
from collections.abc import Iterator
from contextlib import suppress

from sync.errors import Malformed

AS_SAVED = ("utf-8", "cp932")
"""What is tried, in this order: Excel in Japan saves a CSV as CP932 unless it is told otherwise."""


class NotCsv(Malformed):
    """The quotes of a row do not fit; ``row`` counts from 1."""

    def __init__(self, words: str, row: int) -> None:
        super().__init__(words)
        self.row = row


def text_of(data: bytes, encodings: tuple[str, ...] = AS_SAVED) -> str | None:
    """The text in the first encoding that fits: UTF-8 fits nothing else by chance.

    A byte order mark is passed over. None where none fits.
    """
    for encoding in encodings:
        with suppress(UnicodeDecodeError):
            return data.decode(encoding).removeprefix("\ufeff")
    return None


def rows_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, with their numbers from 1 as a spreadsheet shows them.

    Raises NotCsv.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    row = 0
    try:
        for row, cells in enumerate(reader, 1):
            if any(cell.strip() for cell in cells):
                yield row, cells
    except csv.Error as error:
        raise NotCsv(f"this is not CSV: {error}", row + 1) from None
