"""A picture to a receipt printer: ESC/POS bytes and the ways they travel. The only escpos import.

Everything is sent as raster (``GS v 0``): a printer's own letters are different in each model and
Japanese ones are missing in many. Destinations, as a person writes them:

    none                     no printer here
    file:PATH                append to a file, or write to a device such as /dev/usb/lp0
    tcp:HOST:PORT            a network printer (usually port 9100) that answers when asked
    tcp:HOST:PORT,mute       one that never answers: what it took counts as printed

A printer that answers is asked before the first dot whether it is ready (cover, paper), and after
the last dot whether it is done; only that second answer makes a job confirmed. Commands and status
bits: Epson, "ESC/POS Command Reference": DLE EOT n, GS r, GS v 0, GS V.
"""

import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from printer.documents import Document
from printer.errors import BadDestination, MayHavePrinted, NotPrinted, Trouble
from printer.raster import render

if TYPE_CHECKING:
    from PIL import Image

BAND = 512
"""Rows in one raster command: small printers hold no whole ticket in memory."""
FEED_BEFORE_CUT = 6
"""Lines from the print head to the cutter."""

_ASK_OFFLINE_CAUSE = b"\x02"  # n of DLE EOT
_ASK_WHEN_DONE = b"r\x01"  # of GS: paper sensor, answered in order, so after what was sent before
_DEVICES = Path("/dev")
_MOST_ANSWERS = 64


@dataclass(frozen=True, slots=True)
class Nowhere:
    """No printer here."""


@dataclass(frozen=True, slots=True)
class ToFile:
    """A file that grows, or a device file."""

    path: Path


@dataclass(frozen=True, slots=True)
class ToNetwork:
    """A network printer. ``mute``: it never answers."""

    host: str
    port: int
    mute: bool = False


Destination = Nowhere | ToFile | ToNetwork


def parse_destination(text: str) -> Destination:
    """Read a destination as a person wrote it; raises :class:`BadDestination` in words."""
    way, _, rest = text.strip().partition(":")
    if way == "none" and not rest:
        return Nowhere()
    if way == "file" and rest:
        return ToFile(Path(rest))
    if way == "tcp":
        address, _, manner = rest.partition(",")
        host, _, port = address.rpartition(":")
        good_port = port.isascii() and port.isdecimal() and 0 < int(port) <= 65535  # noqa: PLR2004  16 bits
        if host and good_port and manner in ("", "mute"):
            return ToNetwork(host.strip("[]"), int(port), mute=manner == "mute")
    raise BadDestination(
        f'"{text}" names no printer. Write none, file:PATH, tcp:HOST:PORT (network printers '
        "mostly listen on 9100), or tcp:HOST:PORT,mute for a printer that never answers."
    )


def to_bytes(picture: "Image.Image") -> bytes:
    """A 1-bit picture as ESC/POS: reset, raster in bands, feed, cut."""
    from escpos.constants import GS, HW_INIT, PAPER_FULL_CUT
    from escpos.image import EscposImage

    parts = [HW_INIT]
    for top in range(0, picture.height, BAND):
        bottom = min(top + BAND, picture.height)
        band = EscposImage(picture.crop((0, top, picture.width, bottom)))
        size = band.width_bytes.to_bytes(2, "little") + band.height.to_bytes(2, "little")
        parts.append(GS + b"v0\x00" + size + band.to_raster_format())
    parts.append(b"\x1bd" + bytes([FEED_BEFORE_CUT]))
    parts.append(PAPER_FULL_CUT)
    return b"".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPrinter:
    """One printer: where it is, how wide its paper is, how long to wait for it."""

    destination: Destination
    width: int
    """Dots across, see :data:`printer.raster.WIDTHS`."""
    timeout: float = 8.0
    """Seconds for each answer of a network printer; a long ticket takes about 3 to print."""

    def print(self, document: Document) -> None:
        """Print one document and return when it is known to be on paper.

        Raises :class:`BadDocument` or :class:`NotPrinted` when nothing was sent, and
        :class:`MayHavePrinted` when something was and nobody confirmed it.
        """
        data = to_bytes(render(document, self.width))
        match self.destination:
            case Nowhere():
                raise NotPrinted(Trouble.NO_PRINTER, "No printer is set up; the paper waits.")
            case ToFile(path):
                _append(path, data)
            case ToNetwork():
                _send(self.destination, data, self.timeout)
            case _:
                assert_never(self.destination)

    def check(self) -> None:
        """Ask whether it could print now, and print nothing. Raises :class:`NotPrinted`."""
        match self.destination:
            case Nowhere():
                raise NotPrinted(Trouble.NO_PRINTER, "No printer is set up; the paper waits.")
            case ToFile(path):
                if not os.access(path if path.exists() else path.parent, os.W_OK):
                    raise NotPrinted(Trouble.UNREACHABLE, f"{path} may not be written.")
            case ToNetwork():
                _connect(self.destination, self.timeout).close()
            case _:
                assert_never(self.destination)


