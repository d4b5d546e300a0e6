"""Checks of this PC's card readers: what is well between the program and a card, and what to do.

    reader-support   the program was installed with card readers (pyscard)
    reader-service   PC/SC runs and lets this user in
    reader           one is plugged in, and the service sees it
    card-on-reader   the card that lies there answers, and may be used

In this order, up to the first that is not well: what stands behind it could not work. Why a service
or a reader is not there is told from what the operating system shows (:class:`Pc`), by pure
functions. A card is powered for a moment, as in a tap, and nothing is asked of it that spends a
try; nothing that it says of its owner is told.
"""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from node.card.errors import CardError, CardInUse, NoCard, NoReaderService, NoReaderSupport
from node.card.pcsc import SCOPE_USER, Code, PcscConnection, Scard, code_of, listed, trouble_before
from node.card.tap import CardAddress, ReaderAddress, Tap
from node.outcome import Check, Level
from sync.certificate import CertificateError, validity
from sync.values import Millis

_DRIVER_ROOMS: Final = ("usr/lib/pcsc/drivers", "usr/lib64/pcsc/drivers")
_DRIVER: Final = "ifd-ccid.bundle"
"""libccid, as every distribution installs it."""
_SOCKET: Final = "run/pcscd/pcscd.comm"
_HOLDERS: Final = ("pn533_usb", "port100")
"""Kernel drivers for readers of tags that take a reader for themselves (Linux, ``drivers/nfc``)."""
_SMART_CARD_CLASS: Final = "0b"
"""bInterfaceClass of a CCID reader (USB Smart Card CCID 1.1, 4.3)."""

