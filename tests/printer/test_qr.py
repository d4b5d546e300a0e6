"""How strong and how large a ticket's code is on each paper."""

import msgspec
import pytest

from printer.errors import BadDocument
from printer.qr import FAIR, GOOD, LEAST, plan
from printer.raster import render
from tests.printer import samples

NARROW, WIDE = 372, 564
"""Dots between the margins of 58 mm and of 80 mm paper."""


def test_the_code_uses_the_dense_mode_for_capital_letters() -> None:
    # Byte mode would need version 16 (81 modules) for 268 letters at level Q, alphanumeric 12.
    assert len(samples.QR_TEXT) == 268
    assert len(plan(samples.QR_TEXT, NARROW).matrix) == 65


@pytest.mark.parametrize(("room", "dots"), [(NARROW, 5), (500, 6), (WIDE, 6)])
def test_an_ordinary_ticket_can_lose_a_quarter_of_its_code(room: int, dots: int) -> None:
    code = plan(samples.QR_TEXT, room)

    assert (code.level, code.dots) == ("Q", dots)
    assert code.side <= room


@pytest.mark.parametrize(
    ("letters", "level", "least"),
    [
        (290, "Q", GOOD),
        (410, "M", GOOD),
        (530, "Q", FAIR),
        (730, "M", FAIR),
        (930, "L", FAIR),
        (1_320, "M", LEAST),
        (1_639, "L", LEAST),
    ],
)
def test_a_longer_code_gives_up_strength_before_its_modules_become_too_fine(
    letters: int, level: str, least: int
) -> None:
    code = plan("A" * letters, NARROW)

    assert code.dots >= least
    assert code.level == level


def test_the_longest_ticket_that_can_be_signed_fits_the_narrowest_paper() -> None:
    longest = -(-1_024 * 8 // 5)  # sync.ticket.MOST_BYTES in base32

    assert plan("A" * longest, NARROW).dots == LEAST


def test_a_code_too_fine_for_the_paper_is_refused_in_words() -> None:
    long = msgspec.structs.replace(samples.ticket(), qr="A" * 3_000)

    with pytest.raises(BadDocument, match="wider paper"):
        render(long, 384)


def test_a_code_too_long_for_any_paper_is_refused_in_words() -> None:
    with pytest.raises(BadDocument, match="fit into no QR code"):
        plan("A" * 5_000, WIDE)
