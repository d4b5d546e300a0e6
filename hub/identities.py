"""What the rest of the hub may ask about cards: a port that hub.mykey answers."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from sync.values import AccountId, CardState, KeyDigest, Millis, MunicipalityCode


class Holder(NamedTuple):
    """How a card stands, and the accounts of whoever holds it."""

    state: CardState
    """Of a card that nobody registered: as if its holder had left for good."""
    accounts: Mapping[MunicipalityCode, AccountId]


class Identities(Protocol):
    """Cards, and the random account ids that stand for residents in a town."""

    def public_key(self, card: KeyDigest) -> tuple[str, bytes] | None:
        """A known card's algorithm and public key (SubjectPublicKeyInfo, DER), or None."""
        ...

    def public_keys(self, cards: Iterable[KeyDigest]) -> dict[KeyDigest, bytes]:
        """The public keys (SubjectPublicKeyInfo, DER) of those cards that are known."""
        ...

    def account_of(self, card: KeyDigest, municipality: MunicipalityCode) -> AccountId | None:
        """The card's account in a town, made where one is due; None for an unknown card."""
        ...

    def cards_of(
        self, municipality: MunicipalityCode, accounts: Iterable[AccountId]
    ) -> dict[AccountId, tuple[KeyDigest, ...]]:
        """The cards of the holders of some accounts."""
        ...

    def holders(self, cards: Iterable[KeyDigest]) -> dict[KeyDigest, Holder]:
        """How each of some cards stands, and its holder's accounts."""
        ...


class Members(Identities, Protocol):
    """Identities with the news of them: what :mod:`hub.standing` asks."""

    def changes(self, after: int) -> tuple[int, tuple[KeyDigest, ...]]:
        """Cards that stand otherwise since a place in their chain, and the last place."""
        ...

    def good_until(self) -> Millis:
        """Until when all revocation lists that these cards need are in force; 0: one is lacking."""
        ...

    def beside(self, card: KeyDigest) -> tuple[KeyDigest, ...]:
        """The other cards of a card's holder."""
        ...
