"""The card's protocol byte for byte, by cards with a script, at each door.

What is announced by 61xx, corrected by 6Cxx, cut short, or answered in the dialect of one maker.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import closing

import pytest

from node.card.apdu import Octets
from node.card.errors import BadAnswer, CardError, CardSaysNo, NotThisCard, PinLocked
from node.card.jpki import UserAuthentication
from sync.cardkey import Algorithm
from tests.node.card.conftest import PIN
from tests.readers.doors import Door


class Scripted:
    """A card that answers from a list, whatever it is asked, and remembers what that was."""

    def __init__(self, answers: Sequence[str]) -> None:
        self.answers = [bytes.fromhex(answer) for answer in answers]
        self.sent: list[str] = []
        self.powered = True

    def transmit(self, command: Octets) -> bytes:
        self.sent.append(command.hex().upper())
        return self.answers.pop(0)

    def close(self) -> None:
        self.powered = False


def asked(door: Door, card: Scripted, ask: Callable[[UserAuthentication], object]) -> object:
    """What the application on ``card`` gives to ``ask``; its script must be played to its end."""
    with door(lambda: card) as lying, closing(lying.connect()) as connection:
        got = ask(UserAuthentication(connection))
    assert card.answers == []
    return got


def certificate(length: int) -> bytes:
    body = bytes(i % 251 for i in range(length - 4))
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


def test_the_application_is_selected_by_its_name(door: Door) -> None:
    card = Scripted(["9000"])
    asked(door, card, lambda application: UserAuthentication.open(application.transport))
    assert card.sent == ["00A4040C0AD392F000260100000001"]


@pytest.mark.parametrize(
    ("answer", "left"), [("63C3", 3), ("63C1", 1), ("63C0", 0), ("6983", 0), ("6984", 0)]
)
def test_the_tries_left_are_asked_without_a_pin(door: Door, answer: str, left: int) -> None:
    card = Scripted(["9000", answer])
    assert asked(door, card, UserAuthentication.tries_left) == left
    assert card.sent == ["00A4020C020018", "00200080"]


@pytest.mark.parametrize("locked", ["63C0", "6983", "6984"])
def test_a_locked_card_is_told_in_each_of_its_dialects_at_the_last_try_too(
    door: Door, locked: str
) -> None:
    card = Scripted(["9000", "63C1", locked])

    def enter(application: UserAuthentication) -> None:
        with pytest.raises(PinLocked):
            application.verify(bytearray(PIN))

    asked(door, card, enter)
    assert card.sent == ["00A4020C020018", "00200080", "002000800434363439"]


def test_a_long_answer_is_fetched_as_the_card_announces_it(door: Door) -> None:
    whole = bytes(range(1, 251)) + bytes(range(134))
    pieces = ["6100", whole[:256].hex() + "6180", whole[256:].hex() + "9000"]
    card = Scripted(["9000", *pieces])

    signature = asked(door, card, lambda application: application.sign(Algorithm.RS256, b"100"))

    assert signature == whole
    digest = hashlib.sha256(b"100").hexdigest().upper()
    info = "3031300D060960864801650304020105000420"
    assert card.sent == [
        "00A4020C020017",
        f"802A008033{info}{digest}00",
        "00C0000000",
        "00C0000080",
    ]


def test_a_wrong_length_is_asked_for_once_more_and_a_short_piece_is_followed_by_the_rest(
    door: Door,
) -> None:
    der = certificate(600)
    card = Scripted(
        [
            "9000",
            der[:4].hex() + "9000",
            der[4:100].hex() + "6282",
            "6C80",
            der[100:228].hex() + "9000",
            der[228:484].hex() + "9000",
            der[484:].hex() + "9000",
        ]
    )

    assert asked(door, card, UserAuthentication.read_certificate) == der
    assert card.sent == [
        "00A4020C02000A",
        "00B0000004",
        "00B0000400",
        "00B0006400",
        "00B0006480",
        "00B000E400",
        "00B001E474",
    ]


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (["6A82"], NotThisCard),
        (["6E00"], CardSaysNo),
        (["9000", "9000", "9000"], BadAnswer),
        (["9000", "9000", "63C3", "9000", "6B00"], BadAnswer),
        (["9000", "9000", "63C3", "9000", "3082FFFF9000"], BadAnswer),
    ],
)
def test_another_card_is_refused_and_loses_its_power(
    door: Door, answers: Sequence[str], error: type[CardError]
) -> None:
    card = Scripted(answers)
    with door(lambda: card) as lying, pytest.raises(error), lying.tap():
        pass
    assert card.answers == []
    assert not card.powered
