"""Service numbers at this counter: whose card it is to this organisation, and linking its number.

A look needs no PIN: one touch, and the number goes to the organisation's own system. Linking and
unlinking are signed by the card (:mod:`node.signed`). Nothing of it is kept here, and nothing works
without the hub.
"""

from node.card.pin import wipe
from node.outcome import NumberLook, Refused
from node.parts import Parts
from node.reach import LOOK_PATIENCE
from node.refusals import no, refused
from node.signed import signed_by_card
from sync.errors import NotAuthentic, RefusedByRule, Unreachable
from sync.services import VERB, NumberChange, NumberQuestion, service_number


class Numbers:
    """What people whose cards are shown here are called at this organisation."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def look(self, card: str) -> NumberLook | Refused:
        """The number of the card's holder here. Raises CardError."""
        parts = self._parts
        with parts.tap(card) as tap:
            question = NumberQuestion(tap.key.digest)
            tries, pad = tap.tries_left, tap.pad
        try:
            found = parts.line.ask(lambda calls: calls.number(question), LOOK_PATIENCE)
        except Unreachable:
            return no("hub-silent")
        except (RefusedByRule, NotAuthentic) as error:
            return refused(error)
        return NumberLook(
            registered=found.registered, number=found.number, tries_left=tries, pad=pad
        )

    def change(self, card: str, pin: bytearray, number: str) -> NumberLook | Refused:
        """Link a number to the card's holder, or with an empty one take it back.

        Raises Malformed for what can be no number, before the card is asked; CardError.
        """
        parts = self._parts
        organisation = parts.identity.organisation
        try:
            wanted = service_number(number) if number else ""
            signed = signed_by_card(
                parts,
                card,
                pin,
                VERB,
                lambda tap, challenge: NumberChange(
                    challenge, tap.key.digest, organisation, wanted
                ),
            )
            done = parts.line.ask(lambda calls: calls.change_number(signed), LOOK_PATIENCE)
        except Unreachable:
            return no("hub-silent")
        except (RefusedByRule, NotAuthentic) as error:
            return refused(error)
        finally:
            wipe(pin)
        return NumberLook(registered=done.registered, number=done.number, tries_left=None)
