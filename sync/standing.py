"""What a node may know of a resident offline, sealed so that a stolen database lists nobody.

A row is filed under, and encrypted with, keys made from the zone's key of the month and the card's
public key: it opens only for somebody who has both.
"""

import hashlib
import hmac

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync.clock import Moment
from sync.errors import NotAuthentic
from sync.records.bodies import Account, Counter, Expiring, Town
from sync.values import CardState, EpochId, KeyDigest
from sync.wire import read, write


class AccountStanding(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One account as a node may know it, no more than the decision needs."""

    municipality: Town
    account: Account
    deficit: bool
    available: Counter
    """The balance, capped: at the cap it means "this or more"."""
    expiring: tuple[Expiring, ...]


class Standing(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one card may do in a zone. A closed card's row says so: these rows are the hotlist."""

    state: CardState
    accounts: tuple[AccountStanding, ...]


class Asof(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How new a standing is, and which of the asking node's records it counts."""

    incarnation: Counter
    number: Counter
    at: Moment
    includes: tuple[tuple[EpochId, Counter], ...]
    """For every epoch of this node that may still hand in: the last record that is counted."""

    @property
    def order(self) -> tuple[int, int]:
        """Newer standings have larger ones; a standing never replaces a newer one."""
        return self.incarnation, self.number


class LoneStanding(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A standing that came outside a feed page."""

    month: str
    row: bytes
    sealed: bytes
    """Empty when this card has no account the node may know of."""
    as_of: Asof


class ZoneKey:
    """A zone's key of one month."""

    def __init__(self, month: str, key: bytes) -> None:
        self.month = month
        self._key = key

    def row_of(self, card: KeyDigest) -> bytes:
        """The name under which a card's row is filed, 16 bytes."""
        return self._derive(b"row", card)[:16]

    def seal(self, card: KeyDigest, standing: Standing, nonce: bytes) -> bytes:
        """Encrypt a standing; ``nonce`` is 12 fresh bytes."""
        return nonce + AESGCM(self._derive(b"seal", card)).encrypt(nonce, write(standing), None)

    def open(self, card: KeyDigest, sealed: bytes) -> Standing:
        """Decrypt a row; raises NotAuthentic when it belongs to another card or zone."""
        try:
            plain = AESGCM(self._derive(b"seal", card)).decrypt(sealed[:12], sealed[12:], None)
        except (InvalidTag, ValueError):
            raise NotAuthentic("a standing that does not open for this card") from None
        return read(plain, Standing)

    def _derive(self, purpose: bytes, card: KeyDigest) -> bytes:
        message = b"machikado/standing/1" + purpose + card
        return hmac.new(self._key, message, hashlib.sha256).digest()
