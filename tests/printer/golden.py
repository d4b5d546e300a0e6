"""The pictures that paper is compared with, dot by dot.

After a wanted change: ``.venv/bin/python -m tests.printer.golden`` writes them anew; look at each
before it is committed.
"""

from io import BytesIO
from pathlib import Path

import msgspec

from printer.documents import Document
from printer.page import Paper, pages
from printer.raster import render_png
from tests.printer import samples

FOLDER = Path(__file__).parent / "pictures"

DOCUMENTS: dict[str, Document] = {
    "ticket-ja": samples.ticket("ja"),
    "ticket-en": samples.ticket("en"),
    "ticket-ja-reprint-training": msgspec.structs.replace(
        samples.ticket("ja"),
        reprints=2,
        training=True,
        points=9_999_999,
        valid_until=samples.ticket("ja").valid_from,
        places=("大塚銀の鈴通り商店街（豊島区南大塚三丁目）", "「まちの本屋」池袋店"),
        online_only=True,
    ),
    "slip-ja": samples.slip("ja"),
    "slip-en": samples.slip("en"),
    "slip-ja-reversal": msgspec.structs.replace(
        samples.slip("ja"), kind="reversal", balance=None, settled=None, undoes=41
    ),
    "slip-ja-void": msgspec.structs.replace(
        samples.slip("ja"), kind="void", balance=None, settled=None, number="1234567890128"
    ),
    "z-report-ja": samples.z_report("ja"),
    "z-report-en": samples.z_report("en"),
    "clearing-receipt-ja": samples.clearing_receipt("ja"),
    "clearing-receipt-en": samples.clearing_receipt("en"),
}
WIDTHS = (384, 576)


def file_of(name: str, width: int) -> Path:
    return FOLDER / f"{name}-{width}.png"


PAGES: dict[str, tuple[Document, Paper]] = {
    "ticket-ja-a6": (DOCUMENTS["ticket-ja"], "a6"),
    "ticket-en-a6": (DOCUMENTS["ticket-en"], "a6"),
    "ticket-ja-reprint-training-a6": (DOCUMENTS["ticket-ja-reprint-training"], "a6"),
    "ticket-ja-a4": (DOCUMENTS["ticket-ja"], "a4"),
    "slip-ja-a6": (DOCUMENTS["slip-ja"], "a6"),
    "z-report-en-a4": (DOCUMENTS["z-report-en"], "a4"),
    "clearing-receipt-ja-a6": (DOCUMENTS["clearing-receipt-ja"], "a6"),
}


def pages_of(name: str) -> dict[Path, bytes]:
    """Each page of :data:`PAGES` with its file, as PNG."""
    found = {}
    for number, page in enumerate(pages(*PAGES[name]), 1):
        png = BytesIO()
        page.save(png, format="PNG", optimize=True)
        found[FOLDER / f"{name}-{number}.png"] = png.getvalue()
    return found


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, document in DOCUMENTS.items():
        for width in WIDTHS:
            file_of(name, width).write_bytes(render_png(document, width))
    for name in PAGES:
        for file, png in pages_of(name).items():
            file.write_bytes(png)
