"""A printer's own letters: which of ours it has, and how wide they are.

Only JIS X 0208 is sent (in CP932, rows 1 to 8 and 16 to 84) and ASCII without the two signs that
Japanese printers draw otherwise. What a vendor added, such as 髙, is not in every printer and is
drawn instead, as is all else. Widths are counted in cells: one for a half-width letter.
"""

import unicodedata

from printer.layout import LARGE, TITLE

CELL = 12
"""Dots of a half-width letter in font A, 12 x 24: 32, 42 or 48 on a line."""

# Unicode has two signs for each of these, and CP932 knows the second (JIS X 0208 row 1).
_TWINS = str.maketrans(
    {
        "\u00a5": "\uffe5",  # yen
        "\u301c": "\uff5e",  # wave dash
        "~": "\uff5e",  # an overline in JIS X 0201
        "\u2212": "\uff0d",  # minus
        "\u2014": "\u2015",  # dash
        "\u2016": "\u2225",  # double bar
        "\u00a2": "\uffe0",  # cent
        "\u00a3": "\uffe1",  # pound
        "\u00ac": "\uffe2",  # not
        "\u00a0": " ",
    }
)
_LEADS = frozenset((*range(0x81, 0x85), *range(0x88, 0xA0), *range(0xE0, 0xEB)))
"""First bytes of JIS X 0208's rows; 0x87 is NEC's, 0xED and above are NEC's and IBM's."""


def prepared(text: str) -> str:
    """The text with the signs that CP932 knows."""
    return unicodedata.normalize("NFC", text).translate(_TWINS)


def cells(text: str) -> int:
    """How many half-width letters a text is wide."""
    return sum(1 if " " <= letter <= "~" else 2 for letter in prepared(text))


def encoded(text: str) -> bytes | None:
    """The text's bytes, or None where a letter is missing in the printer."""
    parts = []
    for letter in prepared(text):
        try:
            part = letter.encode("cp932")
        except UnicodeEncodeError:
            return None
        plain = len(part) == 1 and " " <= letter <= "}" and letter != "\\"  # drawn as a yen sign
        if not plain and not (len(part) == 2 and part[0] in _LEADS):  # noqa: PLR2004  two bytes
            return None
        parts.append(part)
    return b"".join(parts)


def scale(size: int) -> tuple[int, int]:
    """How many times as wide and high a letter of this size is: a letter has 24 dots."""
    if size < LARGE:
        return 1, 1
    if size < TITLE:
        return 1, 2
    times = size // 23
    return times, times


def measure(text: str, size: int, bold: bool) -> int:  # noqa: ARG001  a layout's Measure
    """Dots from end to end; bold letters are no wider."""
    return cells(text) * CELL * scale(size)[0]
