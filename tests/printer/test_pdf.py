"""A folder that gets a PDF for each sheet."""

import os
from pathlib import Path

import msgspec
import pytest

from printer.destinations import ToPdf
from printer.device import ReceiptPrinter
from printer.errors import NotPrinted, Trouble
from tests.printer import samples


def test_each_sheet_is_a_file_and_the_same_sheet_the_same_file(tmp_path: Path) -> None:
    to_folder = ReceiptPrinter(destination=ToPdf(tmp_path, "a6"), width=576)
    slip = samples.slip()

    for document in (slip, slip, samples.ticket(), msgspec.structs.replace(slip, reprints=1)):
        to_folder.print(document)

    files = sorted(file.name for file in tmp_path.iterdir())
    assert [name.rpartition("-")[0] for name in files] == ["slip", "slip", "ticket"]
    assert all(file.read_bytes().startswith(b"%PDF-") for file in tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told_before_anything_is_written(tmp_path: Path) -> None:
    to_folder = ReceiptPrinter(destination=ToPdf(tmp_path / "no", "a4"), width=576)

    for ask in (to_folder.check, lambda: to_folder.print(samples.slip())):
        with pytest.raises(NotPrinted) as told:
            ask()
        assert told.value.trouble is Trouble.NO_FOLDER


def test_a_disk_that_is_full_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(NotPrinted, match="No space left"):
        ReceiptPrinter(destination=ToPdf(tmp_path, "a6"), width=576).print(samples.slip())
    assert not list(tmp_path.iterdir())
