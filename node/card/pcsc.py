# ruff: noqa: N802  the names of the PC/SC API
"""A real card on a reader of this PC, through the system's PC/SC service.

The only module that imports pyscard, and only when a reader is used. It speaks to the low-level
functions of ``smartcard.scard``, which are those of the PC/SC API (part 5; pcsc-lite and Windows
agree on the numbers): pyscard's own classes die with the service and print on the terminal.

    establish a context -> find the reader by a part of its name -> connect, exclusively
        -> transmit commands, each exactly once -> disconnect without power -> release

Exclusive, because a verified PIN would serve any other program too; without power at the end, so
that the card forgets it. Whatever goes wrong becomes an error that says what to do.
"""

import threading
from collections.abc import Sequence
from contextlib import suppress
from enum import IntEnum
from typing import Final, Protocol, Self

from node.card.apdu import Octets
from node.card.errors import (
    BadAnswer,
    CardError,
    CardInUse,
    CardRemoved,
    CardSilent,
    CardUnreadable,
    NoCard,
    NoReader,
    NoReaderService,
    NoReaderSupport,
    ReaderForbidden,
    SeveralReaders,
)
from node.card.pinpad import (
    GET_FEATURE_REQUEST,
    VERIFY_PIN_DIRECT,
    expect_entered,
    features,
    pin_verify_structure,
)

SCOPE_USER: Final = 0
"""Ignored by pcsc-lite; on Windows the scope that a program without rights may have."""
SHARE_EXCLUSIVE: Final = 1
PROTOCOL_T0: Final = 1
PROTOCOL_T1: Final = 2
UNPOWER_CARD: Final = 2

_LOOKS_AT_A_BUSY_CARD: Final = 16
_BETWEEN_LOOKS: Final = 0.1
"""Seconds; together a second and a half, for which somebody who waits for a card has patience."""

_HEADER: Final = 4
_HEADER_AND_LC: Final = 5


class Code(IntEnum):
    """What PC/SC functions return (part 5, and ``pcsclite.h``), as unsigned numbers."""

    SUCCESS = 0
    CANCELLED = 0x80100002
    INVALID_HANDLE = 0x80100003
    UNKNOWN_READER = 0x80100009
    TIMEOUT = 0x8010000A
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    PROTO_MISMATCH = 0x8010000F
    COMM_ERROR = 0x80100013
    NOT_TRANSACTED = 0x80100016
    READER_UNAVAILABLE = 0x80100017
    NO_SERVICE = 0x8010001D
    SERVICE_STOPPED = 0x8010001E
    NO_ACCESS = 0x80100027
    NO_READERS_AVAILABLE = 0x8010002E
    COMM_DATA_LOST = 0x8010002F
    UNSUPPORTED_CARD = 0x80100065
    UNRESPONSIVE_CARD = 0x80100066
    UNPOWERED_CARD = 0x80100067
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069
    SECURITY_VIOLATION = 0x8010006A


SERVICE_DOWN: Final = frozenset({Code.NO_SERVICE, Code.SERVICE_STOPPED})
READER_LEFT: Final = frozenset(
    {Code.UNKNOWN_READER, Code.READER_UNAVAILABLE, Code.NO_READERS_AVAILABLE}
)
NOT_ALLOWED: Final = frozenset({Code.NO_ACCESS, Code.SECURITY_VIOLATION})
_NOTHING_THERE: Final = frozenset({Code.NO_SMARTCARD, Code.REMOVED_CARD})
_SILENT: Final = frozenset(
    {Code.UNRESPONSIVE_CARD, Code.UNPOWERED_CARD, Code.UNSUPPORTED_CARD, Code.PROTO_MISMATCH}
)
_LOST_IN_MID_TAP: Final = READER_LEFT | {
    Code.REMOVED_CARD,
    Code.RESET_CARD,
    Code.NO_SMARTCARD,
    Code.UNRESPONSIVE_CARD,
    Code.UNPOWERED_CARD,
    Code.INVALID_HANDLE,  # the service was started again: it knows nothing of this tap
    Code.NOT_TRANSACTED,  # what a card that leaves the field looks like on many readers
    Code.COMM_ERROR,
    Code.COMM_DATA_LOST,
}

Status = tuple[str, int, Sequence[int]]
"""A reader's name, its state and event count in one number, and the card's ATR."""


