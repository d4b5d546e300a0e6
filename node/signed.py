"""What a card signs besides money: one request to the hub, under its PIN, in a tap of its own.

The card signs which request, at which hub and node, with a challenge of the hub
(:func:`sync.cardproof.look_message`); no points move.
"""

import hashlib
from collections.abc import Callable

import msgspec

from node.card.tap import Tap
from node.parts import Parts
from node.reach import LOOK_PATIENCE
from node.refusals import check_same, check_usable
from sync.calls import CardSigned
from sync.cardproof import look_message
from sync.clock import At
from sync.values import KeyDigest
from sync.wire import write

Asked = Callable[[Tap, bytes], msgspec.Struct]
"""Makes the request from the card that lies there and the hub's challenge."""


def signed_by_card(
    parts: Parts,
    card: str,
    pin: bytearray,
    verb: str,
    asked: Asked,
    *,
    shown: KeyDigest | None = None,
    usable: Callable[[Tap, At], None] = check_usable,
) -> CardSigned:
    """Tap, challenge, PIN, and the tap's one look.

    ``shown`` is the key of the card that a person showed before, and no other's PIN is asked for;
    ``usable`` refuses a card, and ``asked`` may, before anybody's PIN is given to it.
    Raises CardError, RefusedByRule (a card that cannot be used, a wrong PIN), Unreachable.
    """
    with parts.tap(card) as tap:
        check_same(tap, shown)
        usable(tap, parts.writer.now())
        challenge = parts.line.ask(lambda calls: calls.challenge(), LOOK_PATIENCE).challenge
        body = write(asked(tap, challenge))
        identity = parts.identity
        message = look_message(
            verb, identity.hub_origin, identity.node, hashlib.sha256(body).digest(), challenge
        )
        tap.verify(pin)
        signature = tap.sign_look(message)
    return CardSigned(body, signature.algorithm, signature.signature)
