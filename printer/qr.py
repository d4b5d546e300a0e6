"""A ticket's QR code (ISO/IEC 18004): how strong, and how large its modules are on this paper.

A code is read the better the larger its modules are and the more of it may be lost to a fold, a
stamp or a faded line. The two pull against each other: :data:`PREFERRED` says which goes first.
Level H is left out: where it fits, the code only becomes larger than a hand scanner's window.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from printer.errors import BadDocument

Level = Literal["Q", "M", "L"]
"""How much of the code may be lost: 25, 15 or 7 % (ISO/IEC 18004, section 6.5.1)."""
Mode = Literal["letters", "bytes"]
"""How letters are packed (section 6.4): 5.5 bits each where only A to Z and digits are, or 8."""

BORDER = 4
"""Modules of white around the code (section 9.1)."""
MOST = 6
"""Dots a module: 0.75 mm, past which phones gain nothing."""
GOOD, FAIR, LEAST = 5, 4, 3
"""Dots a module: 0.625, 0.5 and 0.375 mm; less than that is not read from thermal paper."""
PREFERRED: tuple[tuple[Level, int], ...] = (
    ("Q", GOOD),
    ("M", GOOD),
    ("Q", FAIR),
    ("M", FAIR),
    ("L", FAIR),
    ("M", LEAST),
    ("L", LEAST),
)
"""The first level whose modules are that many dots wide, or wider, is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code as it is drawn; its border is not among the modules."""

    matrix: tuple[tuple[bool, ...], ...]
    level: Level
    dots: int
    """Dots a module."""

    @property
    def side(self) -> int:
        """Dots across, with the border."""
        return (len(self.matrix) + 2 * BORDER) * self.dots


@lru_cache(maxsize=64)
def plan(text: str, room: int, mode: Mode = "letters") -> Code:
    """The code of a text of the alphanumeric mode's letters, for ``room`` dots of paper.

    Raises :class:`BadDocument` where it would be too fine to be read.
    """
    for level, least in PREFERRED:
        matrix = _matrix(text, level, mode)
        if matrix is not None and (dots := room // (len(matrix) + 2 * BORDER)) >= least:
            return Code(matrix=matrix, level=level, dots=min(MOST, dots))
    if _matrix(text, "L", mode) is None:
        raise BadDocument(f"These {len(text)} letters fit into no QR code.")
    raise BadDocument(
        f"A QR code of {len(text)} letters cannot be read from paper of {room} dots: "
        "use wider paper or a shorter code."
    )


@lru_cache(maxsize=64)
def _matrix(text: str, level: Level, mode: Mode) -> tuple[tuple[bool, ...], ...] | None:
    """The modules; None where the text is too long for this level."""
    import qrcode
    from qrcode import constants
    from qrcode.exceptions import DataOverflowError
    from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, QRData

    packing = MODE_ALPHA_NUM if mode == "letters" else MODE_8BIT_BYTE
    code = qrcode.QRCode(error_correction=getattr(constants, f"ERROR_CORRECT_{level}"), border=0)
    try:
        code.add_data(QRData(text, mode=packing))
        code.make(fit=True)
    except (DataOverflowError, ValueError):
        return None
    return tuple(tuple(row) for row in code.get_matrix())
