"""Demo cards from the command line: make one, look at one, take one back."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from node.card.cardfile import create
from node.card.tap import SoftAddress, Tap
from sync.cardkey import Algorithm
from sync.certificate import validity
from sync.democa import DemoCa

if TYPE_CHECKING:
    from sync.democa import CardPrivateKey
    from sync.revocation import Kind
    from sync.values import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDescription:
    """What may be said of a software card: no key, no PIN, no certificate."""

    key: str
    """The first 16 hexadecimal digits of the key digest."""
    algorithm: Algorithm
    valid_from: "Millis"
    valid_until: "Millis"
    """First and last moment of its certificate."""
    tries_left: int


def new_card(
    file: Path,
    ca_directory: Path,
    pin: bytearray,
    *,
    at: "Millis",
    algorithm: Algorithm = Algorithm.RS256,
    key: "CardPrivateKey | None" = None,
) -> CardDescription:
    """Make a software card in ``file`` under the demo CA of ``ca_directory``, valid from ``at``.

    Its key is ``key``, or a new one that signs by ``algorithm``.

    ``pin`` is 4 ASCII digits and overwritten with zeros before this returns or raises. Raises
    Damaged when there is no such CA, BadPin, and RefusedByRule when there is a file already.
    """
    try:
        create(file, DemoCa.load(ca_directory), pin, at=at, algorithm=algorithm, key=key)
    finally:
        pin[:] = bytes(len(pin))
    return describe(file)


def take_back(file: Path, ca_directory: Path, kind: "Kind | None", *, at: "Millis") -> None:
    """Put a card on its demo CA's next list, for good or on hold; None takes a hold off it.

    Raises what entering a tap raises, CertificateError for a card of another CA, Damaged, and
    RefusedByRule for one that was taken back for good.
    """
    from sync import demolist
    from sync.certificate import check_certificate

    with Tap(SoftAddress(file)) as tap:
        card = check_certificate(tap.certificate, DemoCa.load(ca_directory).roots, at)
    if kind is None:
        demolist.restore(ca_directory, card.serial)
    else:
        demolist.revoke(ca_directory, card.serial, kind, at=at)


def describe(file: Path) -> CardDescription:
    """Look at a software card without its PIN. Raises what entering a tap raises."""
    with Tap(SoftAddress(file)) as tap:
        valid_from, valid_until = validity(tap.certificate)
        return CardDescription(
            key=tap.key.digest.hex()[:16],
            algorithm=tap.key.algorithm,
            valid_from=valid_from,
            valid_until=valid_until,
            tries_left=tap.tries_left,
        )
