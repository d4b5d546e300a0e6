"""Commands to a card and its answers: ISO/IEC 7816-4, short APDUs, over any transport.

:func:`exchange` is the one door: it sends a command, fetches what the card announces with 61xx,
corrects a wrong length once on 6Cxx, and gives a typed answer. It opens nothing and waits for
nothing, so a reader, a loopback and a fuzzer are all driven by the same lines.

A PIN passes through here. Commands that carry one show no data in their repr, and the bytes that
went to the transport are overwritten as soon as it has answered, so that neither a log nor a
traceback with local variables can show them.
"""

import logging
from dataclasses import dataclass, replace
from typing import Final, Protocol

from node.card.errors import BadAnswer, CardSaysNo

logger = logging.getLogger(__name__)

SELECT: Final = 0xA4
VERIFY: Final = 0x20
READ_BINARY: Final = 0xB0
PERFORM_SECURITY_OPERATION: Final = 0x2A
GET_RESPONSE: Final = 0xC0

_PIN_CARRIERS: Final = frozenset({VERIFY, 0x21, 0x24, 0x2C})
"""VERIFY (both forms), CHANGE REFERENCE DATA, RESET RETRY COUNTER (ISO/IEC 7816-4, 11.6)."""

OK: Final = 0x9000
ENDS_EARLY: Final = 0x6282
WRONG_LENGTH: Final = 0x6700
NOT_A_FILE_TO_READ: Final = 0x6981
PIN_NOT_PRESENTED: Final = 0x6982
PIN_BLOCKED: Final = 0x6983
PIN_UNUSABLE: Final = 0x6984
NOTHING_PENDING: Final = 0x6985
NO_FILE_SELECTED: Final = 0x6986
NOT_FOUND: Final = 0x6A82
WRONG_PARAMETERS: Final = 0x6A86
BEYOND_THE_END: Final = 0x6B00
UNKNOWN_INSTRUCTION: Final = 0x6D00
UNKNOWN_CLASS: Final = 0x6E00

_MEANINGS: Final = {
    OK: "done",
    ENDS_EARLY: "the file ends before the asked length",
    WRONG_LENGTH: "wrong length",
    NOT_A_FILE_TO_READ: "the command does not fit this file",
    PIN_NOT_PRESENTED: "the PIN was not presented",
    PIN_BLOCKED: "the PIN is locked",
    PIN_UNUSABLE: "the PIN is locked",
    NOTHING_PENDING: "the conditions of use are not met",
    NO_FILE_SELECTED: "no file is selected",
    NOT_FOUND: "application or file not found",
    WRONG_PARAMETERS: "wrong parameters P1-P2",
    BEYOND_THE_END: "beyond the end of the file",
    UNKNOWN_INSTRUCTION: "unknown instruction",
    UNKNOWN_CLASS: "unknown class",
}
_TRIES_FOLLOW: Final = 0x63C
_HEADER: Final = 4
_OCTET: Final = 0xFF
_LONGEST_ANSWER: Final = 0x100
_STATUS_BYTES: Final = 2

MOST_ROUNDS: Final = 16
"""An honest card needs two rounds for what we ask; one that announces more for ever is stopped."""

Octets = bytes | bytearray
"""Bytes to a card. A bytearray where they carry a PIN, because it can be overwritten."""


class Transport(Protocol):
    """A powered card, however it is reached."""

    def transmit(self, command: Octets) -> bytes:
        """Send one command APDU and give the response APDU.

        Keeps no copy of ``command``. Raises CardRemoved when the card is gone.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command APDU in the short form: cases 1 to 4 of ISO/IEC 7816-3, 12.1.

    ``data`` has 0 to 255 bytes; ``le`` is the longest answer wanted, 1 to 256, or None for none.
    """

    cla: int = 0x00
    ins: int
    p1: int = 0x00
    p2: int = 0x00
    data: Octets = b""
    le: int | None = None

    def __post_init__(self) -> None:
        if not all(0 <= octet <= _OCTET for octet in (self.cla, self.ins, self.p1, self.p2)):
            raise ValueError("CLA, INS, P1 and P2 are one byte each")
        if len(self.data) > _OCTET:
            raise ValueError("a short APDU carries at most 255 bytes")
        if self.le is not None and not 1 <= self.le <= _LONGEST_ANSWER:
            raise ValueError("Le of a short APDU is 1 to 256")

    @property
    def secret(self) -> bool:
        """Whether the data may be a PIN."""
        return self.ins in _PIN_CARRIERS

    def encode(self) -> bytearray:
        """The bytes on the wire, which the caller can overwrite after use."""
        wire = bytearray((self.cla, self.ins, self.p1, self.p2))
        if self.data:
            wire.append(len(self.data))
            wire += self.data
        if self.le is not None:
            wire.append(self.le & 0xFF)  # 256 is written 00
        return wire

    @classmethod
    def decode(cls, wire: Octets) -> "Command":
        """Read a command APDU, as a card does. Raises ValueError."""
        if len(wire) < _HEADER:
            raise ValueError("a command has at least four bytes")
        cla, ins, p1, p2 = wire[:_HEADER]
        data, le = _body(wire[_HEADER:])
        return cls(cla=cla, ins=ins, p1=p1, p2=p2, data=data, le=le)

    def __repr__(self) -> str:
        shown = f"<{len(self.data)} bytes>" if self.secret else self.data.hex()
        header = f"{self.cla:02X} {self.ins:02X} {self.p1:02X} {self.p2:02X}"
        return f"Command({header} data={shown or None} le={self.le})"


