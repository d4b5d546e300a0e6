"""JPKI user authentication (公的個人認証 利用者証明用) on a card: what a counter asks of it.

The application and its files as public drivers know them (OpenSC ``card-jpki.c``):

    application D392F000260100000001
    ├── 0018  user-authentication PIN: 4 digits, 3 tries
    ├── 0017  user-authentication key: signs after the PIN
    └── 000A  user-authentication certificate, readable without PIN

The card is known by this application, never by its ATR, and nothing else on it is selected: the
applications that hold the My Number are none of our business. The functions here keep no state but
what the card keeps; how often a tap may use them is :mod:`node.card.tap`'s to say.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from node.card import apdu
from node.card.apdu import Command, Response, Transport, exchange
from node.card.errors import (
    BadAnswer,
    BadPin,
    CardSaysNo,
    NotThisCard,
    PinLocked,
    PinNeeded,
    WrongPin,
)
from sync.cardkey import Algorithm, canonical
from sync.errors import Malformed

APPLICATION: Final = bytes.fromhex("D392F000260100000001")
PIN_FILE: Final = 0x0018
KEY_FILE: Final = 0x0017
CERTIFICATE_FILE: Final = 0x000A

PIN_DIGITS: Final = 4
DIGEST_INFO_SHA256: Final = bytes.fromhex("3031300D060960864801650304020105000420")
"""DER of DigestInfo for SHA-256 up to the digest (RFC 8017, 9.2, note 1)."""

_LARGEST_CERTIFICATE: Final = 8192
MOST_PIECES: Final = 64
"""Twice what the largest one needs in full pieces; a card that gives byte after byte is stopped."""
_CHUNK: Final = 0x100
_DER_HEAD: Final = 4
_DER_SEQUENCE: Final = b"\x30\x82"
"""SEQUENCE whose length stands in two bytes (X.690, 8.1.3.5), as any certificate's does."""
_LOCKED: Final = frozenset({0x63C0, apdu.PIN_BLOCKED, apdu.PIN_UNUSABLE})
"""Cards differ in how they say that no try is left."""


# What is given to a card to sign, and what it gives back.
#
# RSA is what cards in the field do (OpenSC card-jpki.c). Elliptic curves are OUR ASSUMPTION: cards
# with P-384 are announced, their commands are not. It is assumed that application, files and the
# command to sign stay as they are, that the data of the command is the bare digest, and that the
# answer is r || s, each as long as the curve's order, as the OpenPGP card does it (a PIV card would
# answer in DER). When the authorities publish something else, these two functions and the software
# card are all that has to change.


def to_be_signed(algorithm: Algorithm, message: bytes) -> bytes:
    """The data of the command that signs ``message``.

    RS256: the 51 bytes of DigestInfo of SHA-256, which the card pads (PKCS#1 v1.5). ES256 and
    ES384: the digest alone, SHA-256 or SHA-384.
    """
    match algorithm:
        case Algorithm.RS256:
            return DIGEST_INFO_SHA256 + hashlib.sha256(message).digest()
        case Algorithm.ES256:
            return hashlib.sha256(message).digest()
        case Algorithm.ES384:
            return hashlib.sha384(message).digest()


def signature_in(algorithm: Algorithm, answer: bytes) -> bytes:
    """The signature in the card's answer, in its one spelling (:mod:`sync.cardkey`).

    Raises BadAnswer when the answer holds no signature by this algorithm.
    """
    try:
        return canonical(algorithm, answer)
    except Malformed as problem:
        raise BadAnswer(f"the card said that it signed: {problem}") from None


