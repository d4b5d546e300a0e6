"""Letters and QR codes as dots."""

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from printer.documents import Document
from printer.errors import BadDocument
from printer.layout import Text
from printer.raster import (
    GETA,
    MARGIN,
    WIDTHS,
    draw,
    drawable,
    has_glyph,
    measure,
    render,
    render_png,
)
from printer.words import Word
from tests.printer import samples


def ink(text: str, *, bold: bool) -> int:
    """Black dots of one line of text."""
    return draw((Text(text=text, bold=bold),), 384).histogram()[0]


@pytest.mark.parametrize("word", Word, ids=lambda word: word.name)
def test_every_word_of_ours_has_its_glyphs(word: Word) -> None:
    assert drawable(word.ja) == word.ja
    assert drawable(word.en) == word.en


def test_every_letter_of_cp932_can_be_printed() -> None:
    letters: set[str] = set()
    for lead in (*range(0x81, 0xA0), *range(0xE0, 0xFD)):
        for trail in range(0x40, 0xFD):
            try:
                letter = bytes([lead, trail]).decode("cp932")
            except UnicodeDecodeError:
                continue
            if not 0xE000 <= ord(letter[0]) <= 0xF8FF:
                letters.update(letter)

    missing = {letter for letter in letters if not has_glyph(letter)}

    assert len(letters) > 7_000
    assert missing == {"≒"}  # Noto Sans CJK JP 2.004 has none


def test_names_with_uncommon_kanji_are_printed_as_they_are() -> None:
    assert drawable("髙島屋の﨑さんと𠮷野さん") == "髙島屋の﨑さんと𠮷野さん"


def test_a_letter_without_glyph_is_seen_on_paper() -> None:
    assert not has_glyph("😀")
    assert drawable("祭😀") == f"祭{GETA}"
    assert ink("祭😀", bold=False) == ink(f"祭{GETA}", bold=False) > ink("祭", bold=False)


@pytest.mark.parametrize("bold", [False, True])
def test_both_fonts_hold_the_same_letters(bold: bool) -> None:
    assert all(ink(letter, bold=bold) > 0 for letter in "A9,ポあ漢髙﨑𠮷〓−¥")


def test_marks_that_draw_nothing_take_no_place() -> None:
    assert drawable("葛\U000e0100城\u200b市\n") == "葛城市"
    assert drawable("か\u3099") == "が"


def test_bold_and_size_are_measured_as_drawn() -> None:
    for bold in (False, True):
        for size in (21, 32, 120):
            picture = draw((Text(text="1,000ポイント", size=size, bold=bold),), 2_000)
            box = picture.point(lambda dot: 255 - dot).getbbox()
            assert box is not None
            assert box[2] - box[0] <= measure("1,000ポイント", size, bold)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_phone_reads_the_ticket_from_the_paper(width: int) -> None:
    png = Image.open(BytesIO(render_png(samples.ticket(), width)))

    code = zxingcpp.read_barcode(png.convert("L"))

    assert code is not None
    assert code.text == samples.QR_TEXT


@pytest.mark.parametrize("angle", [-3, 3])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_phone_reads_a_ticket_that_is_held_askew_and_out_of_focus(width: int, angle: int) -> None:
    photo = (
        render(samples.ticket(), width)
        .convert("L")
        .rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
        .filter(ImageFilter.GaussianBlur(1.5))
    )

    code = zxingcpp.read_barcode(photo)

    assert code is not None
    assert code.text == samples.QR_TEXT


def test_paper_of_unknown_width_is_refused() -> None:
    with pytest.raises(BadDocument, match="384, 512, 576"):
        render(samples.slip(), 400)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("document", [samples.slip("en"), samples.z_report()], ids=["slip", "z"])
def test_no_letter_reaches_into_the_margins(width: int, document: Document) -> None:
    picture = render(document, width)
    letters = picture.point(lambda dot: 255 - dot).getbbox()

    assert picture.mode == "1"
    assert picture.width == width
    assert letters is not None
    assert letters[0] >= MARGIN - 1  # a round letter may lean out by a dot
    assert letters[2] <= width - MARGIN + 1
