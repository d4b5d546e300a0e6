"""What people hold in their hands, dot by dot."""

from io import BytesIO

import pytest
from PIL import Image, ImageChops

from printer.raster import render_png
from tests.printer.golden import DOCUMENTS, FOLDER, WIDTHS, file_of


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_paper_looks_as_it_was_approved(name: str, width: int) -> None:
    with Image.open(file_of(name, width)) as file:
        approved = file.convert("L")
    with Image.open(BytesIO(render_png(DOCUMENTS[name], width))) as file:
        drawn = file.convert("L")

    assert drawn.size == approved.size
    assert ImageChops.difference(drawn, approved).getbbox() is None


def test_every_approved_picture_is_still_compared() -> None:
    compared = {file_of(name, width) for name in DOCUMENTS for width in WIDTHS}

    assert set(FOLDER.glob("*.png")) == compared


def test_the_same_document_is_the_same_picture_each_time() -> None:
    document = DOCUMENTS["ticket-ja"]

    assert render_png(document, 512) == render_png(document, 512)