def _body(body: Octets) -> tuple[Octets, int | None]:
    """Tell the four cases apart by what follows the header."""
    if not body:
        return b"", None
    lc, rest = body[0], body[1:]
    if not rest:
        return b"", lc or _LONGEST_ANSWER
    if lc == 0 or len(rest) not in (lc, lc + 1):
        raise ValueError("Lc does not fit the length of the command")
    return rest[:lc], None if len(rest) == lc else rest[lc] or _LONGEST_ANSWER


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer: its data (0 to 256 bytes on the wire) and the status word, 0 to 0xFFFF."""

    data: bytes = b""
    status: int

    def encode(self) -> bytes:
        """The bytes on the wire."""
        return self.data + self.status.to_bytes(2, "big")

    @classmethod
    def decode(cls, wire: bytes) -> "Response":
        """Read a response APDU. Raises BadAnswer."""
        if not _STATUS_BYTES <= len(wire) <= _LONGEST_ANSWER + _STATUS_BYTES:
            raise BadAnswer(f"the card answered {len(wire)} bytes; an answer has 2 to 258")
        return cls(data=wire[:-_STATUS_BYTES], status=int.from_bytes(wire[-_STATUS_BYTES:], "big"))

    @property
    def tries_left(self) -> int | None:
        """The x of 63Cx, or None when this is another status."""
        return tries_of(self.status)

    @property
    def waiting(self) -> int | None:
        """The length that 61xx announces to be fetched, 1 to 256, or None."""
        return self._length_after(0x61)

    @property
    def right_length(self) -> int | None:
        """The length that 6Cxx says to ask for instead, 1 to 256, or None."""
        return self._length_after(0x6C)

    def _length_after(self, first: int) -> int | None:
        high, low = divmod(self.status, 0x100)
        return (low or _LONGEST_ANSWER) if high == first else None

    def expect_ok(self, doing: str) -> bytes:
        """The data of an answer that must be 9000. Raises CardSaysNo, which names ``doing``."""
        if self.status != OK:
            raise CardSaysNo(
                f"{doing}: the card answered {self.status:04X} ({meaning(self.status)})",
                status=self.status,
            )
        return self.data

    def __repr__(self) -> str:
        return f"Response({len(self.data)} bytes, {self.status:04X})"


def tries_of(status: int) -> int | None:
    """The x of 63Cx, or None."""
    first, tries = divmod(status, 0x10)
    return tries if first == _TRIES_FOLLOW else None


def meaning(status: int) -> str:
    """Say a status word in words (ISO/IEC 7816-4, 5.6)."""
    tries = tries_of(status)
    if tries is not None:
        return f"wrong PIN, tries left: {tries}"
    return _MEANINGS.get(status, "a status without a meaning here")


def exchange(transport: Transport, command: Command) -> Response:
    """Send ``command`` and give its whole answer, 61xx and 6Cxx followed to their end.

    A command that carries a PIN is never sent twice, whatever the card answers: each time could
    spend a try. Raises BadAnswer, and what the transport raises (CardRemoved).
    """
    answer = _send(transport, command)
    if answer.right_length is not None and not command.secret:
        answer = _send(transport, replace(command, le=answer.right_length))
    collected = bytearray(answer.data)
    for _ in range(MOST_ROUNDS):
        if answer.waiting is None:
            break
        answer = _send(transport, Command(ins=GET_RESPONSE, le=answer.waiting))
        collected += answer.data
    if answer.waiting is not None or answer.right_length is not None:
        raise BadAnswer("the card does not come to the end of its answer")
    return Response(data=bytes(collected), status=answer.status)


def _send(transport: Transport, command: Command) -> Response:
    wire = command.encode()
    try:
        answer = Response.decode(transport.transmit(wire))
    finally:
        wire[:] = bytes(len(wire))
    logger.debug("%r -> %r", command, answer)
    return answer
