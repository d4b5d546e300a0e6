"""At the hub's door the next card registers as today's does: by its own name, in one spelling."""

from collections.abc import Callable

import pytest

from sync.calls import CardSigned, HubCalls, Registration
from sync.cardkey import CURVES, Algorithm
from sync.cardproof import look_message
from sync.chain import digest
from sync.democa import DemoCa, new_card_key
from sync.errors import Malformed, NotAuthentic
from sync.wire import write
from tests.doubles.clocks import at
from tests.doubles.pen import Card
from tests.hub.townhall import ORIGIN

Spoil = Callable[[bytes], bytes]


@pytest.fixture(params=[Algorithm.ES256, Algorithm.ES384])
def card(request: pytest.FixtureRequest) -> Card:
    """Mei's key, on each curve."""
    return Card(new_card_key(request.param))


def registration(
    calls: HubCalls, ca: DemoCa, card: Card, name: str = "", spoil: Spoil = lambda good: good
) -> CardSigned:
    """Ask for a MyKey ID, with the signature spoilt or under another name where told so."""
    challenge = calls.challenge().challenge
    certificate = ca.issue(card.private.public_key(), at=at("2026-01-01 00:00"))
    request = write(Registration(challenge, certificate, "MEI00001", consent_points=True))
    signature = card.sign(look_message("register", ORIGIN, calls.node, digest(request), challenge))
    return CardSigned(request, name or card.algorithm, spoil(signature))


def test_it_registers_and_is_known_again(counter: HubCalls, ca: DemoCa, card: Card) -> None:
    made = counter.register(registration(counter, ca, card))
    again = counter.register(registration(counter, ca, card))

    assert (made.mykey_id, made.known_before) == ("MEI00001", False)
    assert (again.mykey_id, again.known_before) == ("MEI00001", True)


@pytest.mark.parametrize("name", [*Algorithm, "none"])
def test_under_another_name_it_is_refused_in_words(
    counter: HubCalls, ca: DemoCa, card: Card, name: str
) -> None:
    asked = registration(counter, ca, card, name)

    if name == card.algorithm:
        assert counter.register(asked).mykey_id == "MEI00001"
    else:
        with pytest.raises(Malformed, match=f"this card signs with {card.algorithm}"):
            counter.register(asked)


def test_what_is_no_signature_of_this_card_is_refused_in_words(
    counter: HubCalls, ca: DemoCa, card: Card
) -> None:
    curve = CURVES[card.algorithm]

    def twin(good: bytes) -> bytes:
        r, s = curve.split(good)
        return curve.join(r, curve.order - s)

    def changed(good: bytes) -> bytes:
        return bytes([good[0] ^ 1]) + good[1:]

    def nothing(good: bytes) -> bytes:
        return bytes(len(good))

    for spoil in (twin, changed, nothing):
        with pytest.raises(NotAuthentic, match="does not fit"):
            counter.register(registration(counter, ca, card, spoil=spoil))
    assert not counter.register(registration(counter, ca, card)).known_before
