"""Sheets into a file that grows, or into a device file such as ``/dev/usb/lp0``."""

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from printer.destinations import Page
from printer.documents import Document, encode, kind
from printer.errors import MayHavePrinted, NotPrinted, Trouble

_DEVICES = Path("/dev")
_AT_ONCE = getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""Not waiting for somebody to read a pipe: that would keep all other paper back."""


def append(path: Path, data: bytes) -> None:
    """Add to a file so that it survives a power cut, or write to a device."""
    # An unplugged device must be missed, not replaced by a file of its name.
    create = 0 if path.is_relative_to(_DEVICES) else os.O_CREAT
    try:
        new = create and not path.exists()
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | create | _AT_ONCE, 0o600)
    except OSError as error:
        raise NotPrinted(
            Trouble.UNREACHABLE, f"The printer's file {path} cannot be opened: {error.strerror}."
        ) from error
    try:
        if os.name == "posix":
            os.set_blocking(fd, True)
        write_all(fd, data)
        if stat.S_ISREG(os.fstat(fd).st_mode):
            os.fsync(fd)
        if new:
            keep_name(path.parent)
    except OSError as error:
        raise MayHavePrinted(
            Trouble.CUT_OFF, f"Writing to {path} stopped half-way: {error.strerror}."
        ) from error
    finally:
        os.close(fd)


def require_writable(path: Path) -> None:
    """Ask whether :func:`append` could work, and write nothing. Raises :class:`NotPrinted`."""
    try:
        there = path.is_relative_to(_DEVICES) or path.exists()
        writable = os.access(path if there else path.parent, os.W_OK)
    except OSError:  # a name that is too long, a folder that may not be looked into
        writable = False
    if not writable:
        raise NotPrinted(Trouble.UNREACHABLE, f"{path} is not there, or may not be written.")


def write_all(fd: int, data: bytes) -> None:
    """Write every byte; a device may take them in pieces."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def keep_name(folder: Path) -> None:
    """Make a new file's name as durable as its content (Windows does so by itself)."""
    if os.name == "posix":
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def begin_folder(folder: Path) -> None:
    """Make the folder that somebody has just named, if it can be made.

    Only then: later a folder that is missing is on a drive that is not plugged in.
    """
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)


def require_folder(folder: Path) -> None:
    """Ask whether :func:`keep_sheet` could work, and write nothing. Raises :class:`NotPrinted`."""
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise NotPrinted(Trouble.NO_FOLDER, f"{folder} is no folder that may be written.")


def keep_sheet(folder: Path, document: Document, page: Page) -> Path:
    """Write a sheet as a PDF of its own, whole or not at all, and return where it is.

    Its name is made from what it says: the same sheet again is the same file, never a double.
    """
    require_folder(folder)
    name = hashlib.sha256(encode(document)).hexdigest()[:16]
    file = folder / f"{kind(document)}-{name}.pdf"
    data = as_page(document, page)
    draft = file.with_suffix(".part")
    try:
        with draft.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
        keep_name(folder)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise NotPrinted(
            Trouble.NO_FOLDER, f"{file} could not be written: {error.strerror}."
        ) from error
    return file


def as_page(document: Document, page: Page) -> bytes:
    """A sheet as a PDF. Raises :class:`BadDocument`."""
    from printer.page import to_pdf

    return to_pdf(document, page)
