"""Pages of A6 and A4 for the office's printer."""

import re

import msgspec
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from printer.documents import Cleared, Document, Ticket
from printer.errors import BadDocument
from printer.layout import MM
from printer.page import DPI, PIXELS, Paper, pages, to_pdf
from sync.ticket import LONGEST_ZONE, MOST_ZONES
from tests.printer import samples

ALL: list[Document] = [samples.ticket(), samples.slip(), samples.z_report()]


@pytest.mark.parametrize(("paper", "wide", "high"), [("a6", 105, 148), ("a4", 210, 297)])
def test_a_page_has_the_size_of_its_paper(paper: Paper, wide: int, high: int) -> None:
    pdf = to_pdf(samples.ticket(), paper)

    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert box is not None
    assert [round(float(length) / 72 * 25.4, 1) for length in box.groups()] == [wide, high]
    assert round(DPI) == 610


def test_letters_are_packed_without_loss() -> None:
    pdf = to_pdf(samples.ticket(), "a6")

    assert b"/CCITTFaxDecode" in pdf
    assert b"/DCTDecode" not in pdf


@pytest.mark.parametrize("document", ALL, ids=["ticket", "slip", "z-report"])
@pytest.mark.parametrize("paper", ["a6", "a4"])
def test_the_same_document_is_the_same_file_each_time(document: Document, paper: Paper) -> None:
    assert to_pdf(document, paper) == to_pdf(document, paper)


def test_the_file_bears_the_date_of_its_document() -> None:
    pdf = to_pdf(samples.ticket(), "a6")

    assert b"/CreationDate (D:20171215" in pdf
    assert b"/ModDate (D:20171215" in pdf


@pytest.mark.parametrize("paper", ["a6", "a4"])
def test_a_phone_reads_the_ticket_from_the_page(paper: Paper) -> None:
    (page,) = pages(samples.ticket(), paper)

    code = zxingcpp.read_barcode(page.convert("L"))

    assert code is not None
    assert code.text == samples.QR_TEXT


@pytest.mark.parametrize("paper", ["a6", "a4"])
def test_nothing_reaches_where_no_printer_prints(paper: Paper) -> None:
    for document in ALL:
        for page in pages(document, paper):
            ink = page.point(lambda dot: 255 - dot).getbbox()
            assert ink is not None
            edge = 5 * MM * PIXELS
            assert ink[0] >= edge
            assert ink[2] <= page.width - edge
            assert ink[3] <= page.height - edge
            # The line to cut along on A4 runs from the paper's upper edge.
            assert ink[1] >= edge or (paper == "a4" and isinstance(document, Ticket))


def test_a_long_receipt_goes_on_on_numbered_pages() -> None:
    lines = tuple(Cleared(points=each, count=1) for each in range(1, 101))
    receipt = msgspec.structs.replace(samples.clearing_receipt(), lines=lines)

    assert len(pages(receipt, "a6")) == 5


def test_a_ticket_with_many_places_takes_smaller_letters_and_stays_one_leaf() -> None:
    places = tuple(f"豊島区の商店街その{number}（会員のお店）" for number in range(MOST_ZONES))
    ticket = msgspec.structs.replace(samples.ticket(), places=places)

    (page,) = pages(ticket, "a6")

    code = zxingcpp.read_barcode(page.convert("L"))
    assert code is not None
    assert code.text == samples.QR_TEXT


def test_a_ticket_that_no_leaf_can_hold_is_refused_in_words() -> None:
    places = tuple("この商店街の長い長い名前" * 4 for _ in range(30))
    ticket = msgspec.structs.replace(samples.ticket(), places=places)

    with pytest.raises(BadDocument, match="use receipt paper"):
        pages(ticket, "a6")


@settings(max_examples=8, deadline=None)  # a page at 610 dpi is 9 million dots
@given(
    points=st.integers(min_value=1, max_value=9_999_999),
    name=st.text(st.sampled_from("豊島区としまるポイントABC "), min_size=1, max_size=LONGEST_ZONE),
    places=st.integers(min_value=0, max_value=MOST_ZONES),
)
def test_any_ticket_is_one_leaf(points: int, name: str, places: int) -> None:
    ticket = msgspec.structs.replace(
        samples.ticket(), points=points, town=name, point_name=name, places=(name,) * places
    )

    assert len(pages(ticket, "a6")) == 1
