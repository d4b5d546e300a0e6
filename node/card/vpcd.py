"""The card's side of vpcd: a software card on a virtual reader, so that real PC/SC sees it.

vsmartcard's ``vpcd`` is a driver of pcscd that plays a reader and listens on TCP. A card connects
to it and answers; each message has its length before it, two bytes, big-endian:

    the reader says           the card
    0001 00   power off       forgets the PIN and lets go of its file
    0001 01   power on        takes its file
    0001 02   reset           both, in this order
    0001 04   which ATR?      length, ATR: asked for again and again, to see that it is still there
    length, command APDU      length, response APDU

The PIN crosses this line as it crosses a reader's cable, in the clear: keep it on one PC. vpcd
listens on all addresses and believes whoever comes first, so it belongs on no terminal that takes
money.
"""

import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from functools import reduce
from operator import xor
from typing import TYPE_CHECKING, Final

from node.card.apdu import Octets, Response
from node.card.errors import CardInUse, CardRemoved, NoReader

if TYPE_CHECKING:
    from node.card.tap import Connection

logger = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
PORT: Final = 35_963
"""Where vpcd listens for its first card (0x8C7B in its ``reader.conf``)."""

_HISTORICAL: Final = b"\x80\x59machikado"
"""Compact-TLV: the issuer's data, nine bytes (ISO/IEC 7816-4, 12.1.1.2)."""
_PROTOCOL: Final = b"\x01"
"""TD1: T=1 and nothing else, whole APDUs as they come."""


def _atr() -> bytes:
    """An ATR that says what this is and copies no other card's (ISO/IEC 7816-3, 8.2)."""
    checked = bytes((0x80 | len(_HISTORICAL),)) + _PROTOCOL + _HISTORICAL
    return b"\x3b" + checked + bytes((reduce(xor, checked),))


ATR: Final = _atr()


class Control(IntEnum):
    """What a message of one byte says: no command is as short."""

    POWER_OFF = 0
    POWER_ON = 1
    RESET = 2
    GET_ATR = 4


PowerOn = Callable[[], "Connection"]
"""Powers the card, as :class:`node.card.softcard.SoftCard` does when it is made."""

_LENGTH_BYTES: Final = 2
_NO_DIAGNOSIS: Final = 0x6F00
"""The answer of a card that has no power (ISO/IEC 7816-4, 5.6)."""
_PATIENCE: Final = 5.0
"""Seconds until somebody answers the call; afterwards the reader may be silent for days."""


def attach(power_on: PowerOn, *, host: str = HOST, port: int = PORT) -> None:
    """Lay the card on a virtual reader until the reader is gone or the card leaves the field.

    Raises NoReader where no reader listens, and CardUnreadable.
    """
    with reach(host, port) as line:
        serve(line, power_on)


def reach(host: str = HOST, port: int = PORT) -> socket.socket:
    """Call the virtual reader. Raises NoReader, which says what is to be started."""
    try:
        line = socket.create_connection((host, port), timeout=_PATIENCE)
    except OSError as problem:
        raise NoReader(
            f"no virtual reader listens at {host}:{port} ({problem.strerror or problem}): "
            "install pcscd and vsmartcard-vpcd and start pcscd"
        ) from None
    line.settimeout(None)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def serve(line: socket.socket, power_on: PowerOn) -> None:
    """Be the card at the end of ``line`` until the other side hangs up or the card is taken away.

    However this ends, the card has no power afterwards and ``line`` is shut down: a reader that
    waits for an answer sees an empty slot. Whoever shuts it down from another thread takes the card
    off the reader. Raises CardUnreadable.
    """
    slot = _Slot(power_on)
    try:
        with suppress(ConnectionError, CardRemoved):
            while True:
                _answer(line, slot)
    finally:
        slot.power_off()
        with suppress(OSError):  # the reader was quicker
            line.shutdown(socket.SHUT_RDWR)


class _Slot:
    """Where the card lies: with power or without."""

    def __init__(self, power_on: PowerOn) -> None:
        self._power_on = power_on
        self._card: Connection | None = None

    def power_on(self) -> None:
        """Give it power; a card that another program holds stays without, until the next time."""
        self.power_off()
        try:
            self._card = self._power_on()
        except CardInUse as busy:
            logger.warning("the virtual reader's card stays without power: %s", busy)

    def power_off(self) -> None:
        if self._card is not None:
            self._card.close()
        self._card = None

    def transmit(self, command: Octets) -> bytes:
        """Raises CardRemoved."""
        if self._card is None:
            return Response(status=_NO_DIAGNOSIS).encode()
        return self._card.transmit(command)


def _answer(line: socket.socket, slot: _Slot) -> None:
    """Do what the reader says next. Raises ConnectionError, CardRemoved, CardUnreadable."""
    message = _receive(line)
    try:
        match message[0] if len(message) == 1 else None:
            case Control.POWER_OFF:
                slot.power_off()
            case Control.POWER_ON | Control.RESET:
                slot.power_on()
            case Control.GET_ATR:
                _send(line, ATR)
            case _:
                _send(line, slot.transmit(message))
    finally:
        message[:] = bytes(len(message))  # it may have carried a PIN


def _receive(line: socket.socket) -> bytearray:
    """The next message, to be overwritten after use. Raises ConnectionError."""
    length = int.from_bytes(_read(line, _LENGTH_BYTES), "big")
    return _read(line, length)


def _read(line: socket.socket, count: int) -> bytearray:
    """Exactly ``count`` bytes."""
    read, there = bytearray(count), 0
    with memoryview(read) as room:
        while there < count:
            _acknowledge_at_once(line)
            got = line.recv_into(room[there:])
            if not got:
                raise ConnectionResetError("the reader hung up")
            there += got
    return read


def _acknowledge_at_once(line: socket.socket) -> None:
    """Ask for it before each read, since Linux forgets it.

    vpcd writes without TCP_NODELAY: what it says next waits for our word that the last thing came,
    which is 40 ms late by default.
    """
    if hasattr(socket, "TCP_QUICKACK"):  # Linux only
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _send(line: socket.socket, answer: bytes) -> None:
    line.sendall(len(answer).to_bytes(_LENGTH_BYTES, "big") + answer)