def _append(path: Path, data: bytes) -> None:
    """Add to a file so that it survives a power cut, or write to a device."""
    # An unplugged device must be missed, not replaced by a file of its name.
    create = 0 if path.is_relative_to(_DEVICES) else os.O_CREAT
    new = create and not path.exists()
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | create | getattr(os, "O_BINARY", 0), 0o600)
    except OSError as error:
        raise NotPrinted(
            Trouble.UNREACHABLE, f"The printer's file {path} cannot be opened: {error.strerror}."
        ) from error
    try:
        _write_all(fd, data)
        if stat.S_ISREG(os.fstat(fd).st_mode):
            os.fsync(fd)
        if new:
            _keep_name(path.parent)
    except OSError as error:
        raise MayHavePrinted(
            Trouble.CUT_OFF, f"Writing to {path} stopped half-way: {error.strerror}."
        ) from error
    finally:
        os.close(fd)


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _keep_name(folder: Path) -> None:
    """Make a new file's name as durable as its content (Windows does so by itself)."""
    if os.name == "posix":
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _connect(to: ToNetwork, timeout: float) -> socket.socket:
    """A connection to a printer that says that it is ready."""
    try:
        connection = socket.create_connection((to.host, to.port), timeout)
    except OSError as error:
        raise NotPrinted(
            Trouble.UNREACHABLE,
            f"The printer {to.host}:{to.port} cannot be reached: {error}. Nothing was printed.",
        ) from error
    try:
        if not to.mute:
            _require_ready(connection, to)
    except BaseException:
        connection.close()
        raise
    return connection


def _send(to: ToNetwork, data: bytes, timeout: float) -> None:
    """Ask whether it is ready, send, and ask whether it is done."""
    with _connect(to, timeout) as connection:
        try:
            connection.sendall(data)
        except OSError as error:
            raise MayHavePrinted(
                Trouble.CUT_OFF, f"The printer {to.host} was cut off half-way: {error}."
            ) from error
        if not to.mute:
            _require_done(connection, to)


def _require_ready(connection: socket.socket, to: ToNetwork) -> None:
    """Refuse to send the first dot to a printer that could not print it."""
    from escpos.constants import RT_STATUS

    # DLE EOT 2, "offline cause status": bits 1 and 4 are set, 0 and 7 are not.
    answer = _ask(connection, RT_STATUS + _ASK_OFFLINE_CAUSE, mask=0x93, fixed=0x12)
    if answer is None:
        raise NotPrinted(
            Trouble.SILENT,
            f"The printer {to.host}:{to.port} does not answer. Nothing was printed. If this model "
            f"never answers, set it up as tcp:{to.host}:{to.port},mute.",
        )
    for bit, trouble, words in (
        (0x04, Trouble.COVER_OPEN, "its cover is open"),
        (0x20, Trouble.PAPER_OUT, "its paper has run out"),
        (0x40, Trouble.DEVICE_ERROR, "it reports an error"),
    ):
        if answer & bit:
            raise NotPrinted(trouble, f"The printer cannot print: {words}. Nothing was printed.")


def _require_done(connection: socket.socket, to: ToNetwork) -> None:
    """Wait until the printer has worked off everything that was sent before."""
    from escpos.constants import GS

    # GS r 1, "paper sensor status": bits 4 and 7 are not set; 2 and 3 say that the roll is empty.
    answer = _ask(connection, GS + _ASK_WHEN_DONE, mask=0x90, fixed=0x00)
    if answer is None:
        raise MayHavePrinted(
            Trouble.UNCONFIRMED, f"The printer {to.host} took everything and said nothing since."
        )
    if answer & 0x0C:
        raise MayHavePrinted(
            Trouble.PAPER_OUT, "The paper ran out: look whether the last sheet is whole."
        )


def _ask(connection: socket.socket, question: bytes, *, mask: int, fixed: int) -> int | None:
    """The first byte that can be the answer, or None. Other bytes are a printer's own reports."""
    try:
        connection.sendall(question)
        for _ in range(_MOST_ANSWERS):
            byte = connection.recv(1)
            if not byte:
                return None
            if byte[0] & mask == fixed:
                return byte[0]
    except OSError:
        return None
    return None
