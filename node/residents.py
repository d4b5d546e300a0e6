"""What a resident does at a counter besides paying: make a MyKey ID, look at the exact balance.

Both are looks (:mod:`node.signed`): no points move, and one look is one tap. An ID is chosen before
the PIN, so that registering asks the card once.
"""

from collections.abc import Sequence
from contextlib import suppress

from node.asking import Asking
from node.card.pin import wiped
from node.outcome import BalanceRow, ChosenId, Refused, RegisteredCard
from node.parts import Parts
from node.reach import LOOK_PATIENCE
from node.refusals import answers, no
from node.signed import signed_by_card
from sync.calls import Balance, LookRequest, Registration
from sync.choosing import MOST_WISHES, Wishes
from sync.errors import Unreachable
from sync.values import KeyDigest, Millis, mykey_id

TAKEN = "mykey-id-taken"
REGISTER, LOOK = "register", "look"
"""The verbs of :func:`sync.cardproof.look_message`."""


class Residents:
    """Looks at one counter."""

    def __init__(self, parts: Parts, asking: Asking) -> None:
        self._parts = parts
        self._asking = asking

    @answers
    def choose(self, wishes: Sequence[str]) -> ChosenId:
        """What the hub says of the wishes so far; raises Malformed for what cannot be an ID."""
        asked = Wishes(tuple(mykey_id(wish) for wish in wishes[:MOST_WISHES]))
        found = self._parts.line.ask(lambda calls: calls.choose(asked), LOOK_PATIENCE)
        return ChosenId(mykey_id=found.mykey_id, generated=found.generated, taken=found.taken)

    @answers
    def register(
        self,
        card: str,
        pin: bytearray,
        chosen: ChosenId,
        *,
        consent: bool,
        shown: KeyDigest | None,
    ) -> RegisteredCard | Refused:
        """Make the chosen ID this card's, in one tap; one that has its ID keeps it.

        Where none was found ``mykey-id-taken``, without asking the card: nobody gets for life what
        nobody chose.
        """
        with wiped(pin):
            if not chosen.mykey_id:
                return no(TAKEN)
            signed = signed_by_card(
                self._parts,
                card,
                pin,
                REGISTER,
                lambda tap, challenge: Registration(
                    challenge=challenge,
                    certificate=tap.certificate,
                    wish=chosen.mykey_id,
                    consent_points=consent,
                    generated=chosen.generated,
                ),
                shown=shown,
            )
        done = self._parts.line.ask(lambda calls: calls.register(signed), LOOK_PATIENCE)
        return RegisteredCard(
            mykey_id=done.mykey_id, generated=done.generated, known_before=done.known_before
        )

    @answers
    def balances(
        self, card: str, pin: bytearray | None, *, shown: KeyDigest | None
    ) -> tuple[BalanceRow, ...] | Refused:
        """With a PIN and a hub that answers: exact. Else what the standing says.

        A card that is closed is refused with the reason, whoever said it.
        """
        with wiped(pin):
            if pin is not None and not self._parts.reach.silent:
                with suppress(Unreachable):  # what is known here is better than nothing
                    return self._exact(card, pin, shown)
            return self._known(card)

    def _exact(self, card: str, pin: bytearray, shown: KeyDigest | None) -> tuple[BalanceRow, ...]:
        parts = self._parts
        signed = signed_by_card(
            parts,
            card,
            pin,
            LOOK,
            lambda tap, challenge: LookRequest(challenge, tap.key.digest),
            shown=shown,
        )
        found = parts.line.ask(lambda calls: calls.look(signed), LOOK_PATIENCE)
        return tuple(exact_row(parts, row, found.as_of) for row in found.rows)

    def _known(self, card: str) -> tuple[BalanceRow, ...] | Refused:
        with self._parts.tap(card) as tap:
            key, tries = tap.key.digest, tap.tries_left
        fresh = self._asking.refresh(key)
        look = self._asking.look(key, tries, fresh=fresh)
        if look.closed is not None:
            return no(look.closed)
        return tuple(
            BalanceRow(
                municipality=row.municipality,
                town=row.town,
                point_name=row.point_name,
                available=row.available,
                held=0,
                as_of=look.as_of,
                exact=False,
            )
            for row in look.towns
        )


def exact_row(parts: Parts, row: Balance, as_of: Millis | None) -> BalanceRow:
    """A town's points as the hub said them."""
    return BalanceRow(
        municipality=row.municipality,
        town=parts.paper.names(row.municipality)[0],
        point_name=row.point_name,
        available=row.available,
        held=row.held,
        as_of=as_of,
        exact=True,
    )
