"""The ESC/POS commands we send. The only escpos import.

Epson, "ESC/POS Command Reference". python-escpos draws the raster and has constants; its
``.text()`` sends Japanese as GB18030 without an error and is never used.
"""

from typing import TYPE_CHECKING

from printer.profiles import Cutter
from printer.qr import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

BAND = 512
"""Rows in one raster command: small printers hold no whole ticket in memory."""
FEED_BEFORE_CUT = 6
"""Lines from the print head to the cutter."""
_LEVELS: dict[Level, int] = {"L": 48, "M": 49, "Q": 50}

START = b"\x1b@"
"""ESC @: forget what was set before."""
KANJI_ON = b"\x1cC\x01\x1c&"
"""FS C 1, FS &: Shift JIS, and two bytes a letter."""
KANJI_OFF = b"\x1c."
DOTS = b"\x1dP\xcb\xcb"
"""GS P 203 203: lengths are counted in dots of 203 dpi."""
KICK = b"\x1bp\x00\x19\xfa"
"""ESC p 0: 50 ms on pin 2, the drawer of nearly every shop."""


def bands(picture: "Image.Image") -> "Iterator[bytes]":
    """A 1-bit picture as raster (``GS v 0``), a command for every :data:`BAND` rows."""
    from escpos.constants import GS
    from escpos.image import EscposImage

    for top in range(0, picture.height, BAND):
        bottom = min(top + BAND, picture.height)
        band = EscposImage(picture.crop((0, top, picture.width, bottom)))
        size = band.width_bytes.to_bytes(2, "little") + band.height.to_bytes(2, "little")
        yield GS + b"v0\x00" + size + band.to_raster_format()


def cut(cutter: Cutter) -> bytes:
    """Feed the last line past the cutter or the edge to tear at, and cut where there is one."""
    from escpos.constants import PAPER_FULL_CUT, PAPER_PART_CUT

    feed = b"\x1bd" + bytes([FEED_BEFORE_CUT])
    return feed + {"none": b"", "partial": PAPER_PART_CUT, "full": PAPER_FULL_CUT}[cutter]


def feed(dots: int) -> bytes:
    """White, in :data:`DOTS` (``ESC J``)."""
    return b"".join(b"\x1bJ" + bytes([min(255, dots - done)]) for done in range(0, dots, 255))


def align(side: str) -> bytes:
    """``left``, ``centre`` or ``right``, at the beginning of a line (``ESC a``)."""
    return b"\x1ba" + bytes([("left", "centre", "right").index(side)])


def letters(wide: int, high: int, *, bold: bool = False, inverse: bool = False) -> bytes:
    """How the letters that follow look, 1 to 8 times as wide and high (GS !, ESC E, GS B)."""
    size = bytes([(wide - 1) << 4 | (high - 1)])
    return b"\x1d!" + size + b"\x1bE" + bytes([bold]) + b"\x1dB" + bytes([inverse])


def qr(text: str, module: int, level: Level) -> bytes:
    """A QR code of the printer's own making (``GS ( k``, functions 165 to 181)."""
    data = text.encode("ascii")
    length = (len(data) + 3).to_bytes(2, "little")
    return b"".join(
        (
            b"\x1d(k\x04\x001A2\x00",  # model 2
            b"\x1d(k\x03\x001C" + bytes([module]),
            b"\x1d(k\x03\x001E" + bytes([_LEVELS[level]]),
            b"\x1d(k" + length + b"1P0" + data,
            b"\x1d(k\x03\x001Q0",
        )
    )