class Scard(Protocol):
    """The functions of ``smartcard.scard`` that are used. Each gives a Code, alone or first."""

    def SCardEstablishContext(self, scope: int, /) -> tuple[int, int]:
        """A session with the service."""
        ...

    def SCardReleaseContext(self, context: int, /) -> int:
        """End it; what hangs on it ends too."""
        ...

    def SCardListReaders(self, context: int, groups: Sequence[str], /) -> tuple[int, Sequence[str]]:
        """Names of what is plugged in."""
        ...

    def SCardGetStatusChange(
        self, context: int, timeout: int, states: Sequence[tuple[str, int]], /
    ) -> tuple[int, list[Status]]:
        """Sleep at most ``timeout`` ms, until a reader is no longer as given."""
        ...

    def SCardCancel(self, context: int, /) -> int:
        """Wake whoever sleeps in this context."""
        ...

    def SCardConnect(
        self, context: int, reader: str, share_mode: int, protocols: int, /
    ) -> tuple[int, int, int]:
        """A handle of the card, and its protocol."""
        ...

    def SCardDisconnect(self, card: int, disposition: int, /) -> int:
        """Let go of the card."""
        ...

    def SCardTransmit(
        self, card: int, protocol: int, command: Sequence[int], /
    ) -> tuple[int, Sequence[int]]:
        """One command, one answer."""
        ...

    def SCardControl(
        self, card: int, control_code: int, sent: Sequence[int], /
    ) -> tuple[int, Sequence[int]]:
        """A command to the reader itself."""
        ...

    def SCARD_CTL_CODE(self, code: int, /) -> int:
        """The platform's number of a control code."""
        ...


def scard() -> Scard:
    """The PC/SC functions of this PC. Raises NoReaderSupport where pyscard is not installed."""
    try:
        from smartcard import scard as installed
    except ImportError as absent:
        raise NoReaderSupport from absent
    return installed


def code_of(returned: int) -> int:
    """A return code as Code has it. On some systems pyscard gives it as a negative number."""
    return returned & 0xFFFFFFFF


def fitting(names: Sequence[str], part: str | None) -> list[str]:
    """The readers whose name holds ``part``, large and small letters alike; all of them for None.

    A whole name is taken by its word, although it may be a part of another one.
    """
    if part is None:
        return list(names)
    if part in names:
        return [part]
    return [name for name in names if part.casefold() in name.casefold()]


def chosen(names: Sequence[str], part: str | None) -> str:
    """The one reader that fits. Raises NoReader, and SeveralReaders rather than guess.

    Never by its place in the list, which changes with the order of plugging in.
    """
    found = fitting(names, part)
    if not names:
        raise NoReader("no card reader was found: plug it in")
    if not found:
        raise NoReader(f"no card reader has {part!r} in its name; there is {', '.join(names)}")
    if len(found) > 1:
        raise SeveralReaders(found)
    return found[0]


def listed(functions: Scard, context: int) -> list[str]:
    """The readers that are plugged in. Raises CardError."""
    returned, names = functions.SCardListReaders(context, [])
    code = code_of(returned)
    if code == Code.NO_READERS_AVAILABLE:
        return []
    if code != Code.SUCCESS:
        raise trouble_before(code, "the readers")
    return list(names)


def trouble_before(code: int, reader: str) -> CardError:
    """What a return code means to whoever wants to begin a tap."""
    if code in SERVICE_DOWN:
        return NoReaderService()
    if code in NOT_ALLOWED:
        return ReaderForbidden()
    if code in READER_LEFT:
        return NoReader(f"{reader} was unplugged: plug it in again")
    if code == Code.SHARING_VIOLATION:
        return CardInUse(f"another program is using the card on {reader}; close that program")
    if code in _NOTHING_THERE:
        return NoCard(reader)
    if code in _SILENT:
        return CardSilent(reader)
    return CardUnreadable(f"{reader} cannot read the card (PC/SC says {code:08X}): lift it, again")


def trouble_within(code: int, reader: str) -> CardError:
    """What a return code means in the middle of a tap: nearly always, to start over."""
    if code in _LOST_IN_MID_TAP:
        return CardRemoved()
    return trouble_before(code, reader)


def as_tpdu(command: Octets, protocol: int) -> list[int]:
    """A command APDU as the numbers that go to the reader.

    Under T=0 a command without data and answer still has a fifth byte, 0, and a command with both
    goes without its Le: the card announces its answer by 61xx (ISO/IEC 7816-3, 12.2).
    """
    octets = list(command)
    if protocol == PROTOCOL_T0:
        if len(octets) == _HEADER:
            octets.append(0)
        elif len(octets) > _HEADER_AND_LC + octets[_HEADER]:
            del octets[_HEADER_AND_LC + octets[_HEADER] :]
    return octets


