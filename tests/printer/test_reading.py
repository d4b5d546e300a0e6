"""A ticket's way from bytes over paper into somebody else's reader, and what it may suffer there.

The limits that these stand for were found by making each fault larger until a reader gave up; they
are in docs/adr, with what a shop can do about it.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import cbor2
import pytest
from PIL import Image, ImageChops
from pycose.keys.okp import OKPKey
from pycose.messages.cosemessage import CoseMessage
from pycose.messages.sign1message import Sign1Message

from printer.compose import lay_out
from printer.layout import QR
from printer.profiles import UNKNOWN, Profile
from printer.qr import plan
from printer.raster import MARGIN, height_of, measure, render
from printer.sheet import sheet
from sync.ticket import from_qr
from tests.printer import signed
from tests.printer.escpos_reader import read_sheets
from tests.printer.photo import Reader, blurred, faded, folded, photo, turned

WIDTHS = (384, 576)
MM = 8

pytestmark = pytest.mark.parametrize("width", WIDTHS)
every_ticket = pytest.mark.parametrize("which", signed.TICKETS)


def sent(which: str, width: int, profile: Profile = UNKNOWN) -> bytes:
    """What goes to the printer."""
    return b"".join(sheet(signed.paper(signed.TICKETS[which]), width, profile))


@lru_cache(maxsize=16)
def printed(which: str, width: int) -> Image.Image:
    """The paper as a strict reader of the command reference gets it from our bytes."""
    (paper,) = read_sheets(sent(which, width))
    return paper.picture


def taken(which: str, width: int) -> Image.Image:
    return photo(printed(which, width))


def module(which: str, width: int) -> int:
    return plan(text(which), width - 2 * MARGIN).dots


def text(which: str) -> str:
    return signed.paper(signed.TICKETS[which]).qr


def across_the_code(which: str, width: int, share: float) -> float:
    """The height of the paper, from 0 to 1, that runs through that share of the code."""
    room = width - 2 * MARGIN
    blocks = lay_out(signed.paper(signed.TICKETS[which]), room, measure)
    at = next(place for place, block in enumerate(blocks) if isinstance(block, QR))
    above = MARGIN + height_of(blocks[:at], room)
    side = plan(text(which), room).side
    return (above + side * share) / (height_of(blocks, room) + 2 * MARGIN)


@every_ticket
def test_every_ticket_is_read_from_fresh_paper(which: str, width: int, read: Reader) -> None:
    assert read(taken(which, width)) == text(which)


@every_ticket
def test_an_edge_may_run_over_a_third_of_a_module(which: str, width: int, read: Reader) -> None:
    assert read(blurred(taken(which, width), module(which, width) / 3)) == text(which)


@pytest.mark.parametrize("degrees", [-5, -1, 2, 5])
def test_paper_may_be_held_askew(degrees: float, width: int, read: Reader) -> None:
    assert read(turned(taken("ordinary", width), degrees)) == text("ordinary")


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("light", [255, 128], ids=["white", "grey"])
def test_a_fold_of_two_millimetres_may_run_through_the_code(
    share: float, light: int, width: int, read: Reader
) -> None:
    at = across_the_code("ordinary", width, share)

    assert read(folded(taken("ordinary", width), at, 2 * MM, light=light)) == text("ordinary")


@every_ticket
def test_paper_may_fade_to_a_fifth_of_its_black(which: str, width: int, read: Reader) -> None:
    assert read(faded(taken(which, width), 0.2)) == text(which)


@every_ticket
def test_folded_askew_unfocused_and_faded_at_once(which: str, width: int, read: Reader) -> None:
    at = across_the_code(which, width, 0.5)
    fold, blur = MM / 2, module(which, width) / 5

    suffered = faded(blurred(turned(folded(taken(which, width), at, fold), 3), blur), 0.4)

    assert read(suffered) == text(which)


@pytest.mark.paper
@every_ticket
def test_a_renderer_that_is_not_ours_draws_what_we_drew(
    which: str, width: int, emupos: Callable[[bytes, int], Image.Image]
) -> None:
    ours = render(signed.paper(signed.TICKETS[which]), width)

    theirs = emupos(sent(which, width), width)

    assert theirs.size == ours.size
    assert ImageChops.difference(theirs, ours.convert("L")).getbbox() is None


@pytest.mark.paper
@every_ticket
def test_from_bytes_over_paper_to_a_library_that_the_program_does_not_use(
    which: str, width: int, emupos: Callable[[bytes, int], Image.Image], read: Reader
) -> None:
    paper = emupos(sent(which, width), width)

    message = CoseMessage.decode(from_qr(read(photo(paper))))

    assert isinstance(message, Sign1Message)
    message.key = OKPKey(crv="ED25519", x=signed.KEY.public)
    assert message.verify_signature()
    assert message.payload is not None
    claims = cbor2.loads(message.payload)
    assert claims[7] == signed.said("").number.encode()  # cti, RFC 8392 section 3.1.7
    assert claims[4] > claims[5]  # exp, nbf


@pytest.mark.paper
@pytest.mark.parametrize("which", ["shortest", "ordinary", "longest issued"])
def test_a_code_that_the_printer_makes_itself_is_read_as_well(
    which: str, width: int, emupos: Callable[[bytes, int], Image.Image], read: Reader
) -> None:
    own = replace(UNKNOWN, qr=True)

    paper = emupos(sent(which, width, own), width)

    assert paper.tobytes() != emupos(sent(which, width), width).tobytes()
    assert read(photo(paper)) == text(which)
