"""A tap's address, and its silence about the PIN; what it does stands in ``tests/readers``."""

import logging
import traceback
from pathlib import Path

import pytest

from node.card.errors import (
    CardRemoved,
    CardUnreadable,
    PinNeeded,
    WrongPin,
)
from node.card.softcard import Knobs
from node.card.tap import ReaderAddress, SoftAddress, Tap, card_address
from sync.errors import Malformed
from tests.node.card.conftest import PIN, TapWith


def pin(digits: bytes = PIN) -> bytearray:
    return bytearray(digits)


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
