"""The card's protocol, told once and true at each door: called directly, and over the real service.

A tap from power to signature, PINs right and wrong, cards that leave, speak by pieces, sign by
other keys or talk nonsense. Nothing above the transport may tell the doors apart.
"""

from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from node.card.apdu import PIN_NOT_PRESENTED, Command, Octets, exchange
from node.card.cardfile import CardFile
from node.card.errors import (
    BadAnswer,
    BadPin,
    CardInUse,
    CardRemoved,
    PinLocked,
    PinNeeded,
    SignatureMismatch,
    TapSpent,
    WrongPin,
)
from node.card.jpki import UserAuthentication
from node.card.softcard import Knobs, SoftCard
from node.card.tap import Tap
from node.card.vpcd import PowerOn
from sync.cardkey import CURVES, Algorithm, verifying
from sync.certificate import check_certificate, verify_signature
from sync.democa import DemoCa, new_card_key
from tests.node.card.conftest import NOW, PIN
from tests.readers.doors import Door, loopback

MESSAGE = b"machikado/card/1 ... 100 points"
WRONG = b"0000"
SELECT_KEY = Command(ins=0xA4, p1=0x02, p2=0x0C, data=bytes.fromhex("0017"))
SIGN = Command(
    cla=0x80,
    ins=0x2A,
    p2=0x80,
    data=bytes.fromhex("3031300d060960864801650304020105000420") + bytes(32),
    le=256,
)


def pin(digits: bytes = PIN) -> bytearray:
    return bytearray(digits)


def tries(card: Path) -> int:
    """What stands in the card's file, once nothing powers it."""
    with closing(CardFile(card)) as held:
        return held.tries


def soft(card: Path, knobs: Knobs | None = None) -> PowerOn:
    return lambda: SoftCard(card, knobs)


def pay(tap: Tap, digits: bytes = PIN) -> bytes:
    """A whole tap: one look and one payment."""
    with tap:
        tap.verify(pin(digits))
        tap.sign_look(b"challenge")
        return tap.sign_record(MESSAGE).signature


# -- a payment


def test_a_payment_is_signed_by_the_key_in_the_certificate(
    door: Door, card: Path, ca: DemoCa
) -> None:
    with door(soft(card)) as lying, lying.tap() as tap:
        key = check_certificate(tap.certificate, ca.roots, NOW)
        assert tap.tries_left == 3
        tap.verify(pin())
        signed = tap.sign_record(MESSAGE)

    assert (signed.algorithm, signed.key_digest) == (Algorithm.RS256, key.digest)
    assert tap.key.digest == key.digest
    verify_signature(key.public_key, signed.algorithm, signed.signature, MESSAGE)


def test_a_payment_by_the_next_card_is_signed_in_its_one_spelling(
    door: Door, next_card: Path, ca: DemoCa
) -> None:
    with door(soft(next_card)) as lying:
        for n in range(12):  # some of these s are high as the card gives them
            message = MESSAGE + bytes([n])
            with lying.tap() as tap:
                key = check_certificate(tap.certificate, ca.roots, NOW)
                tap.verify(pin())
                signed = tap.sign_record(message)
            assert (signed.algorithm, signed.key_digest) == (key.algorithm, key.digest)
            assert len(signed.signature) == 2 * CURVES[key.algorithm].size
            verify_signature(key.public_key, signed.algorithm, signed.signature, message)


@pytest.mark.parametrize("by_pieces", [False, True])
def test_the_next_card_looks_and_pays_as_todays_does(
    door: Door, next_card: Path, *, by_pieces: bool
) -> None:
    with door(soft(next_card, Knobs(by_pieces=by_pieces))) as lying, lying.tap() as tap:
        with pytest.raises(PinNeeded):
            tap.sign_record(MESSAGE)
        tap.verify(pin())
        look, paid = tap.sign_look(b"challenge"), tap.sign_record(MESSAGE)
        with pytest.raises(TapSpent, match="money"):
            tap.sign_record(MESSAGE)

    verify_signature(tap.key.spki, look.algorithm, look.signature, b"challenge")
    verify_signature(tap.key.spki, paid.algorithm, paid.signature, MESSAGE)


