"""Paper as a camera meets it, and two programs that read its code: zbarimg and zxing-cpp.

Lengths are dots of paper (8 a millimetre), whatever the photo's own pixels are: a photo has
:data:`ENLARGED` of them a dot.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

ENLARGED = 2
WHITE = 255

Reader = Callable[[Image.Image], str]


def photo(paper: Image.Image) -> Image.Image:
    """The paper, sharp and straight."""
    grey = paper.convert("L")
    return grey.resize((grey.width * ENLARGED, grey.height * ENLARGED), Image.Resampling.NEAREST)


def blurred(picture: Image.Image, dots: float) -> Image.Image:
    """Out of focus, or printed by a worn head: every edge runs over that many dots."""
    return picture.filter(ImageFilter.GaussianBlur(dots * ENLARGED))


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    """Held askew."""
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=WHITE)


def folded(picture: Image.Image, at: float, dots: float, *, light: int = WHITE) -> Image.Image:
    """A crease across the whole paper, ``at`` a share of its height; the print came off there."""
    creased = picture.copy()
    middle, half = int(picture.height * at), dots * ENLARGED / 2
    ImageDraw.Draw(creased).rectangle(
        (0, int(middle - half), picture.width, int(middle + half) - 1), fill=light
    )
    return creased


def faded(picture: Image.Image, contrast: float) -> Image.Image:
    """Thermal paper that lay in the sun: black is only ``contrast`` darker than white."""
    return picture.point(lambda light: round(WHITE - (WHITE - light) * contrast))


def zxing(picture: Image.Image) -> str:
    """What zxing-cpp reads; empty where it reads nothing."""
    code = zxingcpp.read_barcode(picture)
    return "" if code is None else code.text


def zbar(picture: Image.Image, folder: Path) -> str:
    """What zbarimg reads; empty where it reads nothing."""
    file = folder / "photo.png"
    picture.save(file)
    done = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()
