"""What a resident does at a counter besides paying: make a MyKey ID, look at the exact balance.

Both are looks: the card signs which request, at which hub and node, together with a challenge of
the hub; no points move. One look a tap.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from node.asking import Asking
from node.card.tap import Tap
from node.outcome import BalanceRow, Refused, RegisteredCard
from node.parts import Parts
from node.reach import LOOK_PATIENCE
from node.refusals import check_usable, no, refused
from sync.calls import CardSigned, LookRequest, Registered, Registration
from sync.cardproof import look_message
from sync.errors import NotAuthentic, RefusedByRule, Unreachable
from sync.values import mykey_id
from sync.wire import write

MOST_WISHES = 3
"""After three taken candidates one is generated (マイキーID登録, the platform's own flow)."""
TAKEN = "mykey-id-taken"
_MADE = ""
"""The wish for an ID that the hub makes."""
REGISTER, LOOK = "register", "look"
"""The verbs of :func:`sync.cardproof.look_message`."""


class Residents:
    """Looks at one counter."""

    def __init__(self, parts: Parts, asking: Asking) -> None:
        self._parts = parts
        self._asking = asking

    def register(
        self, card: str, pin: bytearray, wishes: Sequence[str], *, consent: bool
    ) -> RegisteredCard | Refused:
        """Make a MyKey ID: the first wish that is free.

        Without a wish, and after three that were taken, the hub makes one; fewer taken wishes are
        refused, so that nobody gets for life what nobody chose.
        """
        candidates = [str(mykey_id(wish)) for wish in wishes][:MOST_WISHES]
        if len(candidates) in (0, MOST_WISHES):
            candidates.append(_MADE)
        try:
            for candidate in candidates:
                try:
                    done = self._register(card, bytearray(pin), candidate, consent=consent)
                except RefusedByRule as error:
                    if error.reason != TAKEN:
                        raise
                else:
                    return RegisteredCard(
                        mykey_id=done.mykey_id,
                        generated=done.generated,
                        known_before=done.known_before,
                    )
        except Unreachable:
            return no("hub-silent")
        except (RefusedByRule, NotAuthentic) as error:
            return refused(error)
        finally:
            pin[:] = bytes(len(pin))
        return no(TAKEN)

    def balances(self, card: str, pin: bytearray | None) -> tuple[BalanceRow, ...] | Refused:
        """With a PIN and a hub that answers: exact. Else what the standing says."""
        try:
            if pin is not None and not self._parts.reach.silent:
                try:
                    return self._exact(card, pin)
                except Unreachable:
                    pass  # what is known here is better than nothing, and says what it is
            return self._known(card)
        except (RefusedByRule, NotAuthentic) as error:
            return refused(error)
        finally:
            if pin is not None:
                pin[:] = bytes(len(pin))

    def _register(self, card: str, pin: bytearray, wish: str, *, consent: bool) -> Registered:
        parts = self._parts
        with parts.tap(card) as tap:
            check_usable(tap, parts.writer.now())
            challenge = parts.line.ask(lambda calls: calls.challenge(), LOOK_PATIENCE).challenge
            request = Registration(
                challenge=challenge,
                certificate=tap.certificate,
                wish=wish,
                consent_points=consent,
            )
            signed = self._sign(tap, pin, REGISTER, request, challenge)
        return parts.line.ask(lambda calls: calls.register(signed), LOOK_PATIENCE)

    def _exact(self, card: str, pin: bytearray) -> tuple[BalanceRow, ...]:
        parts = self._parts
        with parts.tap(card) as tap:
            check_usable(tap, parts.writer.now())
            challenge = parts.line.ask(lambda calls: calls.challenge(), LOOK_PATIENCE).challenge
            request = LookRequest(challenge=challenge, card=tap.key.digest)
            signed = self._sign(tap, pin, LOOK, request, challenge)
        found = parts.line.ask(lambda calls: calls.look(signed), LOOK_PATIENCE)
        return tuple(
            BalanceRow(
                municipality=row.municipality,
                town=parts.paper.names(row.municipality)[0],
                point_name=row.point_name,
                available=row.available,
                held=row.held,
                as_of=found.as_of,
                exact=True,
            )
            for row in found.rows
        )

    def _known(self, card: str) -> tuple[BalanceRow, ...]:
        with self._parts.tap(card) as tap:
            key, tries = tap.key.digest, tap.tries_left
        fresh = self._asking.refresh(key)
        look = self._asking.look(key, tries, fresh=fresh)
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

    def _sign(
        self, tap: Tap, pin: bytearray, verb: str, request: msgspec.Struct, challenge: bytes
    ) -> CardSigned:
        """PIN and the tap's one look."""
        body = write(request)
        identity = self._parts.identity
        message = look_message(
            verb, identity.hub_origin, identity.node, hashlib.sha256(body).digest(), challenge
        )
        tap.verify(pin)
        signature = tap.sign_look(message)
        return CardSigned(body, signature.algorithm, signature.signature)