def test_a_card_that_speaks_by_pieces_is_used_all_the_same(door: Door, card: Path) -> None:
    told = []
    for by_pieces in (False, True):
        with door(soft(card, Knobs(by_pieces=by_pieces))) as lying, lying.tap() as tap:
            tap.verify(pin())
            told.append((tap.certificate, tap.sign_record(MESSAGE).signature))

    assert told[0] == told[1]


def test_an_answer_that_comes_late_is_waited_for(door: Door, card: Path) -> None:
    late: list[str] = []
    with door(soft(card, Knobs(before_answer=lambda: late.append("late")))) as lying:
        assert pay(lying.tap())
    assert late


# -- once


def test_one_tap_gives_one_look_and_one_payment(door: Door, card: Path) -> None:
    with door(soft(card)) as lying, lying.tap() as tap:
        tap.verify(pin())
        tap.sign_look(b"challenge")
        tap.sign_record(MESSAGE)

        with pytest.raises(TapSpent, match="money"):
            tap.sign_record(MESSAGE)
        with pytest.raises(TapSpent, match="look") as refused:
            tap.sign_look(b"challenge")
    assert refused.value.reason == "tap-spent"


def test_the_card_is_ours_alone_and_free_afterwards(door: Door, card: Path) -> None:
    with door(soft(card)) as lying:
        with lying.tap() as tap, pytest.raises(CardInUse), lying.tap():
            pass
        with pytest.raises(RuntimeError, match="power"), lying.tap():
            raise RuntimeError("the counter's own power went")
        with lying.tap() as tap:
            assert tap.tries_left == 3


def test_after_the_tap_nothing_more_is_given(door: Door, card: Path) -> None:
    late = pin()
    with door(soft(card)) as lying:
        with lying.tap() as tap:
            tap.verify(pin())
        with pytest.raises(TapSpent, match="over"):
            tap.sign_record(MESSAGE)
        with pytest.raises(TapSpent, match="over"):
            tap.verify(late)
        with pytest.raises(TapSpent, match="once"), tap:
            pass
    assert not any(late)


def test_after_a_tap_the_card_asks_for_its_pin_again(door: Door, card: Path) -> None:
    with door(soft(card)) as lying:
        pay(lying.tap())
        with closing(lying.connect()) as connection:
            UserAuthentication.open(connection)
            exchange(connection, SELECT_KEY)
            assert exchange(connection, SIGN).status == PIN_NOT_PRESENTED


# -- the PIN


def test_nothing_is_signed_before_the_pin(door: Door, card: Path) -> None:
    with door(soft(card)) as lying, lying.tap() as tap:
        for sign in (tap.sign_look, tap.sign_record):
            with pytest.raises(PinNeeded):
                sign(MESSAGE)
        tap.verify(pin())
        tap.sign_record(MESSAGE)  # being too early did not cost the one signature


def test_one_tap_takes_one_pin_and_another_try_is_another_tap(door: Door, card: Path) -> None:
    second = pin()
    with door(soft(card)) as lying, lying.tap() as tap:
        with pytest.raises(WrongPin) as wrong:
            tap.verify(pin(WRONG))
        with pytest.raises(TapSpent, match="PIN"):
            tap.verify(second)
        with pytest.raises(PinNeeded):
            tap.sign_record(MESSAGE)

    assert wrong.value.tries_left == 2
    assert not any(second)
    assert tries(card) == 2


def test_a_typing_mistake_costs_neither_try_nor_tap(door: Door, card: Path) -> None:
    with door(soft(card)) as lying, lying.tap() as tap:
        with pytest.raises(BadPin):
            tap.verify(pin(b"46"))
        tap.verify(pin())
    assert tries(card) == 3


def test_after_three_wrong_pins_the_card_is_locked_and_says_so_before_the_pin(
    door: Door, card: Path
) -> None:
    with door(soft(card)) as lying:
        for expected in (WrongPin, WrongPin, PinLocked):
            with lying.tap() as tap, pytest.raises(expected):
                tap.verify(pin(WRONG))
        with lying.tap() as tap:
            assert tap.tries_left == 0
            with pytest.raises(PinLocked, match="municipality"):
                tap.verify(pin())
    assert tries(card) == 0


