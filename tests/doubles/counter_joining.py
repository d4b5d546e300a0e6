"""What a made-up counter answers to whoever joins a card to a MyKey ID.

What signs is imported where it is used: the first screen is measured over this counter.
"""

from typing import TYPE_CHECKING, Protocol

from node.outcome import CardLook, JoinedCard, Refused, Voucher
from sync.values import KeyDigest

if TYPE_CHECKING:
    from tests.doubles.counter import FakeCard

UNKNOWN = "NOBODY00"
"""A MyKey ID that nobody has."""
REFUSED = "REFUSED0"
"""One that the desk has refused to join a card to; for any other one a card waits."""


class _Counter(Protocol):
    """What :class:`tests.doubles.counter.FakeCounter` has for this."""

    cards: "dict[str, FakeCard]"
    silent: bool

    def _enter(self, question: str) -> None: ...

    def _look(self, card: str) -> CardLook: ...

    def _check(
        self, card: str, pin: bytearray, shown: KeyDigest | None = None
    ) -> Refused | None: ...


class JoinsCards:
    """A card is one person's: it gets the ID of the card that vouched for it, or waits."""

    __slots__ = ()

    def vouch(
        self: _Counter, card: str, pin: bytearray, for_card: KeyDigest, *, keep: bool
    ) -> Voucher | Refused:
        """Under the PIN, for another card."""
        from sync.calls import CardSigned

        self._enter("vouch")
        if self.silent:
            return _no("hub-silent")
        earlier = self._look(card).card
        if earlier == for_card:
            return _no("same-card")
        wrong = self._check(card, pin)
        if wrong is not None:
            return wrong
        signed = CardSigned(earlier, "RS256", b"")
        return Voucher(joins=for_card, keeps=keep, signed=signed)

    def join(
        self: _Counter,
        card: str,
        pin: bytearray,
        by: Voucher | str,
        *,
        shown: KeyDigest | None = None,
    ) -> JoinedCard | Refused:
        """By a voucher at once; by an ID it waits for the desk."""
        from sync.signing import in_groups

        self._enter("join")
        if self.silent:
            return _no("hub-silent")
        digest = self._look(card).card
        wrong = self._check(card, pin, by.joins if isinstance(by, Voucher) else shown)
        if wrong is not None:
            return wrong
        mine = self.cards[card]
        if isinstance(by, str):
            if mine.mykey_id:
                return _no("card-has-an-id")
            if by == UNKNOWN:
                return _no("no-such-mykey-id")
            return JoinedCard(
                mykey_id=by,
                state="refused" if by == REFUSED else "waiting",
                fingerprint=in_groups(digest),
            )
        earlier = next(
            each for name, each in self.cards.items() if self._look(name).card == by.signed.request
        )
        if not earlier.mykey_id:
            return _no("earlier-card-unknown")
        if mine.mykey_id not in ("", earlier.mykey_id):
            return _no("card-has-an-id")
        if earlier.closed:
            return _no(earlier.closed)
        mine.mykey_id = earlier.mykey_id
        if not by.keeps:
            earlier.closed = "card-replaced"
        return JoinedCard(mykey_id=mine.mykey_id, state="joined", fingerprint=in_groups(digest))


def _no(reason: str) -> Refused:
    return Refused(reason=reason, detail=reason)
