"""A document as bytes: drawn, or in the printer's own letters where it has them."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops
from qrcode import QRCode, constants
from qrcode.util import MODE_8BIT_BYTE, QRData

from printer import letters
from printer.documents import Document, Slip, TakingsKind
from printer.errors import BadDocument
from printer.escpos import BAND, FEED_BEFORE_CUT, feed, qr
from printer.profiles import PROFILES, UNKNOWN, Profile, profile_of
from printer.qr import plan
from printer.raster import WIDTHS, render
from printer.sheet import sheet
from tests.printer import samples
from tests.printer.escpos_reader import Line, NotUnderstood, Sheet, read_sheets

T88 = profile_of("epson-tm-t88")
T20 = profile_of("epson-tm-t20")
SMALL = replace(T20, dots=384)
CORRECTION = {
    "L": constants.ERROR_CORRECT_L,
    "M": constants.ERROR_CORRECT_M,
    "Q": constants.ERROR_CORRECT_Q,
}
DOCUMENTS: dict[str, Document] = {
    "ticket": samples.ticket(),
    "slip": samples.slip(),
    "z-report": samples.z_report(),
}


def read(
    document: Document, width: int, profile: Profile, *, drawer: datetime | None = None
) -> Sheet:
    (one,) = read_sheets(b"".join(sheet(document, width, profile, drawer=drawer)))
    return one


@pytest.mark.parametrize("width", WIDTHS)
def test_the_bytes_make_the_picture_on_paper(width: int) -> None:
    picture = render(samples.ticket(), width)
    assert picture.height > BAND  # so that bands meet

    printed = read(samples.ticket(), width, UNKNOWN)

    assert printed.picture.size == picture.size
    difference = ImageChops.difference(printed.picture.convert("L"), picture.convert("L"))
    assert difference.getbbox() is None
    assert (printed.fed_lines, printed.cut, printed.kicks) == (FEED_BEFORE_CUT, "full", 0)


def test_the_reader_of_these_tests_takes_nothing_on_trust() -> None:
    good = b"".join(sheet(samples.slip(), 384, UNKNOWN))

    for bad in (good[:-1], good[1:], good + b"\n", good.replace(b"\x1dv0", b"\x1dv1", 1)):
        with pytest.raises(NotUnderstood):
            read_sheets(bad)


def test_paper_of_another_width_is_refused() -> None:
    for profile in (UNKNOWN, T20):
        with pytest.raises(BadDocument, match="384, 512, 576"):
            sheet(samples.slip(), 400, profile)


def test_a_slip_in_own_letters_says_the_same_words() -> None:
    printed = read(samples.slip(), 512, T88)

    said = [line.text.split() for line in printed.lines]
    assert ["魚屋", "うおまさ"] in said
    assert ["300", "ポイント"] in said
    assert ["残り", "3,450ポイント"] in said
    assert ["照合番号", "9f2c01d2"] in said


def test_the_amount_is_the_largest_and_its_unit_smaller() -> None:
    printed = read(samples.slip(), 576, T20)

    (line,) = (line for line in printed.lines if line.text == "300 ポイント")
    number, unit = line.runs
    assert (
        number.wide == number.high == max(run.high for line in printed.lines for run in line.runs)
    )
    assert unit.high < number.high


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_longer_than_the_paper(name: str, width: int) -> None:
    printed = read(DOCUMENTS[name], width, T20)

    assert max(line.cells for line in printed.lines) <= {384: 32, 512: 42, 576: 48}[width]


@pytest.mark.parametrize(("width", "columns"), [(384, 32), (512, 42), (576, 48)])
def test_the_two_ends_of_a_row_touch_both_edges(width: int, columns: int) -> None:
    rows = [line for line in read(samples.slip(), width, T20).lines if "端末" in line.text]

    assert [row.cells for row in rows] == [columns]


def test_what_is_no_text_is_drawn_between_the_letters() -> None:
    printed = read(samples.ticket(), 576, T20)

    kinds = ["picture" if isinstance(b, Image.Image) else type(b).__name__ for b in printed.blocks]
    assert {"picture", "Line", "Code"} <= set(kinds)
    assert kinds[0] == "Line"


def test_a_printer_with_qr_codes_of_its_own_gets_the_signed_text_itself() -> None:
    (code,) = read(samples.ticket(), 576, T20).codes

    assert code.text == samples.ticket().qr


def test_a_code_fits_the_paper_even_where_the_printer_packs_it_badly() -> None:
    for width in WIDTHS:
        (code,) = read(samples.ticket(), width, T20).codes
        packed = QRCode(error_correction=CORRECTION[code.level], border=4)
        packed.add_data(QRData(code.text, mode=MODE_8BIT_BYTE))
        packed.make(fit=True)
        assert len(packed.get_matrix()) * code.module <= width
        assert code.module >= 3


def test_a_name_that_the_printer_lacks_is_drawn_and_the_rest_is_written() -> None:
    slip = msgspec.structs.replace(samples.slip(), organisation="髙島屋 🐟")

    printed = read(slip, 576, T20)

    assert isinstance(printed.blocks[0], Image.Image)
    assert all("島屋" not in line.text for line in printed.lines)
    assert any("魚" not in line.text and "大塚" in line.text for line in printed.lines)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("¥100", "￥100".encode("cp932")),
        ("10〜20", "10～20".encode("cp932")),
        ("~", "～".encode("cp932")),
        ("−5", "－5".encode("cp932")),
        ("—‖¢£¬", "―∥￠￡￢".encode("cp932")),
        ("a\u00a0b", b"a b"),
        ("か\u3099", "が".encode("cp932")),
        ("C:\\", None),
        ("髙", None),
        ("①", None),
        ("ｶ", None),
        ("é", None),
        ("\x10\x04\x01", None),
    ],
)
def test_signs_that_have_two_codes_are_sent_by_the_one_that_printers_know(
    text: str, data: bytes | None
) -> None:
    assert letters.encoded(text) == data


@given(st.text())
def test_whatever_is_written_reads_back_and_is_as_wide_as_it_was_measured(text: str) -> None:
    data = letters.encoded(text)

    if data is not None:
        assert data.decode("cp932") == letters.prepared(text)
        assert len(data) == letters.cells(text)
        assert not any(byte < 0x20 for byte in data)


WORDS = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs")) | st.sampled_from("¥～−―髙①島 商店街"),
    min_size=1,
    max_size=30,
)


def _slip(words: tuple[str, str, str, str], points: int, english: bool) -> Slip:
    organisation, place, town, point_name = words
    return Slip(
        language="en" if english else "ja",
        kind="spend",
        organisation=organisation,
        place=place,
        town=town,
        point_name=point_name,
        points=points,
        settled="online",
        at=datetime(2017, 12, 15, 5, 5, tzinfo=UTC),
        node="B2108-1111",
        seq=42,
        digest="9f2c01d2",
    )


@given(
    words=st.tuples(WORDS, WORDS, WORDS, WORDS),
    points=st.integers(1, 10**9),
    english=st.booleans(),
    width=st.sampled_from(WIDTHS),
    profile=st.sampled_from(PROFILES),
)
def test_any_slip_on_any_printer_is_bytes_that_a_strict_reader_takes(
    words: tuple[str, str, str, str],
    points: int,
    english: bool,
    width: int,
    profile: Profile,
) -> None:
    printed = read(_slip(words, points, english), width, profile)

    columns = width // 12
    assert all(line.cells <= columns for line in printed.lines)
    assert printed.picture.width in (1, width)
    if profile.kanji and letters.encoded(words[0]) is not None:
        written = "".join(_lines(printed)).replace(" ", "").replace("\u3000", "")
        assert _bare(letters.prepared(words[0])) in written


def _lines(printed: Sheet) -> list[str]:
    return [block.text for block in printed.blocks if isinstance(block, Line)]


def _bare(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) != "Zs")


@pytest.mark.parametrize(("cutter", "said"), [("none", "none"), ("partial", "partial")])
def test_a_sheet_is_cut_as_the_printer_can(cutter: str, said: str) -> None:
    profile = next(profile for profile in PROFILES if profile.cutter == cutter)

    printed = read(samples.slip(), profile.dots, profile)

    assert (printed.cut, printed.fed_lines) == (said, FEED_BEFORE_CUT)


def test_the_drawer_opens_where_money_may_move_and_the_shop_wants_it() -> None:
    slip = samples.slip()
    for kind in get_args(TakingsKind):
        moved = msgspec.structs.replace(slip, kind=kind)
        assert read(moved, 576, T20, drawer=slip.at).kicks == 1
    assert read(slip, 576, T20).kicks == 0
    assert read(slip, 576, UNKNOWN, drawer=slip.at).kicks == 0


def test_the_drawer_stays_shut_where_no_money_moves_or_nobody_is_there_any_more() -> None:
    slip = samples.slip()
    again = msgspec.structs.replace(slip, reprints=1)
    training = msgspec.structs.replace(slip, training=True)
    void = msgspec.structs.replace(slip, kind="void")

    for document in (again, training, void, samples.ticket(), samples.z_report()):
        assert read(document, 576, T20, drawer=slip.at).kicks == 0
    assert read(slip, 576, T20, drawer=slip.at + timedelta(seconds=1)).kicks == 0


def test_a_long_sheet_goes_in_pieces_that_are_whole_commands() -> None:
    for profile in (UNKNOWN, T20):
        pieces = sheet(samples.ticket(), 576, profile)
        assert len(pieces) > 1
        for end in range(1, len(pieces)):
            with pytest.raises(NotUnderstood, match="not fed out"):
                read_sheets(b"".join(pieces[:end]))


@pytest.mark.parametrize("profile", [SMALL, T20])
def test_a_code_of_the_printers_own_has_the_white_that_scanners_need_above_and_below(
    profile: Profile,
) -> None:
    ticket = samples.ticket()
    code = plan(ticket.qr, profile.dots, "bytes")
    white = feed(4 * code.dots)  # ISO/IEC 18004 section 6.3.8: four modules

    data = b"".join(sheet(ticket, profile.dots, profile))

    assert white + qr(ticket.qr, code.dots, code.level) + white in data