INSTALL: Final = (
    "install it: sudo apt install pcscd (Debian, Ubuntu), "
    "sudo dnf install pcsc-lite pcsc-lite-ccid (Fedora)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pc:
    """What the operating system shows of card readers, beside PC/SC itself.

    Only Linux shows all of it; elsewhere ``plugged_in`` and ``held_by`` are empty.
    """

    system: str = "linux"
    """As ``sys.platform`` has it."""
    service: bool = True
    """Whether pcscd is installed."""
    socket: bool = True
    """Whether pcscd's socket is there, by which systemd starts it."""
    driver: bool = True
    """Whether the driver for USB readers (libccid) is installed."""
    plugged_in: int = 0
    """USB devices that call themselves a card reader."""
    held_by: tuple[str, ...] = ()
    """Kernel drivers that hold a reader for themselves."""


def pc_here(root: Path = Path("/")) -> Pc:
    """Look at this PC. ``root`` is where its file system begins."""
    if not sys.platform.startswith("linux"):
        return Pc(system=sys.platform)
    path = os.pathsep.join(str(root / each) for each in ("usr/sbin", "usr/bin", "sbin", "bin"))
    usb = root / "sys/bus/usb"
    return Pc(
        service=shutil.which("pcscd", path=path) is not None,
        socket=(root / _SOCKET).exists(),
        driver=any((root / room / _DRIVER).exists() for room in _DRIVER_ROOMS),
        plugged_in=sum(1 for each in usb.glob("devices/*/bInterfaceClass") if _is_smart_card(each)),
        held_by=tuple(name for name in _HOLDERS if any((usb / "drivers" / name).glob("*:*"))),
    )


def _is_smart_card(interface_class: Path) -> bool:
    try:
        return interface_class.read_text("ascii").strip() == _SMART_CARD_CLASS
    except (OSError, UnicodeDecodeError):  # pulled out while we looked
        return False


def why_down(pc: Pc) -> str:
    """What to do where the card service does not answer."""
    if pc.system == "win32":
        return (
            "Windows runs its service Smart Card (SCardSvr) while a card reader is plugged in: "
            "plug it in; if that does not help, open services.msc and start Smart Card"
        )
    if pc.system != "linux":
        return str(NoReaderService())
    if not pc.service:
        return f"this PC has no card service: {INSTALL}"
    if not pc.socket:
        return "the card service is not switched on: sudo systemctl enable --now pcscd.socket"
    return "the card service does not answer: sudo systemctl restart pcscd.socket pcscd.service"


def why_none(pc: Pc) -> str:
    """What to do where the service runs and sees no card reader."""
    if pc.held_by:
        modules = " ".join(pc.held_by)
        return (
            f"the kernel's {modules} holds the card reader: write 'blacklist' and that name into "
            f"/etc/modprobe.d/card-reader.conf, then sudo modprobe -r {modules} and plug it in "
            "again"
        )
    if not pc.driver:
        return f"the driver for USB card readers (libccid) is not installed: {INSTALL}"
    if pc.plugged_in:
        return (
            "a card reader is plugged in and the card service does not see it: pull it out, "
            "sudo systemctl restart pcscd.service, plug it in again"
        )
    return "no card reader is plugged in: plug it in, straight into the PC"


def check_readers(
    *,
    wanted: bool,
    at: Millis,
    functions: Callable[[], Scard],
    pc: Callable[[], Pc] = pc_here,
) -> tuple[Check, ...]:
    """Every check of the readers, up to the first that is not well.

    ``wanted``: whether real cards are used here at all; a demo goes on without a reader.
    """
    look = Level.LOOK if wanted else Level.NOTE
    try:
        found = functions()
    except NoReaderSupport as absent:
        here = pc()
        in_use = bool(here.plugged_in or here.held_by)
        return (_check("reader-support", look if in_use else Level.NOTE, str(absent)),)
    support = _check("reader-support", Level.WELL, "installed")
    try:
        names = _names(found)
    except NoReaderService:
        return support, _check("reader-service", look, why_down(pc()))
    except CardError as trouble:
        return support, _check("reader-service", look, str(trouble))
    service = _check("reader-service", Level.WELL, "running")
    if not names:
        return support, service, _check("reader", look, why_none(pc()))
    return support, service, _readers(names), _cards(names, found, at)


def _check(name: str, level: Level, detail: str) -> Check:
    return Check(check=name, level=level, detail=detail)


def _names(functions: Scard) -> Sequence[str]:
    """The readers that the service sees. Raises NoReaderService, ReaderForbidden, CardError."""
    returned, context = functions.SCardEstablishContext(SCOPE_USER)
    if code_of(returned) != Code.SUCCESS:
        raise trouble_before(code_of(returned), "the card reader")
    try:
        return listed(functions, context)
    finally:
        functions.SCardReleaseContext(context)


def _readers(names: Sequence[str]) -> Check:
    told = ", ".join(names)
    if len(names) == 1:
        return _check("reader", Level.WELL, told)
    return _check(
        "reader", Level.NOTE, f"{told}; several: on the command line name one, pcsc:READER"
    )


def _cards(names: Sequence[str], functions: Scard, at: Millis) -> Check:
    """What lies on the readers; the worst of it decides."""
    found = [seen for name in names if (seen := _card(name, functions, at)) is not None]
    if not found:
        return _check(
            "card-on-reader",
            Level.NOTE,
            "none lies there: put a My Number card down and ask again, to have it looked at",
        )
    worst = max((level for level, _ in found), key=list(Level).index)
    return _check("card-on-reader", worst, "; ".join(words for _, words in found))


def _card(name: str, functions: Scard, at: Millis) -> tuple[Level, str] | None:
    """How the card on one reader is; None where nothing lies there."""

    def connect(_address: CardAddress) -> PcscConnection:
        return PcscConnection.open(name, functions=functions)

    try:
        with Tap(ReaderAddress(name), connect=connect) as tap:
            level, words = judge_card(tap.tries_left, validity(tap.certificate), at)
            keys = "; the PIN is typed on the reader's own keys" if tap.pad else ""
            return level, words + keys
    except NoCard:
        return None
    except CardInUse as busy:
        return Level.NOTE, str(busy)
    except (CardError, CertificateError) as trouble:
        return Level.LOOK, str(trouble)


def judge_card(tries: int, dates: tuple[Millis, Millis], at: Millis) -> tuple[Level, str]:
    """Whether a My Number card may be used: its tries, first and last moment of its certificate."""
    begins, ends = dates
    if tries == 0:
        return Level.LOOK, (
            "a My Number card whose PIN is locked: the resident's municipality sets a new one at "
            "its counter"
        )
    if at < begins:
        return Level.LOOK, (
            "a My Number card whose certificate is not valid yet: is the date of this PC right?"
        )
    if at > ends:
        return Level.LOOK, (
            "a My Number card whose certificate has run out: the resident's municipality renews it"
        )
    if tries == 1:
        return Level.LOOK, "a My Number card with one try left: one more wrong PIN locks it"
    return Level.WELL, (
        f"a My Number card, tries left: {tries}, its certificate within its dates; whether it is "
        "believed says the hub"
    )
