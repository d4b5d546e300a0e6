"""Another card for a MyKey ID at a counter: a renewed one, a phone's, the heir of a lost one.

    vouch   the earlier card signs, under its PIN, that the other one is its holder's too
    join    the new card signs, under its own, that it asks to be joined: with that voucher,
            which joins it at once, or with the MyKey ID that the person says, which waits for
            somebody at the hub's desk

Both need the hub. Neither moves points, and each is a tap of its own (:mod:`node.signed`): one
reader serves both cards, one after the other. Which card lies there is found out before a PIN is
given to it.
"""

from node.asking import Asking
from node.card.errors import PinLocked
from node.card.pin import wiped
from node.card.tap import Tap
from node.outcome import JoinedCard, Voucher
from node.parts import Parts
from node.reach import LOOK_PATIENCE
from node.refusals import OTHER_WORDS, answers
from node.signed import signed_by_card
from sync.calls import JoinRequest, JoinState, VouchRequest
from sync.clock import At
from sync.errors import RefusedByRule
from sync.signing import in_groups
from sync.values import KeyDigest, mykey_id
from sync.wire import read

VOUCH, JOIN = "vouch", "join"
"""The verbs of :func:`sync.cardproof.look_message`."""


class Joining:
    """Joining cards at one counter."""

    def __init__(self, parts: Parts, asking: Asking) -> None:
        self._parts = parts
        self._asking = asking

    @answers
    def vouch(self, card: str, pin: bytearray, for_card: KeyDigest, *, keep: bool) -> Voucher:
        """Let an earlier card vouch for another one, which replaces it unless ``keep``.

        Its certificate may have expired: that is when people renew.
        """

        def vouching(tap: Tap, challenge: bytes) -> VouchRequest:
            if tap.key.digest == for_card:
                raise _no("same-card")
            return VouchRequest(challenge, tap.key.digest, for_card, keep)

        with wiped(pin):
            signed = signed_by_card(self._parts, card, pin, VOUCH, vouching, usable=_unlocked)
        return Voucher(joins=for_card, keeps=keep, signed=signed)

    @answers
    def join(
        self, card: str, pin: bytearray, by: Voucher | str, *, shown: KeyDigest | None
    ) -> JoinedCard:
        """Join a card by the voucher of an earlier one, or ask for it by a MyKey ID.

        Asking once more says what became of it. Raises Malformed for what cannot be an ID.
        """
        voucher = by if isinstance(by, Voucher) else None
        expected = shown if voucher is None else voucher.joins

        def joining(tap: Tap, challenge: bytes) -> JoinRequest:
            signed = None if voucher is None else voucher.signed
            return JoinRequest(challenge, tap.certificate, signed, said)

        with wiped(pin):
            said = "" if isinstance(by, Voucher) else mykey_id(by)
            asked = signed_by_card(self._parts, card, pin, JOIN, joining, shown=expected)
        done = self._parts.line.ask(lambda calls: calls.join(asked), LOOK_PATIENCE)
        if done.state is JoinState.JOINED:
            self._hear_of(done.card, voucher)
        return JoinedCard(
            mykey_id=done.mykey_id, state=done.state.value, fingerprint=in_groups(done.card)
        )

    def _hear_of(self, card: KeyDigest, voucher: Voucher | None) -> None:
        """Both cards' standings: this counter knows of it at once, also without the hub."""
        self._asking.refresh(card)
        if voucher is not None:
            self._asking.refresh(read(voucher.signed.request, VouchRequest).card)


def _unlocked(tap: Tap, _at: At) -> None:
    """Whether a PIN may still be given to a card; raises PinLocked."""
    if tap.tries_left == 0:
        raise PinLocked


def _no(reason: str) -> RefusedByRule:
    return RefusedByRule(reason, OTHER_WORDS[reason])
