"""The layouts of PC/SC part 10, byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.card.errors import BadPin, PinNotEntered
from node.card.pinpad import VERIFY_PIN_DIRECT, expect_entered, features, pin_verify_structure


def test_the_structure_is_the_standards_byte_by_byte() -> None:
    assert pin_verify_structure() == b"".join(
        bytes.fromhex(piece)
        for piece in (
            "1e 1e",  # bTimerOut, bTimerOut2: 30 seconds
            "82",  # bmFormatString: bytes, position 0, left, ASCII
            "04",  # bmPINBlockString: four bytes, no length
            "00",  # bmPINLengthFormat
            "04 04",  # wPINMaxExtraDigit 0404h
            "02",  # bEntryValidationCondition: the enter key
            "ff",  # bNumberMessage: the reader's own
            "09 04",  # wLangId 0409h, lowest byte first
            "00",  # bMsgIndex
            "00 00 00",  # bTeoPrologue
            "09 00 00 00",  # ulDataLength, lowest byte first
            "00 20 00 80 04 ff ff ff ff",  # VERIFY, its digits not there yet
        )
    )


def test_a_pad_that_sends_the_template_as_it_is_hits_nobodys_pin() -> None:
    assert not pin_verify_structure()[-4:].isdigit()


def test_a_readers_features_are_found_by_their_tags() -> None:
    answer = bytes.fromhex("0604 42330006 0704 42330007 1204 42330012")

    assert features(answer) == {6: 0x42330006, 7: 0x42330007, 0x12: 0x42330012}
    assert VERIFY_PIN_DIRECT in features(answer)


@pytest.mark.parametrize("answer", ["", "06", "0604423300", "0603423300", "06054233000600"])
def test_a_reader_without_keys_or_with_half_an_answer_has_no_features(answer: str) -> None:
    assert features(bytes.fromhex(answer)) == {}


def test_what_stands_before_a_broken_piece_holds() -> None:
    assert features(bytes.fromhex("0604 42330006 07ff 00000000")) == {6: 0x42330006}


@given(st.binary(max_size=300))
def test_whatever_a_reader_answers_is_read_without_harm(answer: bytes) -> None:
    assert len(features(answer)) <= len(answer) // 6


@given(st.dictionaries(st.integers(0, 255), st.integers(0, 2**32 - 1), max_size=30))
def test_features_are_read_as_they_were_written(told: dict[int, int]) -> None:
    answer = b"".join(bytes((tag, 4)) + code.to_bytes(4, "big") for tag, code in told.items())

    assert features(answer) == told


@pytest.mark.parametrize("said", ["6400", "6401"])
def test_nobody_typed(said: str) -> None:
    with pytest.raises(PinNotEntered, match="the card was not asked"):
        expect_entered(bytes.fromhex(said))


def test_three_digits_are_no_pin() -> None:
    with pytest.raises(BadPin):
        expect_entered(bytes.fromhex("6403"))


@pytest.mark.parametrize("said", ["9000", "63c2", "6983", ""])
def test_what_the_card_answered_is_the_cards(said: str) -> None:
    assert expect_entered(bytes.fromhex(said)) == bytes.fromhex(said)
