"""The one way a counter uses a card: a tap.

    with Tap("soft:taro.card") as tap:      power on, application, tries, certificate
        tap.verify(pin)                     one PIN
        tap.sign_look(challenge)            at most one look, for the exact balance
        tap.sign_record(message)            at most one money signature
                                            power off, always: the card forgets the PIN

The card is ours alone from beginning to end, because a verified PIN would serve any other program
too. Whoever stands at the counter agreed to one payment, so a second signature in one tap is
refused here, whatever the caller believes. Nothing is retried: a person decides to tap again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from node.card.apdu import Transport
from node.card.errors import (
    BadAnswer,
    BadPin,
    NoReader,
    PinNeeded,
    PinNotEntered,
    SignatureMismatch,
    TapSpent,
)
from node.card.jpki import UserAuthentication
from node.card.pin import OnPad, wipe
from sync.certificate import (
    Algorithm,
    BadSignature,
    CertificateError,
    read_public_key,
    verify_signature,
)
from sync.errors import Malformed

if TYPE_CHECKING:
    from sync.certificate import PublicKey
    from sync.values import KeyDigest


@dataclass(frozen=True, slots=True)
class SoftAddress:
    """``soft:FILE``: a software card."""

    path: Path


@dataclass(frozen=True, slots=True)
class ReaderAddress:
    """``pcsc`` or ``pcsc:READER``: a real reader, by a part of its name."""

    reader: str | None = None


CardAddress = SoftAddress | ReaderAddress


class Connection(Transport, Protocol):
    """A powered card that nobody else can use until it is closed."""

    def close(self) -> None:
        """Take the power away and let go of the card. Never raises."""
        ...


@runtime_checkable
class KeyedConnection(Connection, Protocol):
    """A connection through a reader that may have keys of its own."""

    def pin_pad(self) -> int | None:
        """How the reader is told to take a PIN; None for a reader without keys."""
        ...

    def verify_on_pad(self) -> bytes:
        """The card's answer to the PIN that a person typed there.

        Raises PinNotEntered and BadPin: the card was not asked.
        """
        ...


Connect = Callable[[CardAddress], Connection]


def card_address(text: str) -> CardAddress:
    """Read ``soft:FILE``, ``pcsc`` or ``pcsc:READER``. Raises Malformed."""
    kind, _, rest = text.partition(":")
    if kind == "soft" and rest:
        return SoftAddress(Path(rest))
    if kind == "pcsc":
        return ReaderAddress(rest or None)
    raise Malformed(f"card {text!r}: it is soft:FILE, pcsc or pcsc:READER")


def connect(address: CardAddress) -> Connection:
    """Power the card at an address. Raises CardUnreadable, CardInUse, NoReader."""
    if isinstance(address, ReaderAddress):
        from node.card.pcsc import PcscConnection

        return PcscConnection.open(address.reader)
    from node.card.softcard import SoftCard

    return SoftCard(address.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a card signed with, and its signature: the evidence that lies beside a record."""

    algorithm: Algorithm
    key_digest: "KeyDigest"
    signature: bytes = field(repr=False)


class Tap:
    """One card, from the moment it lies on the reader until its power is taken away.

    Entering raises CardUnreadable, CardInUse, NoReader or NotThisCard, and every use may raise
    CardRemoved, BadAnswer or CardSaysNo.
    """

    def __init__(self, address: CardAddress | str, *, connect: Connect = connect) -> None:
        """Take an address or its text. Raises Malformed."""
        self._address = card_address(address) if isinstance(address, str) else address
        self._connect = connect
        self._connection: Connection | None = None
        self._given: set[str] = set()
        self._verified = False

    def __enter__(self) -> Self:
        if self._given:
            raise TapSpent("a tap is used once; tap again")
        self._given.add("power")
        self._connection = self._connect(self._address)
        try:
            card = UserAuthentication.open(self._connection)
            self._tries_left = card.tries_left()
            self._certificate = card.read_certificate()
            self._key = _key_of(self._certificate)
        except BaseException:
            self._power_off()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._power_off()

    @property
    def certificate(self) -> bytes:
        """The certificate in DER, as the card gave it: nobody has checked it yet."""
        return self._certificate

    @property
    def key(self) -> "PublicKey":
        """The key in that certificate, unchecked too."""
        return self._key

    @property
    def tries_left(self) -> int:
        """Wrong PINs the card still allowed when the tap began; 0 is locked, at 1 warn."""
        return self._tries_left

    @property
    def pad(self) -> bool:
        """Whether the reader has keys on which the PIN can be typed: give it as OnPad then."""
        return self._pad() is not None

    def verify(self, pin: bytearray) -> None:
        """Present the PIN: 4 ASCII digits, overwritten with zeros before this returns or raises.

        For an OnPad the person types it on the reader's keys, which may take a minute. Once a tap:
        after a wrong one the person taps again. Raises BadPin and PinNotEntered (the card was not
        asked, so this was not the one), WrongPin, PinLocked, TapSpent; NoReader for an OnPad where
        the reader has no keys.
        """
        try:
            card = self._card()
            self._give("pin", "the PIN was already presented in this tap; tap again")
            try:
                if isinstance(pin, OnPad):
                    card.verify_on_pad(self._need_pad().verify_on_pad)
                else:
                    card.verify(pin)
            except (BadPin, PinNotEntered):
                self._given.discard("pin")
                raise
            self._verified = True
        finally:
            wipe(pin)

    def sign_look(self, message: bytes) -> Signature:
        """Let the card sign a look: anything that moves no points. Raises like sign_record."""
        return self._sign("look", message)

    def sign_record(self, message: bytes) -> Signature:
        """Let the card sign ``message``: the tagged hub origin and record bytes.

        The signature fits the card's certificate when this returns; whether that certificate may
        be believed is the caller's question. Raises PinNeeded, TapSpent at the second one,
        SignatureMismatch.
        """
        return self._sign("money", message)

    def _sign(self, purpose: str, message: bytes) -> Signature:
        card = self._card()
        if not self._verified:
            raise PinNeeded
        self._give(purpose, f"this tap has already given its {purpose} signature; tap again")
        signature = card.sign(self._key.algorithm, message)
        try:
            verify_signature(self._key.spki, self._key.algorithm, signature, message)
        except BadSignature:
            raise SignatureMismatch("the card signed with another key than its own") from None
        return Signature(
            algorithm=self._key.algorithm, key_digest=self._key.digest, signature=signature
        )

    def _give(self, what: str, otherwise: str) -> None:
        """Give something that a tap gives once; given counts from the attempt, not its success."""
        if what in self._given:
            raise TapSpent(otherwise)
        self._given.add(what)

    def _pad(self) -> KeyedConnection | None:
        reader = self._connection
        if not isinstance(reader, KeyedConnection) or reader.pin_pad() is None:
            return None
        return reader

    def _need_pad(self) -> KeyedConnection:
        pad = self._pad()
        if pad is None:
            raise NoReader("this card reader has no keys for a PIN; type it on the PC")
        return pad

    def _card(self) -> UserAuthentication:
        if self._connection is None:
            raise TapSpent("the tap is over; tap again")
        return UserAuthentication(self._connection)

    def _power_off(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._verified = None, False


def _key_of(certificate: bytes) -> "PublicKey":
    try:
        return read_public_key(certificate)
    except CertificateError as problem:
        raise BadAnswer(f"the card's certificate: {problem}") from problem
