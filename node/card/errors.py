"""What can go wrong between a counter and a card, as one small tree.

    CardError
    ├── CardUnreadable      no card at that address, or a card file that is damaged
    │   ├── NoCard          nothing lies on the reader
    │   └── CardSilent      something lies there and does not answer: upside down, another kind
    ├── NoReader            no card reader is plugged in, or none of that name
    │   ├── SeveralReaders  more than one fits the name
    │   ├── ReaderForbidden the PC's card service does not let this user in
    │   ├── NoReaderService the PC's card service (PC/SC) is not running
    │   └── NoReaderSupport the program was installed without card readers
    ├── CardInUse           another program holds the card
    ├── CardRemoved         the card left in the middle: start over
    ├── NotThisCard         a card, but without user authentication (not a My Number card)
    ├── BadAnswer           the card answered what no such card answers
    ├── SignatureMismatch   the card signed with another key than its certificate names
    └── CardRefusal         card or tap says no, with a stable reason for scripts
        ├── CardSaysNo      the card refused a command (carries its status word)
        ├── BadPin          not four digits; the card was not asked
        ├── PinNotEntered   nobody typed it on the reader's keys; the card was not asked
        ├── PinNeeded       something was to be signed before the PIN
        ├── WrongPin        says how many tries are left
        ├── PinLocked       no tries are left; only the municipality can reset the card
        └── TapSpent        this tap has already given what was asked for once more

No message carries a PIN, a certificate or a name.
"""

from collections.abc import Sequence
from typing import ClassVar

from sync.errors import InUse, MachikadoError, RefusedByRule


class CardError(MachikadoError):
    """Base of everything that a card or its reader can do to a counter."""

    put_back: ClassVar[bool] = False
    """Whether the same may be tried once more as soon as the card is put down again: nothing is
    wrong with it, and what was prepared for it still stands. A person decides, by the PIN."""


class CardUnreadable(CardError):
    """No card at that address, or a card file that is damaged."""

    put_back = True


class NoCard(CardUnreadable):
    """Nothing lies on the reader."""

    def __init__(self, reader: str) -> None:
        super().__init__(f"no card lies on {reader}: put the card on it")


class CardSilent(CardUnreadable):
    """Something lies on the reader, and the reader cannot make it answer."""

    def __init__(self, reader: str) -> None:
        super().__init__(
            f"the card on {reader} does not answer: it may lie upside down, be pushed in the wrong "
            "way round, or be another kind of card"
        )


class NoReader(CardError):
    """No card reader is plugged in, or none whose name was asked for."""

    put_back = True


class SeveralReaders(NoReader):
    """More than one reader fits, and the program does not guess on which one the card lies."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"several card readers fit: {', '.join(names)}; "
            "name one by a part of its name, pcsc:READER"
        )


class ReaderForbidden(NoReader):
    """The PC's card service runs and does not let this user in."""

    def __init__(self) -> None:
        super().__init__(
            "this user may not use card readers: sit at this PC instead of coming in over the "
            "network, or have this user allowed (on Linux by a polkit rule for pcscd)"
        )


class NoReaderService(NoReader):
    """The service of the PC through which all programs use card readers is not running."""

    def __init__(self) -> None:
        super().__init__(
            "this PC's card service (PC/SC) is not running; start it: sudo systemctl start "
            "pcscd.socket on Linux, the service Smart Card on Windows; plug the reader in first"
        )


class NoReaderSupport(NoReader):
    """The program was installed without what it needs for a card reader."""

    def __init__(self) -> None:
        super().__init__(
            "this program was installed without card readers; run `make card` in its folder "
            "(it needs a C compiler, swig and, on Linux, libpcsclite-dev), or use a software card, "
            "soft:FILE"
        )


class CardInUse(CardError, InUse):
    """Another program holds the card for a tap of its own."""

    put_back = True


class CardRemoved(CardError):
    """The card left the reader in the middle of a command. Nothing is repeated by itself."""

    put_back = True

    def __init__(
        self, message: str = "the card was taken away too early: put it down again"
    ) -> None:
        super().__init__(message)


class NotThisCard(CardError):
    """The card has no JPKI application: it is not a My Number card."""

    put_back = True


class BadAnswer(CardError):
    """The card answered something that no card of this kind answers."""


class SignatureMismatch(CardError):
    """The signature does not fit the certificate that the same card showed."""


class CardRefusal(CardError, RefusedByRule):
    """Card or tap says no; ``reason`` is the stable English key that scripts read."""

    REASON: ClassVar[str] = "card-refusal"

    def __init__(self, message: str) -> None:
        super().__init__(self.REASON, message)


class CardSaysNo(CardRefusal):
    """The card refused a command with ``status``, its two status bytes as one number."""

    REASON = "card-says-no"

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class BadPin(CardRefusal):
    """What was typed is not a PIN, so the card was not asked and no try was spent."""

    REASON = "bad-pin"

    def __init__(self) -> None:
        super().__init__("the PIN has exactly four digits; the card was not asked")


class PinNotEntered(CardRefusal):
    """Nobody typed the PIN on the reader's keys in time, or somebody pressed cancel there."""

    REASON = "pin-not-entered"

    def __init__(self) -> None:
        super().__init__("no PIN was typed on the card reader; the card was not asked")


class PinNeeded(CardRefusal):
    """The card signs only after its PIN."""

    REASON = "pin-needed"

    def __init__(self) -> None:
        super().__init__("the card signs only after its PIN was entered in this tap")


class WrongPin(CardRefusal):
    """The card counted a wrong PIN; ``tries_left`` is at least 1."""

    REASON = "wrong-pin"

    def __init__(self, tries_left: int) -> None:
        super().__init__(f"wrong PIN; tries left: {tries_left}")
        self.tries_left = tries_left


class PinLocked(CardRefusal):
    """No tries are left."""

    REASON = "pin-locked"

    def __init__(self) -> None:
        super().__init__(
            "the card's PIN is locked; the resident's municipality sets a new one at its counter, "
            "for the card and an identity document"
        )


class TapSpent(CardRefusal):
    """One tap gives one PIN, one look and one money signature; this was one too many."""

    REASON = "tap-spent"
