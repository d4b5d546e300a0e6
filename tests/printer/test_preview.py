"""Paper as lines of a screen, before anything is printed."""

import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer.documents import Document, TrialSheet
from printer.preview import cells, preview
from printer.raster import WIDTHS
from tests.printer import samples
from tests.printer.golden import DOCUMENTS

NAMES = st.text(st.sampled_from("豊島区としまるポイントー（）「」、。・ABCabc 0123,"), max_size=40)


def texts(document: Document, width: int = 384) -> list[str]:
    return [line.text.strip() for line in preview(document, width)]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_line_is_as_wide_as_the_paper(name: str, width: int) -> None:
    for line in preview(DOCUMENTS[name], width):
        assert cells(line.text) == width // 12


@given(name=NAMES, points=st.integers(min_value=1, max_value=9_999_999))
def test_no_name_and_no_amount_makes_a_line_wider(name: str, points: int) -> None:
    ticket = msgspec.structs.replace(
        samples.ticket(), town=name, point_name=name, points=points, places=(name,), office=name
    )

    for line in preview(ticket, 384):
        assert cells(line.text) == 32


@pytest.mark.parametrize("name", DOCUMENTS)
def test_only_signs_of_one_known_width_are_shown(name: str) -> None:
    for text in texts(DOCUMENTS[name]):
        assert not [sign for sign in text if unicodedata.east_asian_width(sign) == "A"]


def test_a_ticket_shows_what_matters_and_where_the_code_and_the_stamps_will_be() -> None:
    shown = texts(samples.ticket())

    assert "１，０００ ポイント" in shown
    assert "2018年3月31日まで" in shown
    assert any("QRコード" in line for line in shown)
    assert any("＜発行認印＞" in line for line in shown)
    assert any("＜利用店舗印＞" in line for line in shown)


def test_stamps_stand_beside_each_other_where_the_paper_is_wide() -> None:
    narrow, wide = texts(samples.ticket(), 384), texts(samples.ticket(), 576)

    assert not any("発行認印" in line and "利用店舗印" in line for line in narrow)
    assert any("発行認印" in line and "利用店舗印" in line for line in wide)


def test_amounts_and_marks_are_told_apart() -> None:
    sample = msgspec.structs.replace(samples.ticket("en"), specimen=True)
    lines = {line.text.strip(): line for line in preview(sample, 384)}

    assert lines["SPECIMEN (not valid)"].inverse
    assert lines["１，０００ points"].bold
    assert not lines["Ticket number"].bold


def test_the_sheet_of_a_test_print_can_be_seen_too() -> None:
    trial = TrialSheet(
        language="en",
        organisation="Uomasa",
        place="",
        printer="usb",
        model="Any other",
        dots=384,
        at=samples.slip().at,
    )

    assert any("->|" in line for line in texts(trial))
