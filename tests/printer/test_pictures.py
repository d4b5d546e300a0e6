"""What people hold in their hands, dot by dot."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from printer.page import pages
from printer.raster import render_png
from tests.printer.golden import DOCUMENTS, FOLDER, PAGES, WIDTHS, file_of, pages_of


def same(approved: Path, drawn: bytes) -> bool:
    with Image.open(approved) as one, Image.open(BytesIO(drawn)) as other:
        return (
            one.size == other.size
            and ImageChops.difference(one.convert("L"), other.convert("L")).getbbox() is None
        )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_paper_looks_as_it_was_approved(name: str, width: int) -> None:
    assert same(file_of(name, width), render_png(DOCUMENTS[name], width))


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_look_as_they_were_approved(name: str) -> None:
    for file, page in pages_of(name).items():
        assert same(file, page), file.name


def test_every_approved_picture_is_still_compared() -> None:
    paper = {file_of(name, width) for name in DOCUMENTS for width in WIDTHS}
    on_pages = {
        FOLDER / f"{name}-{number}.png"
        for name in PAGES
        for number in range(1, len(pages(*PAGES[name])) + 1)
    }

    assert set(FOLDER.glob("*.png")) == paper | on_pages


def test_the_same_document_is_the_same_picture_each_time() -> None:
    document = DOCUMENTS["ticket-ja"]

    assert render_png(document, 512) == render_png(document, 512)
