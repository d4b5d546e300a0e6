"""Service numbers at this counter: whose card it is to this organisation, and linking its number.

A look needs no PIN: one touch, and the number goes to the organisation's own system. Linking and
unlinking are signed by the card (:mod:`node.signed`). Nothing of it is kept here, and nothing works
without the hub.
"""

from node.card.pin import wiped
from node.outcome import NumberLook
from node.parts import Parts
from node.reach import LOOK_PATIENCE
from node.refusals import answers
from node.signed import signed_by_card
from sync.services import VERB, NumberChange, NumberQuestion, service_number
from sync.values import KeyDigest
from sync.wire import read


class Numbers:
    """What people whose cards are shown here are called at this organisation."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @answers
    def look(self, card: str) -> NumberLook:
        """The number of the card's holder here. Raises CardError."""
        parts = self._parts
        with parts.tap(card) as tap:
            key, tries, pad = tap.key.digest, tap.tries_left, tap.pad
        question = NumberQuestion(key)
        found = parts.line.ask(lambda calls: calls.number(question), LOOK_PATIENCE)
        return NumberLook(
            card=key, registered=found.registered, number=found.number, tries_left=tries, pad=pad
        )

    @answers
    def change(
        self, card: str, pin: bytearray, number: str, *, shown: KeyDigest | None
    ) -> NumberLook:
        """Link a number to the card's holder, or with an empty one take it back.

        Raises Malformed for what can be no number, before the card is asked; CardError.
        """
        parts = self._parts
        here = parts.identity.organisation
        with wiped(pin):
            wanted = service_number(number) if number else ""
            signed = signed_by_card(
                parts,
                card,
                pin,
                VERB,
                lambda tap, challenge: NumberChange(challenge, tap.key.digest, here, wanted),
                shown=shown,
            )
            key = read(signed.request, NumberChange).card
        done = parts.line.ask(lambda calls: calls.change_number(signed), LOOK_PATIENCE)
        return NumberLook(card=key, registered=done.registered, number=done.number, tries_left=None)
