"""One tap: one card, one PIN, one look, one payment, and the power goes whatever happens."""

import logging
import traceback
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from node.card.apdu import Octets
from node.card.errors import (
    BadAnswer,
    BadPin,
    CardError,
    CardInUse,
    CardRemoved,
    CardUnreadable,
    NotThisCard,
    PinLocked,
    PinNeeded,
    SignatureMismatch,
    TapSpent,
    WrongPin,
)
from node.card.softcard import Knobs, SoftCard
from node.card.tap import CardAddress, ReaderAddress, SoftAddress, Tap, card_address
from sync.cardkey import CURVES, verifying
from sync.certificate import Algorithm, check_certificate, verify_signature
from sync.democa import DemoCa, new_card_key
from sync.errors import Malformed
from tests.node.card.conftest import NOW, PIN, TapWith, connect_with

MESSAGE = b"machikado/card/1 ... 100 points"


def pin(digits: bytes = PIN) -> bytearray:
    return bytearray(digits)


def tries(card: Path) -> int:
    with Tap(SoftAddress(card)) as tap:
        return tap.tries_left


def test_a_payment_is_signed_by_the_key_in_the_certificate(card: Path, ca: DemoCa) -> None:
    with Tap(f"soft:{card}") as tap:
        key = check_certificate(tap.certificate, ca.roots, NOW)
        tap.verify(pin())
        signed = tap.sign_record(MESSAGE)

    assert (signed.algorithm, signed.key_digest) == (Algorithm.RS256, key.digest)
    assert tap.key.digest == key.digest
    verify_signature(key.public_key, signed.algorithm, signed.signature, MESSAGE)


def test_a_payment_by_the_next_card_is_signed_in_its_one_spelling(
    next_card: Path, ca: DemoCa
) -> None:
    key = None
    for n in range(12):  # some of these s are high as the card gives them
        message = MESSAGE + bytes([n])
        with Tap(SoftAddress(next_card)) as tap:
            key = check_certificate(tap.certificate, ca.roots, NOW)
            tap.verify(pin())
            signed = tap.sign_record(message)
        assert (signed.algorithm, signed.key_digest) == (key.algorithm, key.digest)
        assert len(signed.signature) == 2 * CURVES[key.algorithm].size
        verify_signature(key.public_key, signed.algorithm, signed.signature, message)
    assert key is not None


@pytest.mark.parametrize("by_pieces", [False, True])
def test_the_next_card_looks_and_pays_as_todays_does(next_card: Path, *, by_pieces: bool) -> None:
    with Tap(SoftAddress(next_card), connect=connect_with(Knobs(by_pieces=by_pieces))) as tap:
        with pytest.raises(PinNeeded):
            tap.sign_record(MESSAGE)
        tap.verify(pin())
        look, pay = tap.sign_look(b"challenge"), tap.sign_record(MESSAGE)
        with pytest.raises(TapSpent, match="money"):
            tap.sign_record(MESSAGE)

    verify_signature(tap.key.spki, look.algorithm, look.signature, b"challenge")
    verify_signature(tap.key.spki, pay.algorithm, pay.signature, MESSAGE)


def test_the_next_card_that_signs_with_another_key_is_found_out(
    next_card: Path, curve_key: EllipticCurvePrivateKey
) -> None:
    algorithm = verifying(curve_key.public_key()).algorithm
    knobs = Knobs(signing_key=new_card_key(algorithm))

    with Tap(SoftAddress(next_card), connect=connect_with(knobs)) as tap:
        tap.verify(pin())
        with pytest.raises(SignatureMismatch):
            tap.sign_record(MESSAGE)


def test_a_card_whose_key_is_not_of_its_certificates_kind_is_told_in_words(
    next_card: Path, card_key: RSAPrivateKey
) -> None:
    with Tap(SoftAddress(next_card), connect=connect_with(Knobs(signing_key=card_key))) as tap:
        tap.verify(pin())
        with pytest.raises(BadAnswer, match="256"):
            tap.sign_record(MESSAGE)


def test_a_card_that_speaks_by_pieces_is_used_all_the_same(tap_with: TapWith, card: Path) -> None:
    with tap_with(Knobs(by_pieces=True)) as tap:
        tap.verify(pin())
        piecewise = (tap.certificate, tap.sign_record(MESSAGE).signature)
    with Tap(SoftAddress(card)) as tap:
        tap.verify(pin())
        assert piecewise == (tap.certificate, tap.sign_record(MESSAGE).signature)


