"""Residents' cards without the chip around them: the same tap, in memory."""

from types import TracebackType
from typing import Self

from node.card.errors import TapSpent, WrongPin
from node.card.tap import Signature
from sync.certificate import PublicKey, read_public_key
from sync.values import KeyDigest
from tests.doubles.pen import Card
from tests.simulation.faults import Crash, Dice

PIN = b"1234"


class SimCard:
    """A resident's card in somebody's pocket."""

    def __init__(self, card: Card, certificate: bytes) -> None:
        self.card = card
        self.certificate = certificate
        self.key: PublicKey = read_public_key(certificate)
        self.asked: list[bytes] = []
        """Every message that the card was asked to sign."""

    @property
    def digest(self) -> KeyDigest:
        """What the card is called."""
        return self.key.digest


class SimTap:
    """One tap of a card."""

    def __init__(self, card: SimCard, dice: Dice) -> None:
        self._card = card
        self._dice = dice
        self._verified = False
        self._signed = False
        self.certificate = card.certificate
        self.key = card.key
        self.tries_left = 3
        self.pad = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._verified = False

    def verify(self, pin: bytearray) -> None:
        """Present the PIN."""
        if bytes(pin) != PIN:
            raise WrongPin(2)
        self._verified = True

    def sign_record(self, message: bytes) -> Signature:
        """The one money signature of this tap."""
        if self._signed:
            raise TapSpent("once")
        assert self._verified
        if self._dice.fall("crash-before-sign"):
            raise Crash("before the card signed")
        self._signed = True
        self._card.asked.append(message)
        signature = self._card.card.sign(message)
        if self._dice.fall("crash-after-sign"):
            raise Crash("after the card signed")
        return Signature(
            algorithm=self.key.algorithm, key_digest=self._card.digest, signature=signature
        )
