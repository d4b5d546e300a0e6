"""Whatever names, amounts and lists a town thinks of: nothing overflows, overlaps or is broken."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer.compose import lay_out
from printer.documents import (
    Cleared,
    ClearingReceipt,
    Document,
    Language,
    Returned,
    Slip,
    Takings,
    Ticket,
    ZReport,
)
from printer.layout import ROW_GAP, Block, Columns, Figure, Frame, Row, Space, Text
from printer.raster import MARGIN, WIDTHS, draw, height_of, measure
from printer.words import amount, grouped
from tests.printer import samples
from tests.printer.golden import DOCUMENTS

NAMES = st.text(st.sampled_from("豊島区としまるポイントー（）「」、。ABCabc 0123,"), max_size=60)
POINTS = st.integers(min_value=1, max_value=9_999_999)
COUNTS = st.integers(min_value=0, max_value=99_999)
LANGUAGES: st.SearchStrategy[Language] = st.sampled_from(["ja", "en"])
ROOM = st.sampled_from([width - 2 * MARGIN for width in WIDTHS])


@st.composite
def tickets(draw: st.DrawFn) -> Ticket:
    name = draw(NAMES)
    return msgspec.structs.replace(
        samples.ticket(draw(LANGUAGES)),
        town=name,
        point_name=draw(NAMES),
        points=draw(POINTS),
        places=tuple(draw(st.lists(NAMES, max_size=16))),
        office=draw(NAMES),
        office_place=name,
        online_only=draw(st.booleans()),
        reprints=draw(COUNTS),
        specimen=draw(st.booleans()),
    )


@st.composite
def slips(draw: st.DrawFn) -> Slip:
    return msgspec.structs.replace(
        samples.slip(draw(LANGUAGES)),
        kind=draw(st.sampled_from(["spend", "redemption", "reversal", "refund", "void"])),
        settled=draw(st.sampled_from([None, "online", "offline", "zone"])),
        organisation=draw(NAMES),
        place=draw(NAMES),
        town=draw(NAMES),
        points=draw(POINTS),
        number=draw(st.sampled_from(["", "1234567890128"])),
    )


@st.composite
def z_reports(draw: st.DrawFn) -> ZReport:
    lines = st.builds(
        Takings,
        town=NAMES,
        point_name=NAMES,
        kind=st.sampled_from(["spend", "redemption", "reversal", "refund"]),
        count=COUNTS,
        points=POINTS,
    )
    waiting = draw(st.integers(min_value=0, max_value=60))
    return msgspec.structs.replace(
        samples.z_report(draw(LANGUAGES)),
        organisation=draw(NAMES),
        takings=tuple(draw(st.lists(lines, max_size=8))),
        waiting=waiting,
        waiting_digests=("9f2c01d2",) * waiting,
        limit_left=draw(POINTS),
    )


@st.composite
def clearing_receipts(draw: st.DrawFn) -> ClearingReceipt:
    lines = st.builds(Cleared, points=POINTS, count=st.integers(min_value=1, max_value=9_999))
    returned = st.builds(
        Returned, number=st.sampled_from(["1234567890128", "（読めない紙）"]), reason=NAMES
    )
    return msgspec.structs.replace(
        samples.clearing_receipt(draw(LANGUAGES)),
        organisation=draw(NAMES),
        office=draw(NAMES),
        lines=tuple(draw(st.lists(lines, max_size=8))),
        returned=tuple(draw(st.lists(returned, max_size=8))),
    )


ANY = st.one_of(tickets(), slips(), z_reports(), clearing_receipts())


def across(block: Block, room: int) -> int:
    """How many of the dots it has a block takes; more than ``room`` is too many."""
    match block:
        case Text():
            return measure(block.text, block.size, block.bold)
        case Row():
            ends = (measure(end, block.size, block.bold) for end in (block.left, block.right))
            return sum(ends) + ROW_GAP
        case Figure():
            number = measure(block.number, block.size, True)
            return number + block.size // 6 + measure(block.unit, block.unit_size, True)
        case Frame():
            return block.width or room
        case Columns():
            right = room - block.split - ROW_GAP
            if any(across(one, block.split) > block.split for one in block.left):
                return room + 1
            return room + any(across(one, right) > right for one in block.right)
        case _:
            return 0


def said(blocks: tuple[Block, ...]) -> list[str]:
    """Every line of letters."""
    lines = []
    for block in blocks:
        match block:
            case Text():
                lines.append(block.text)
            case Row():
                lines += [block.left, block.right]
            case Figure():
                lines.append(block.number)
            case Columns():
                lines += said(block.left) + said(block.right)
            case _:
                pass
    return lines


@given(document=ANY, room=ROOM)
def test_every_line_of_every_document_fits(document: Document, room: int) -> None:
    for block in lay_out(document, room, measure):
        assert across(block, room) <= room


@given(document=ANY, room=ROOM)
def test_no_amount_of_any_document_is_broken(document: Document, room: int) -> None:
    lines = said(lay_out(document, room, measure))

    for whole in amounts(document):
        assert any(whole in line for line in lines), whole


def amounts(document: Document) -> list[str]:
    """What must stand on one line, whatever the names around it."""
    match document:
        case Ticket():
            return [grouped(document.points)]
        case Slip():
            left = document.balance
            balance = [] if left is None else [amount(left.points, document.language)]
            return [grouped(document.points), *balance]
        case ZReport():
            each = [grouped(line.points) for line in document.takings]
            return [*each, grouped(document.total), amount(document.limit_left, document.language)]
        case ClearingReceipt():
            each = [amount(line.points, document.language) for line in document.lines]
            return [*each, *(grouped(line.points * line.count) for line in document.lines)]
        case _:
            return []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_block_draws_into_its_neighbours(name: str, width: int) -> None:
    room, white = width - 2 * MARGIN, 60
    for block in lay_out(DOCUMENTS[name], room, measure):
        alone = draw((Space(dots=white), block, Space(dots=white)), width)
        ink = alone.point(lambda dot: 255 - dot).getbbox()
        if ink is None:
            assert isinstance(block, Space)
            continue
        top = MARGIN + white
        assert top <= ink[1], block
        assert ink[3] <= top + height_of((block,), room), block


@given(document=tickets(), room=ROOM)
def test_the_points_are_the_largest_thing_on_a_ticket(document: Ticket, room: int) -> None:
    blocks = lay_out(document, room, measure)

    sizes = [
        (block.size, block.text if isinstance(block, Text) else block.number)
        for block in blocks
        if isinstance(block, Text | Figure)
    ]
    assert max(sizes)[1] == grouped(document.points)