def test_one_tap_gives_one_look_and_one_payment(card: Path) -> None:
    with Tap(SoftAddress(card)) as tap:
        tap.verify(pin())
        tap.sign_look(b"challenge")
        tap.sign_record(MESSAGE)

        with pytest.raises(TapSpent, match="money"):
            tap.sign_record(MESSAGE)
        with pytest.raises(TapSpent, match="look") as refused:
            tap.sign_look(b"challenge")
    assert refused.value.reason == "tap-spent"


def test_nothing_is_signed_before_the_pin(card: Path) -> None:
    with Tap(SoftAddress(card)) as tap:
        for sign in (tap.sign_look, tap.sign_record):
            with pytest.raises(PinNeeded):
                sign(MESSAGE)
        tap.verify(pin())
        tap.sign_record(MESSAGE)  # being too early did not cost the one signature


def test_one_tap_takes_one_pin_and_another_try_is_another_tap(card: Path) -> None:
    with Tap(SoftAddress(card)) as tap:
        with pytest.raises(WrongPin) as wrong:
            tap.verify(pin(b"0000"))
        second = pin()
        with pytest.raises(TapSpent, match="PIN"):
            tap.verify(second)
        with pytest.raises(PinNeeded):
            tap.sign_record(MESSAGE)

    assert wrong.value.tries_left == 2
    assert not any(second)
    assert tries(card) == 2


def test_a_typing_mistake_costs_neither_try_nor_tap(card: Path) -> None:
    with Tap(SoftAddress(card)) as tap:
        with pytest.raises(BadPin):
            tap.verify(pin(b"46"))
        tap.verify(pin())
    assert tries(card) == 3


def test_after_three_wrong_pins_the_card_is_locked_and_says_so_before_the_pin(card: Path) -> None:
    for expected in (WrongPin, WrongPin, PinLocked):
        with Tap(SoftAddress(card)) as tap, pytest.raises(expected):
            tap.verify(pin(b"0000"))

    with Tap(SoftAddress(card)) as tap:
        assert tap.tries_left == 0
        with pytest.raises(PinLocked, match="municipality"):
            tap.verify(pin())


def test_a_card_that_signs_with_another_key_is_found_out(
    tap_with: TapWith, other_key: RSAPrivateKey
) -> None:
    with tap_with(Knobs(signing_key=other_key)) as tap:
        tap.verify(pin())
        with pytest.raises(SignatureMismatch):
            tap.sign_record(MESSAGE)


def test_the_card_is_ours_alone_and_free_afterwards(card: Path) -> None:
    with Tap(SoftAddress(card)), pytest.raises(CardInUse), Tap(SoftAddress(card)):
        pass

    with pytest.raises(RuntimeError, match="power"), Tap(SoftAddress(card)):
        raise RuntimeError("the counter's own power went")
    assert tries(card) == 3


def test_after_the_tap_nothing_more_is_given(card: Path) -> None:
    with Tap(SoftAddress(card)) as tap:
        tap.verify(pin())
    late = pin()

    with pytest.raises(TapSpent, match="over"):
        tap.sign_record(MESSAGE)
    with pytest.raises(TapSpent, match="over"):
        tap.verify(late)
    with pytest.raises(TapSpent, match="once"), tap:
        pass
    assert not any(late)


def _whole_tap(tap: Tap, digits: bytes) -> None:
    with tap:
        tap.verify(pin(digits))
        tap.sign_look(b"challenge")
        tap.sign_record(MESSAGE)


def _commands_of_a_whole_tap(tap_with: TapWith) -> int:
    answered: list[None] = []
    _whole_tap(tap_with(Knobs(before_answer=lambda: answered.append(None))), PIN)
    return len(answered)


def test_a_payment_whose_answer_was_lost_counts_as_given(tap_with: TapWith) -> None:
    last = _commands_of_a_whole_tap(tap_with)

    with tap_with(Knobs(leaves_at=last, works_first=True)) as tap:
        tap.verify(pin())
        tap.sign_look(b"challenge")
        with pytest.raises(CardRemoved):
            tap.sign_record(MESSAGE)
        with pytest.raises(TapSpent, match="money"):
            tap.sign_record(MESSAGE)


