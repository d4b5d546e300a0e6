"""What a counter asks of user authentication and refuses to believe, against scripted cards.

That the real card service carries the same: ``tests/readers/test_protocol.py``.
"""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.card.apdu import Octets
from node.card.errors import (
    BadAnswer,
    BadPin,
    CardError,
    CardSaysNo,
    NotThisCard,
    PinLocked,
    PinNeeded,
    WrongPin,
)
from node.card.jpki import UserAuthentication, to_be_signed
from sync.cardkey import CURVES, Algorithm
from tests.node.card.test_apdu import Script

SELECT_PIN = "00A4020C020018"
ASK_TRIES = "00200080"
SEND_PIN = "002000800434363439"


def pin() -> bytearray:
    return bytearray(b"4649")


def test_a_card_without_the_application_is_not_this_card() -> None:
    with pytest.raises(NotThisCard):
        UserAuthentication.open(Script(["6A82"]))
    with pytest.raises(CardSaysNo):
        UserAuthentication.open(Script(["6E00"]))


def test_a_card_that_claims_to_be_verified_already_is_not_believed() -> None:
    with pytest.raises(BadAnswer, match="9000"):
        UserAuthentication(Script(["9000", "9000"])).tries_left()


def test_the_pin_is_sent_once_after_asking_for_the_tries() -> None:
    card, typed = Script(["9000", "63C3", "9000"]), pin()

    UserAuthentication(card).verify(typed)

    assert card.sent == [SELECT_PIN, ASK_TRIES, SEND_PIN]
    assert typed == bytes(4)


@pytest.mark.parametrize("locked", ["63C0", "6983", "6984"])
def test_a_locked_card_is_not_sent_a_pin(locked: str) -> None:
    card = Script(["9000", locked])

    with pytest.raises(PinLocked):
        UserAuthentication(card).verify(pin())
    assert SEND_PIN not in card.sent


@pytest.mark.parametrize("typed", [b"", b"123", b"12345", b"12a4", b" 123", "１２３４".encode()])
def test_what_is_no_pin_never_reaches_the_card(typed: bytes) -> None:
    card, given_pin = Script([]), bytearray(typed)

    with pytest.raises(BadPin):
        UserAuthentication(card).verify(given_pin)
    assert card.sent == []
    assert not any(given_pin)


def test_a_wrong_pin_says_how_many_tries_are_left() -> None:
    card, typed = Script(["9000", "63C3", "63C2"]), pin()

    with pytest.raises(WrongPin, match="2") as wrong:
        UserAuthentication(card).verify(typed)
    assert (wrong.value.tries_left, wrong.value.reason) == (2, "wrong-pin")
    assert card.sent.count(SEND_PIN) == 1
    assert not any(typed)


def test_another_answer_to_the_pin_is_not_taken_for_a_yes() -> None:
    with pytest.raises(CardSaysNo):
        UserAuthentication(Script(["9000", "63C3", "6F00"])).verify(pin())


@pytest.mark.parametrize(
    "answers",
    [
        ["00000000" + "9000"],
        ["3082" + "9000"],
        ["6B00"],
        ["3082FFFF" + "9000"],
        ["30820100" + "9000", "AA" * 10 + "6282", "6B00"],
        ["30820100" + "9000", "9000"],
        ["30820010" + "9000", "AA" * 17 + "9000"],
    ],
)
def test_a_certificate_file_that_lies_is_refused(answers: list[str]) -> None:
    with pytest.raises(BadAnswer):
        UserAuthentication(Script(["9000", *answers])).read_certificate()


def test_a_digest_info_is_what_the_standard_says() -> None:
    # RFC 8017, 9.2, note 1
    prefix = "30 31 30 0d 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20"
    expected = bytes.fromhex(prefix) + hashlib.sha256(b"100").digest()
    assert to_be_signed(Algorithm.RS256, b"100") == expected


def test_a_key_on_a_curve_is_given_the_bare_digest() -> None:
    assert to_be_signed(Algorithm.ES256, b"100") == hashlib.sha256(b"100").digest()
    assert to_be_signed(Algorithm.ES384, b"100") == hashlib.sha384(b"100").digest()


@pytest.mark.parametrize(
    ("algorithm", "command"),
    [
        (Algorithm.ES256, "802A008020" + hashlib.sha256(b"100").hexdigest().upper() + "00"),
        (Algorithm.ES384, "802A008030" + hashlib.sha384(b"100").hexdigest().upper() + "00"),
    ],
)
def test_a_signature_on_a_curve_is_kept_in_its_one_spelling(
    algorithm: Algorithm, command: str
) -> None:
    curve = CURVES[algorithm]
    low, high = curve.join(7, 9), curve.join(7, curve.order - 9)

    for answered in (low, high):
        card = Script(["9000", answered.hex() + "9000"])
        assert UserAuthentication(card).sign(algorithm, b"100") == low
        assert card.sent == ["00A4020C020017", command]


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.ES384])
def test_an_answer_that_is_no_signature_on_the_curve_is_refused_in_words(
    algorithm: Algorithm,
) -> None:
    curve = CURVES[algorithm]
    whole = curve.join(7, 9)

    for answered in (whole[1:], whole + b"\0", bytes(len(whole)), b"\xff" * len(whole), b"\x30"):
        card = Script(["9000", answered.hex() + "9000"])
        with pytest.raises(BadAnswer, match="the card said that it signed"):
            UserAuthentication(card).sign(algorithm, b"100")


@pytest.mark.parametrize("length", [96, 256, 384])
def test_a_signature_has_the_length_the_card_gives_it(length: int) -> None:
    first, rest = min(length, 256), length - min(length, 256)
    answers = ["AB" * first + (f"61{rest:02X}" if rest else "9000"), "AB" * rest + "9000"]
    card = Script(["9000", *answers])

    assert UserAuthentication(card).sign(Algorithm.RS256, b"100") == b"\xab" * length
    assert card.sent[:2] == [
        "00A4020C020017",
        "802A008033" + to_be_signed(Algorithm.RS256, b"100").hex().upper() + "00",
    ]


def test_what_is_no_signature_is_not_passed_on() -> None:
    for answers, error in (
        (["9000", "6982"], PinNeeded),
        (["9000", "6A80"], CardSaysNo),
        (["6A82"], CardSaysNo),
        (["9000", "9000"], BadAnswer),
    ):
        with pytest.raises(error):
            UserAuthentication(Script(answers)).sign(Algorithm.RS256, b"100")


class Noise:
    """A card out of its mind: any answers, in any order, over and over."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.turn = 0
        self.pins = 0

    def transmit(self, command: Octets) -> bytes:
        self.turn += 1
        self.pins += command[1] == 0x20 and len(command) > 4
        return self.answers[self.turn % len(self.answers)]


plausible = st.sampled_from(
    [bytes.fromhex(answer) for answer in ("9000", "63C3", "63C0", "6101", "6C02", "308201009000")]
)


@given(
    st.lists(plausible | st.binary(max_size=260), min_size=1, max_size=12),
    st.sampled_from(list(Algorithm)),
)
def test_a_card_out_of_its_mind_ends_in_a_card_error_and_sees_the_pin_once(
    answers: list[bytes], algorithm: Algorithm
) -> None:
    card, typed = Noise(answers), pin()
    try:
        application = UserAuthentication.open(card)
        application.read_certificate()
        application.verify(typed)
        application.sign(algorithm, b"100")
    except CardError:
        pass
    assert card.pins <= 1
    assert card.pins == 0 or not any(typed)
