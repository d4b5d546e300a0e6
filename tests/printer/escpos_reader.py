"""A strict reader of the few ESC/POS commands we send: bytes -> the paper they make.

Written from Epson's command reference, not from our writer. Any byte it does not expect is an
error: a printer would print it as a letter.
"""

from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet from reset to cut."""

    picture: Image.Image
    fed_lines: int


class NotUnderstood(Exception):
    """A byte that none of our commands has at this place."""


def read_sheets(data: bytes) -> list[Sheet]:
    """The sheets that come out of the cutter; everything has to be cut off at the end."""
    sheets: list[Sheet] = []
    at = 0
    while at < len(data):
        sheet, at = _read_sheet(data, at)
        sheets.append(sheet)
    return sheets


def _read_sheet(data: bytes, at: int) -> tuple[Sheet, int]:
    at = _expect(data, at, b"\x1b@")  # ESC @: initialize
    bands: list[Image.Image] = []
    while data.startswith(b"\x1dv0", at):  # GS v 0 m xL xH yL yH: raster bit image
        at = _expect(data, at, b"\x1dv0\x00")
        across = int.from_bytes(data[at : at + 2], "little")
        down = int.from_bytes(data[at + 2 : at + 4], "little")
        at += 4
        if not 0 < across <= 72 or not 0 < down <= 2303:
            raise NotUnderstood(f"raster of {across} bytes by {down} rows")
        dots = data[at : at + across * down]
        if len(dots) != across * down:
            raise NotUnderstood("a raster that ends too early")
        at += len(dots)
        black_is_one = Image.frombytes("1", (across * 8, down), dots)
        bands.append(black_is_one.point(lambda dot: 255 - dot))
    at = _expect(data, at, b"\x1bd")  # ESC d n: print and feed n lines
    lines = data[at]
    at = _expect(data, at + 1, b"\x1dV\x00")  # GS V 0: full cut
    return Sheet(picture=_stack(bands), fed_lines=lines), at


def _expect(data: bytes, at: int, command: bytes) -> int:
    if not data.startswith(command, at):
        found = data[at : at + len(command)].hex(" ")
        raise NotUnderstood(f"{found} at {at} where {command.hex(' ')} belongs")
    return at + len(command)


def _stack(bands: list[Image.Image]) -> Image.Image:
    paper = Image.new("1", (bands[0].width, sum(band.height for band in bands)), 1)
    top = 0
    for band in bands:
        paper.paste(band, (0, top))
        top += band.height
    return paper
