"""A picture as ESC/POS bytes. The only escpos import.

Everything is sent as raster (``GS v 0``): a printer's own letters are different in each model and
Japanese ones are missing in many. Commands: Epson, "ESC/POS Command Reference".
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

BAND = 512
"""Rows in one raster command: small printers hold no whole ticket in memory."""
FEED_BEFORE_CUT = 6
"""Lines from the print head to the cutter."""


def to_bytes(picture: "Image.Image") -> bytes:
    """A 1-bit picture as ESC/POS: reset, raster in bands, feed, cut."""
    from escpos.constants import GS, HW_INIT, PAPER_FULL_CUT
    from escpos.image import EscposImage

    parts = [HW_INIT]
    for top in range(0, picture.height, BAND):
        bottom = min(top + BAND, picture.height)
        band = EscposImage(picture.crop((0, top, picture.width, bottom)))
        size = band.width_bytes.to_bytes(2, "little") + band.height.to_bytes(2, "little")
        parts.append(GS + b"v0\x00" + size + band.to_raster_format())
    parts.append(b"\x1bd" + bytes([FEED_BEFORE_CUT]))
    parts.append(PAPER_FULL_CUT)
    return b"".join(parts)