class PcscConnection:
    """A powered card on a reader, nobody else's until it is closed: the ``Connection`` of a tap."""

    def __init__(
        self, functions: Scard, *, context: int, card: int, protocol: int, reader: str
    ) -> None:
        """Take over a context and a connected card; :meth:`open` makes both."""
        self._functions = functions
        self._context: int | None = context
        self._handle = card
        self._protocol = protocol
        self.reader = reader

    @classmethod
    def open(cls, part: str | None = None, *, functions: Scard | None = None) -> Self:
        """Power the card on the reader whose name holds ``part``; on the only one for None.

        Raises NoReaderSupport, NoReaderService, NoReader, SeveralReaders, NoCard, CardSilent,
        CardInUse, CardUnreadable.
        """
        functions = functions or scard()
        returned, context = functions.SCardEstablishContext(SCOPE_USER)
        if code_of(returned) != Code.SUCCESS:
            raise trouble_before(code_of(returned), "the card reader")
        try:
            reader = chosen(listed(functions, context), part)
            card, protocol = _connected(functions, context, reader)
        except BaseException:
            functions.SCardReleaseContext(context)
            raise
        return cls(functions, context=context, card=card, protocol=protocol, reader=reader)

    def transmit(self, command: Octets) -> bytes:
        """Send one command APDU, once, and give the response APDU.

        Raises CardRemoved where the tap has to start over, NoReaderService, CardUnreadable.
        """
        octets = as_tpdu(command, self._protocol)
        try:
            returned, answer = self._functions.SCardTransmit(self._card(), self._protocol, octets)
        finally:
            octets[:] = [0] * len(octets)  # it may have been a PIN
        return self._answered(returned, answer)

    def pin_pad(self) -> int | None:
        """The control code by which this reader takes a PIN on its own keys; None without keys."""
        code = self._functions.SCARD_CTL_CODE(GET_FEATURE_REQUEST)
        returned, answer = self._functions.SCardControl(self._card(), code, [])
        if code_of(returned) != Code.SUCCESS:
            return None
        return features(bytes(answer)).get(VERIFY_PIN_DIRECT)

    def verify_on_pad(self) -> bytes:
        """Let the person type the PIN on the reader, which presents it to the selected PIN file.

        Gives the card's response APDU to that VERIFY, which says whether it was right. May take a
        minute. Raises PinNotEntered and BadPin (the card was not asked), NoReader for a reader
        without keys, and what transmit raises.
        """
        pad = self.pin_pad()
        if pad is None:
            raise NoReader(f"{self.reader} has no keys for a PIN; type it on the PC")
        structure = list(pin_verify_structure())
        returned, answer = self._functions.SCardControl(self._card(), pad, structure)
        return expect_entered(self._answered(returned, answer))

    def close(self) -> None:
        """Take the power away and let go of card and reader. Never raises, also not twice."""
        context, self._context = self._context, None
        if context is None:
            return
        with suppress(Exception):  # a service that died has let go of both already
            self._functions.SCardDisconnect(self._handle, UNPOWER_CARD)
        with suppress(Exception):
            self._functions.SCardReleaseContext(context)

    def _card(self) -> int:
        if self._context is None:
            raise CardRemoved
        return self._handle

    def _answered(self, returned: int, answer: Sequence[int]) -> bytes:
        code = code_of(returned)
        if code != Code.SUCCESS:
            raise trouble_within(code, self.reader)
        if not answer:  # how some drivers tell that the card left before it could answer
            raise CardRemoved
        try:
            return bytes(answer)
        except ValueError as problem:
            raise BadAnswer(f"{self.reader} answered what are no bytes") from problem


def _connected(functions: Scard, context: int, reader: str) -> tuple[int, int]:
    """The handle of the card on ``reader``, and the protocol it speaks. Raises CardError.

    A card that was put down a moment ago is often just being read by another program, Windows' own
    certificate service among them: such a look is waited for. Nothing is said to the card here.
    """
    for look in range(_LOOKS_AT_A_BUSY_CARD):
        returned, card, protocol = functions.SCardConnect(
            context, reader, SHARE_EXCLUSIVE, PROTOCOL_T0 | PROTOCOL_T1
        )
        if code_of(returned) != Code.SHARING_VIOLATION:
            break
        if look + 1 < _LOOKS_AT_A_BUSY_CARD:
            threading.Event().wait(_BETWEEN_LOOKS)
    if code_of(returned) != Code.SUCCESS:
        raise trouble_before(code_of(returned), reader)
    return card, protocol
