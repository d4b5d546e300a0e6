"""What stands in a ticket's code is checked by a library that the program does not use: pycose."""

import base64

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycose.keys.okp import OKPKey
from pycose.messages.cosemessage import CoseMessage
from pycose.messages.sign1message import Sign1Message

from sync.errors import Malformed, NotAuthentic
from sync.ticket import from_qr, read_ticket, to_qr
from tests.printer import signed

TOWN = signed.said("").municipality
OURS = {TOWN: (signed.KEY.public,)}


def accepted(data: bytes, public: bytes = signed.KEY.public) -> bool:
    """Whether pycose takes it for a message that this key signed."""
    try:
        message = CoseMessage.decode(data)
        if not isinstance(message, Sign1Message):
            return False
        message.key = OKPKey(crv="ED25519", x=public)
        return bool(message.verify_signature())
    except Exception:  # noqa: BLE001  whatever a stranger's library says to damage, it is a no
        return False


@pytest.mark.parametrize("which", signed.TICKETS)
def test_the_text_of_the_code_is_a_signed_token(which: str) -> None:
    text = signed.paper(signed.TICKETS[which]).qr

    data = base64.b32decode(text + "=" * (-len(text) % 8))

    assert accepted(data)
    assert not accepted(data, signed.OTHER.public)


def test_its_claims_are_those_of_the_standard() -> None:
    message = CoseMessage.decode(signed.ORDINARY)
    assert isinstance(message, Sign1Message)
    assert message.payload is not None

    claims = cbor2.loads(message.payload)

    # RFC 8392, section 3.1: iss 1, exp 4, nbf 5, cti 7.
    assert claims[1] == "https://points.city.kawasaki.example:8443"
    assert (claims[4] - claims[5]) == 91 * 86_400
    assert claims[7] == signed.said("").number.encode()


@pytest.mark.parametrize("which", signed.TICKETS)
@given(draw=st.data())
def test_one_changed_bit_is_refused_by_both(which: str, draw: st.DataObject) -> None:
    data = bytearray(signed.TICKETS[which])
    bit = draw.draw(st.integers(min_value=0, max_value=len(data) * 8 - 1))
    data[bit // 8] ^= 1 << bit % 8

    assert not accepted(bytes(data))
    with pytest.raises((Malformed, NotAuthentic)):
        read_ticket(bytes(data), OURS)


def test_every_single_bit_of_an_ordinary_ticket_counts() -> None:
    whole = signed.ORDINARY
    for bit in range(len(whole) * 8):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        assert not accepted(bytes(data)), bit


@given(at=st.integers(min_value=0, max_value=300), letter=st.sampled_from("ABCXYZ234567"))
def test_one_misread_letter_is_refused(at: int, letter: str) -> None:
    text = to_qr(signed.ORDINARY)
    misread = text[: at % len(text)] + letter + text[at % len(text) + 1 :]
    if misread == text:
        return

    with pytest.raises((Malformed, NotAuthentic)):
        read_ticket(from_qr(misread), OURS)
