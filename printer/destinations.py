"""Where paper comes out, as a person writes it and as a value.

The words and what they mean::

    none                     no printer here
    file:PATH                append to a file, or write to a device such as /dev/usb/lp0
    tcp:HOST:PORT            a network printer (usually port 9100) that answers when asked
    tcp:HOST:PORT,mute       one that never answers: what it took counts as printed
    usb                      the only USB printer there is
    usb:VID:PID              this model, by its USB numbers in hexadecimal
    usb:VID:PID:SERIAL       this very one
    serial:DEVICE            a serial port such as /dev/ttyUSB0 or COM3, at 9600 baud
    serial:DEVICE,BAUD       at another speed
    cups:QUEUE               the PC's print queue, which hands our bytes through as they are
    cups:QUEUE,a6            the same for a printer of pages: a6 or a4
    pdf:FOLDER,a6            a PDF file for each sheet: a6 or a4

"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, assert_never, get_args

from printer.errors import BadDestination

Page = Literal["a6", "a4"]
"""Sheets of an office printer."""
BAUD = 9600
"""What a serial port runs at unless told otherwise."""

_PAGES: dict[str, Page] = {page: page for page in get_args(Page)}
_BAUDS = (4800, 9600, 19200, 38400, 57600, 115200)
_USB = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::([^\s,]+))?", re.ASCII)
_QUEUE = re.compile(r"[^\s/#,'\"?\\-][^\s/#,'\"?\\]{0,126}")  # lpadmin(8): no space, tab, / or #
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_MOST_PORT = 65535


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


@dataclass(frozen=True, slots=True)
class ToUsb:
    """A USB printer. Without numbers it is the only one there is."""

    vendor: int | None = None
    product: int | None = None
    serial: str = ""


@dataclass(frozen=True, slots=True)
class ToSerial:
    """A printer at a serial port: 8 bits, no parity, 1 stop bit."""

    device: str
    baud: int = BAUD


@dataclass(frozen=True, slots=True)
class ToCups:
    """A print queue of this PC. ``page``: what its printer prints on; None: it takes ESC/POS."""

    queue: str
    page: Page | None = None


@dataclass(frozen=True, slots=True)
class ToPdf:
    """A folder that gets a PDF for each sheet."""

    folder: Path
    page: Page


Destination = Nowhere | ToFile | ToNetwork | ToUsb | ToSerial | ToCups | ToPdf


def parse_destination(text: str) -> Destination:
    """Read a destination as a person wrote it; raises :class:`BadDestination` in words."""
    way, colon, rest = text.strip().partition(":")
    found = _WAYS[way](rest) if way in _WAYS and bool(rest) == bool(colon) else None
    if found is None:
        raise BadDestination(
            f'"{text}" names no printer. Write none, file:PATH, tcp:HOST:PORT (network printers '
            "mostly listen on 9100), tcp:HOST:PORT,mute for a printer that never answers, usb or "
            "usb:VID:PID, serial:DEVICE,BAUD, cups:QUEUE (cups:QUEUE,a6 for a printer of pages), "
            "or pdf:FOLDER,a6."
        )
    return found


def in_full(destination: Destination) -> Destination:
    """The same with its path from the root on: another program begins in another folder."""
    match destination:
        case ToFile(path):
            return ToFile(path.expanduser().absolute())
        case ToPdf(folder, page):
            return ToPdf(folder.expanduser().absolute(), page)
    return destination


def write_destination(destination: Destination) -> str:
    """The words that :func:`parse_destination` reads as this value."""
    match destination:
        case Nowhere():
            return "none"
        case ToFile(path):
            return f"file:{path}"
        case ToNetwork(host, port, mute):
            shown = f"[{host}]" if ":" in host else host
            return f"tcp:{shown}:{port}{',mute' if mute else ''}"
        case ToUsb(vendor, product, serial):
            if vendor is None or product is None:
                return "usb"
            return f"usb:{vendor:04x}:{product:04x}{f':{serial}' if serial else ''}"
        case ToSerial(device, baud):
            return f"serial:{device}{'' if baud == BAUD else f',{baud}'}"
        case ToCups(queue, page):
            return f"cups:{queue}{'' if page is None else f',{page}'}"
        case ToPdf(folder, page):
            return f"pdf:{folder},{page}"
    assert_never(destination)


def _nowhere(rest: str) -> Destination | None:
    return None if rest else Nowhere()


def _file(rest: str) -> Destination | None:
    return ToFile(Path(rest)) if rest else None


def _network(rest: str) -> Destination | None:
    address, comma, manner = rest.partition(",")
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or not _PORT.fullmatch(port) or int(port) > _MOST_PORT:
        return None
    return ToNetwork(host, int(port), mute=bool(comma)) if manner == "mute" * bool(comma) else None


def _usb(rest: str) -> Destination | None:
    if not rest:
        return ToUsb()
    numbers = _USB.fullmatch(rest)
    if numbers is None:
        return None
    return ToUsb(int(numbers[1], 16), int(numbers[2], 16), numbers[3] or "")


def _serial(rest: str) -> Destination | None:
    device, comma, baud = rest.partition(",")
    if not device or (comma and baud not in map(str, _BAUDS)):
        return None
    return ToSerial(device, int(baud) if comma else BAUD)


def _cups(rest: str) -> Destination | None:
    queue, comma, page = rest.partition(",")
    if not _QUEUE.fullmatch(queue):
        return None
    if not comma:
        return ToCups(queue)
    return ToCups(queue, _PAGES[page]) if page in _PAGES else None


def _pdf(rest: str) -> Destination | None:
    folder, _, page = rest.rpartition(",")
    return ToPdf(Path(folder), _PAGES[page]) if folder and page in _PAGES else None


_WAYS: dict[str, Callable[[str], Destination | None]] = {
    "none": _nowhere,
    "file": _file,
    "tcp": _network,
    "usb": _usb,
    "serial": _serial,
    "cups": _cups,
    "pdf": _pdf,
}