@pytest.mark.parametrize("works_first", [False, True])
def test_a_card_that_leaves_at_any_command_is_told_and_loses_no_try(
    tap_with: TapWith, card: Path, *, works_first: bool
) -> None:
    count = _commands_of_a_whole_tap(tap_with)
    assert count > 12
    for at in range(1, count + 1):
        with pytest.raises(CardRemoved, match="taken away"):
            _whole_tap(tap_with(Knobs(leaves_at=at, works_first=works_first)), PIN)
        assert tries(card) == 3, f"left at command {at}"


def test_a_card_that_leaves_with_a_wrong_pin_counts_that_one_try_and_no_other(
    tap_with: TapWith, card: Path
) -> None:
    at = 0
    while tries(card) == 3:
        at += 1
        with pytest.raises(CardRemoved):
            _whole_tap(tap_with(Knobs(leaves_at=at, works_first=True)), b"0000")
        assert tries(card) >= 2, f"left at command {at}"
    with pytest.raises(CardRemoved):
        _whole_tap(tap_with(Knobs(leaves_at=at, works_first=False)), b"0000")
    assert tries(card) == 2  # the PIN never arrived


def test_an_answer_that_comes_late_is_waited_for(tap_with: TapWith) -> None:
    late: list[str] = []
    with tap_with(Knobs(before_answer=lambda: late.append("late"))) as tap:
        tap.verify(pin())
        assert tap.sign_record(MESSAGE).signature
    assert late


class OtherCard:
    """A card of another kind; remembers that its power was taken away."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.open = True

    def transmit(self, command: Octets) -> bytes:
        assert command
        return self.answer

    def close(self) -> None:
        self.open = False


@pytest.mark.parametrize(
    ("answer", "error"), [(b"\x6a\x82", NotThisCard), (b"", BadAnswer), (b"\x90\x00", BadAnswer)]
)
def test_another_card_is_refused_and_loses_its_power(answer: bytes, error: type[CardError]) -> None:
    other = OtherCard(answer)

    def connect(_address: CardAddress) -> OtherCard:
        return other

    with pytest.raises(error), Tap("pcsc:Sony", connect=connect):
        pass
    assert not other.open


def test_a_certificate_that_cannot_be_read_is_the_cards_fault(card: Path) -> None:
    softcard = SoftCard(card)
    softcard._transparent[0x000A] = b"\x30\x82\x01\x00" + bytes(256)

    with pytest.raises(BadAnswer, match="certificate"), Tap("pcsc", connect=lambda _: softcard):
        pass
    assert tries(card) == 3


def test_an_address_is_a_file_or_a_reader() -> None:
    assert card_address("soft:cards/taro.card") == SoftAddress(Path("cards/taro.card"))
    assert card_address("soft:C:/taro.card") == SoftAddress(Path("C:/taro.card"))
    assert card_address("pcsc") == ReaderAddress()
    assert card_address("pcsc:Sony RC-S300") == ReaderAddress("Sony RC-S300")
    for wrong in ("", "soft", "soft:", "taro.card", "usb:1"):
        with pytest.raises(Malformed, match="soft:FILE"):
            card_address(wrong)


def test_a_missing_card_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(CardUnreadable, match="no software card"), Tap(f"soft:{tmp_path}/none"):
        pass


@pytest.mark.parametrize("at", [1, 5, 10, 11, 12, 99])
@pytest.mark.parametrize("digits", [PIN, b"7351"])
def test_no_log_no_message_and_no_traceback_shows_the_pin(
    tap_with: TapWith, caplog: pytest.LogCaptureFixture, at: int, digits: bytes
) -> None:
    typed, presented = pin(digits), False

    def pay(tap: Tap) -> None:
        nonlocal presented
        with tap:
            presented = True
            tap.verify(typed)
            raise PinNeeded

    tap = tap_with(Knobs(leaves_at=at, works_first=True))
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises((CardRemoved, WrongPin, PinNeeded)) as failed,
    ):
        pay(tap)

    below = failed.tb.tb_next.tb_next if failed.tb.tb_next else None  # this test knows the PIN
    whole = traceback.TracebackException(failed.type, failed.value, below, capture_locals=True)
    shown = "".join(whole.format()) + caplog.text + repr(tap)
    assert not any(secret in shown for secret in (digits.decode(), digits.hex()))
    assert at == 1 or "00 A4 04 0C" in shown
    assert any(typed) is not presented