# -- keys that do not fit


def test_a_card_that_signs_with_another_key_is_found_out(
    door: Door, card: Path, other_key: RSAPrivateKey
) -> None:
    with door(soft(card, Knobs(signing_key=other_key))) as lying, lying.tap() as tap:
        tap.verify(pin())
        with pytest.raises(SignatureMismatch):
            tap.sign_record(MESSAGE)


def test_the_next_card_that_signs_with_another_key_is_found_out(
    door: Door, next_card: Path, curve_key: EllipticCurvePrivateKey
) -> None:
    other = new_card_key(verifying(curve_key.public_key()).algorithm)
    with door(soft(next_card, Knobs(signing_key=other))) as lying, lying.tap() as tap:
        tap.verify(pin())
        with pytest.raises(SignatureMismatch):
            tap.sign_record(MESSAGE)


def test_a_card_whose_key_is_not_of_its_certificates_kind_is_told_in_words(
    door: Door, next_card: Path, card_key: RSAPrivateKey
) -> None:
    with door(soft(next_card, Knobs(signing_key=card_key))) as lying, lying.tap() as tap:
        tap.verify(pin())
        with pytest.raises(BadAnswer, match="256"):
            tap.sign_record(MESSAGE)


def test_a_certificate_that_cannot_be_read_is_the_cards_fault(door: Door, card: Path) -> None:
    def power_on() -> SoftCard:
        softcard = SoftCard(card)
        softcard._transparent[0x000A] = b"\x30\x82\x01\x00" + bytes(256)
        return softcard

    with (
        door(power_on) as lying,
        pytest.raises(BadAnswer, match="certificate"),
        lying.tap(),
    ):
        pass
    assert tries(card) == 3


# -- cards that leave


def commands_of_a_whole_tap(card: Path) -> list[bytes]:
    """The commands of :func:`pay`, as a good card hears them."""
    heard: list[bytes] = []

    class Listening(SoftCard):
        def transmit(self, command: Octets) -> bytes:
            heard.append(bytes(command))
            return super().transmit(command)

    with loopback(lambda: Listening(card)) as lying:
        pay(lying.tap())
    return heard


COMMANDS = 16
"""How many there are; the parameters below have to be known before there is a card."""


def test_every_command_of_a_tap_is_counted(card: Path) -> None:
    assert len(commands_of_a_whole_tap(card)) == COMMANDS


@pytest.mark.parametrize("works_first", [False, True])
@pytest.mark.parametrize("at", range(1, COMMANDS + 1))
def test_a_card_that_leaves_at_any_command_is_told_and_loses_no_try(
    door: Door, card: Path, at: int, *, works_first: bool
) -> None:
    with (
        door(soft(card, Knobs(leaves_at=at, works_first=works_first))) as lying,
        pytest.raises(CardRemoved, match="taken away"),
    ):
        pay(lying.tap())
    assert tries(card) == 3


@pytest.mark.parametrize(("works_first", "left"), [(False, 3), (True, 2)])
def test_a_card_that_leaves_with_a_wrong_pin_counts_it_once_if_it_ever_arrived(
    door: Door, card: Path, *, works_first: bool, left: int
) -> None:
    heard = commands_of_a_whole_tap(card)
    at = 1 + next(n for n, each in enumerate(heard) if each[1] == 0x20 and len(each) > 4)

    with (
        door(soft(card, Knobs(leaves_at=at, works_first=works_first))) as lying,
        pytest.raises(CardRemoved),
    ):
        pay(lying.tap(), WRONG)
    assert tries(card) == left


def test_a_payment_whose_answer_was_lost_counts_as_given(door: Door, card: Path) -> None:
    with (
        door(soft(card, Knobs(leaves_at=COMMANDS, works_first=True))) as lying,
        lying.tap() as tap,
    ):
        tap.verify(pin())
        tap.sign_look(b"challenge")
        with pytest.raises(CardRemoved):
            tap.sign_record(MESSAGE)
        with pytest.raises(TapSpent, match="money"):
            tap.sign_record(MESSAGE)