@dataclass(frozen=True, slots=True)
class UserAuthentication:
    """The selected application on a card that is powered and ours alone.

    Every method may raise CardRemoved, BadAnswer and CardSaysNo.
    """

    transport: Transport

    @classmethod
    def open(cls, transport: Transport) -> "UserAuthentication":
        """Select the application, which also forgets any PIN. Raises NotThisCard."""
        select = Command(ins=apdu.SELECT, p1=0x04, p2=0x0C, data=APPLICATION)
        answer = exchange(transport, select)
        if answer.status == apdu.NOT_FOUND:
            raise NotThisCard("this is not a My Number card, or it has no user authentication")
        answer.expect_ok("selecting user authentication")
        return cls(transport)

    def tries_left(self) -> int:
        """How many wrong PINs the card still allows; 0 is locked. Costs no try."""
        self._select(PIN_FILE)
        answer = exchange(self.transport, Command(ins=apdu.VERIFY, p2=0x80))
        if answer.status in _LOCKED:
            return 0
        if answer.tries_left is None:
            raise BadAnswer(f"asked for the tries left, the card answered {answer.status:04X}")
        return answer.tries_left

    def read_certificate(self) -> bytes:
        """The user-authentication certificate as it lies on the card: DER, needs no PIN."""
        self._select(CERTIFICATE_FILE)
        head = self._read(0, _DER_HEAD)
        if len(head) != _DER_HEAD or not head.startswith(_DER_SEQUENCE):
            raise BadAnswer("the certificate file does not begin like a certificate")
        total = _DER_HEAD + int.from_bytes(head[2:], "big")
        if total > _LARGEST_CERTIFICATE:
            raise BadAnswer(f"the certificate says it has {total} bytes; that is too many")
        certificate = head
        for _ in range(MOST_PIECES):
            if len(certificate) == total:
                return certificate
            chunk = self._read(len(certificate), min(_CHUNK, total - len(certificate)))
            if not chunk:
                raise BadAnswer("the certificate file ends before the certificate does")
            certificate += chunk
        raise BadAnswer("the card gives its certificate in too many pieces")

    def verify(self, pin: bytearray) -> None:
        """Present the PIN: 4 ASCII digits, overwritten with zeros before this returns or raises.

        Asks for the tries first and sends the PIN once; a second try is a person's decision.
        Raises BadPin before the card is touched, WrongPin, PinLocked.
        """
        try:
            if len(pin) != PIN_DIGITS or not pin.isdigit():
                raise BadPin
            if self.tries_left() == 0:
                raise PinLocked
            _judge_pin(exchange(self.transport, Command(ins=apdu.VERIFY, p2=0x80, data=pin)))
        finally:
            pin[:] = bytes(len(pin))

    def verify_on_pad(self, present: Callable[[], bytes]) -> None:
        """Let the person present the PIN on the reader's keys; ``present`` gives the answer to it.

        Asks for the tries first and lets the person type once. Raises PinLocked before anybody is
        asked to type, WrongPin, and what ``present`` raises.
        """
        if self.tries_left() == 0:  # which leaves the PIN's file selected
            raise PinLocked
        _judge_pin(Response.decode(present()))

    def sign(self, algorithm: Algorithm, message: bytes) -> bytes:
        """Let the card's key sign ``message`` by the algorithm of that key.

        The signature is in its one spelling; whether it fits is the caller's question. Raises
        PinNeeded.
        """
        self._select(KEY_FILE)
        answer = exchange(
            self.transport,
            Command(
                cla=0x80,
                ins=apdu.PERFORM_SECURITY_OPERATION,
                p2=0x80,
                data=to_be_signed(algorithm, message),
                le=0x100,
            ),
        )
        if answer.status == apdu.PIN_NOT_PRESENTED:
            raise PinNeeded
        signature = answer.expect_ok("signing")
        if not signature:
            raise BadAnswer("the card said that it signed, and gave no signature")
        return signature_in(algorithm, signature)

    def _select(self, file: int) -> None:
        select = Command(ins=apdu.SELECT, p1=0x02, p2=0x0C, data=file.to_bytes(2, "big"))
        exchange(self.transport, select).expect_ok(f"selecting file {file:04X}")

    def _read(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes of the selected file; none when ``offset`` is at its end.

        The offset has 15 bits, the highest bit of P1 would mean another thing
        (ISO/IEC 7816-4, 11.3.3).
        """
        p1, p2 = divmod(offset, 0x100)
        answer = exchange(self.transport, Command(ins=apdu.READ_BINARY, p1=p1, p2=p2, le=length))
        if answer.status == apdu.BEYOND_THE_END:
            return b""
        if answer.status != apdu.ENDS_EARLY:
            answer.expect_ok("reading the certificate")
        if len(answer.data) > length:
            raise BadAnswer("the card gave more bytes than were asked for")
        return answer.data


def _judge_pin(answer: Response) -> None:
    """Turn the answer to VERIFY into nothing or an error."""
    if answer.status == apdu.OK:
        return
    if answer.status in _LOCKED:
        raise PinLocked
    if answer.tries_left is not None:
        raise WrongPin(answer.tries_left)
    raise CardSaysNo(
        f"presenting the PIN: {answer.status:04X} ({apdu.meaning(answer.status)})",
        status=answer.status,
    )
