"""What a model of printer can do, as data.

Facts of the Epson models, from Epson's "ESC/POS Command Reference" (download4.epson.biz/sec_pubs/
pos/reference_en/escpos), whose pages begin with a list of models: GS ( H function 48 and DLE DC4
function 8 name TM-T20 to T20X, TM-T88IV to T88VII and TM-m30 to m30III. FS & and FS C belong to the
Japanese models. GS ( k functions 165 to 181 choose the best of a code's modes by themselves; that
each of these models has them was not read anywhere: the test sheet shows it.
"""

from dataclasses import dataclass
from typing import Literal

from printer.errors import BadDestination

Answers = Literal["never", "status", "jobs"]
"""What it says: nothing; its status when asked; also that one certain job is done."""
Cutter = Literal["none", "partial", "full"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One model, or a family that behaves alike."""

    name: str
    """As it is written in a command."""
    shown: str
    """As it stands on the box."""
    dots: Literal[384, 512, 576]
    """Across the paper; what a person sets wins."""
    answers: Answers = "status"
    kanji: bool = False
    """It has letters of its own in CP932 (JIS X 0208 and the vendors' rows)."""
    qr: bool = False
    """It draws QR codes itself."""
    cutter: Cutter = "full"
    drawer: bool = False
    """A cash drawer can be plugged into it."""


UNKNOWN = Profile(name="unknown", shown="Any other (80 mm)", dots=576)
"""Everything is drawn here, and nothing is asked but the status that nearly all have."""

PROFILES: tuple[Profile, ...] = (
    UNKNOWN,
    Profile(name="generic-80", shown="Any other with a drawer (80 mm)", dots=576, drawer=True),
    Profile(name="generic-58", shown="Any other, no cutter (58 mm)", dots=384, cutter="none"),
    Profile(
        name="epson-tm-t88",
        shown="Epson TM-T88V, VI, VII (Japan)",
        # 180 dpi and 512 dots: TM-T88V, VI and VII Technical Reference Guide, "Printing
        # Specifications"; 42 half-width letters a line in font A.
        dots=512,
        answers="jobs",
        kanji=True,
        qr=True,
        cutter="partial",
        drawer=True,
    ),
    Profile(
        name="epson-tm-t20",
        shown="Epson TM-T20II, III (Japan)",
        dots=576,
        answers="jobs",
        kanji=True,
        qr=True,
        cutter="partial",
        drawer=True,
    ),
    Profile(
        name="epson-tm-m30",
        shown="Epson TM-m30, II, III (Japan)",
        dots=576,
        answers="jobs",
        kanji=True,
        qr=True,
        cutter="partial",
        drawer=True,
    ),
    Profile(
        name="star-escpos",
        shown="Star mC-Print, TSP (ESC/POS mode)",
        # Nothing of Star's emulation was tried, so nothing beyond raster and status is asked of it.
        dots=576,
        cutter="partial",
        drawer=True,
    ),
)
_BY_NAME = {profile.name: profile for profile in PROFILES}


def profile_of(name: str) -> Profile:
    """The profile of a name; raises :class:`BadDestination` with the names there are."""
    if name not in _BY_NAME:
        raise BadDestination(f'"{name}" is no printer that is known. Known: {", ".join(_BY_NAME)}.')
    return _BY_NAME[name]
