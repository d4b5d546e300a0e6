"""The PIN typed on the reader's own keys: once a tap, after the tries, and never on this PC."""

from collections import deque
from pathlib import Path

import pytest

from node.card.apdu import Command
from node.card.cardfile import CardFile
from node.card.errors import (
    BadPin,
    NoReader,
    PinLocked,
    PinNeeded,
    PinNotEntered,
    TapSpent,
    WrongPin,
)
from node.card.pcsc import PcscConnection
from node.card.pin import OnPad, wipe, wiped
from node.card.softcard import SoftCard
from node.card.tap import ReaderAddress, SoftAddress, Tap
from tests.doubles.keypad import CANCEL, Keypad
from tests.doubles.scard import FakeScard
from tests.node.card.conftest import PIN

READER = "REINER SCT cyberJack 00 00"
MESSAGE = b"300 points for the fish shop"


@pytest.fixture
def pc(card: Path) -> FakeScard:
    """A PC with one reader, and Taro's card on it."""
    service = FakeScard()
    service.plug(READER, lambda: SoftCard(card))
    return service


@pytest.fixture
def keys(pc: FakeScard) -> Keypad:
    """The reader has keys."""
    keypad = Keypad(pc)
    pc.slots[READER].pad = keypad
    return keypad


def tap_on(pc: FakeScard) -> Tap:
    return Tap(ReaderAddress(), connect=lambda _: PcscConnection.open(functions=pc))


def tries_in_the_file(card: Path) -> int:
    held = CardFile(card)
    tries = held.tries
    held.close()
    return tries


def pins_from_the_pc(pc: FakeScard) -> list[bytes]:
    return [sent for sent in pc.transmitted if Command.decode(sent).secret and len(sent) > 5]


def test_a_tap_tells_whether_its_reader_has_keys(pc: FakeScard, card: Path) -> None:
    with tap_on(pc) as tap:
        assert not tap.pad
    pc.slots[READER].pad = Keypad(pc)
    with tap_on(pc) as tap:
        assert tap.pad
    with Tap(SoftAddress(card)) as tap:
        assert not tap.pad


def test_the_pin_of_the_keys_signs_and_never_enters_the_pc(pc: FakeScard, keys: Keypad) -> None:
    keys.fingers = deque([PIN])

    with tap_on(pc) as tap:
        tap.verify(OnPad())
        assert tap.sign_record(MESSAGE).signature

    assert keys.asked == 1
    assert pins_from_the_pc(pc) == []


@pytest.mark.parametrize(
    ("typed", "kind"), [([CANCEL], PinNotEntered), ([], PinNotEntered), ([b"123"], BadPin)]
)
def test_cancelled_too_late_or_too_short_costs_no_try_and_may_be_typed_again(
    pc: FakeScard, keys: Keypad, card: Path, typed: list[bytes], kind: type[Exception]
) -> None:
    keys.fingers = deque(typed)
    with tap_on(pc) as tap:
        with pytest.raises(kind):
            tap.verify(OnPad())
        with pytest.raises(PinNeeded):
            tap.sign_record(MESSAGE)
        keys.fingers.append(PIN)
        tap.verify(OnPad())
    assert tries_in_the_file(card) == 3


def test_a_wrong_one_costs_one_try_and_ends_the_tap(
    pc: FakeScard, keys: Keypad, card: Path
) -> None:
    keys.fingers = deque([b"0000", PIN])
    with tap_on(pc) as tap:
        with pytest.raises(WrongPin, match="2"):
            tap.verify(OnPad())
        with pytest.raises(TapSpent):
            tap.verify(OnPad())
    assert keys.asked == 1
    assert tries_in_the_file(card) == 2


def test_a_locked_card_asks_nobody_to_type(pc: FakeScard, keys: Keypad, card: Path) -> None:
    held = CardFile(card)
    held.tries = 0
    held.close()
    with tap_on(pc) as tap, pytest.raises(PinLocked):
        tap.verify(OnPad())
    assert keys.asked == 0


def test_a_reader_without_keys_cannot_be_typed_on(pc: FakeScard) -> None:
    with tap_on(pc) as tap, pytest.raises(NoReader, match="no keys"):
        tap.verify(OnPad())


def test_a_copy_of_it_is_no_pin(pc: FakeScard, keys: Keypad) -> None:
    with tap_on(pc) as tap, pytest.raises(BadPin):
        tap.verify(bytearray(OnPad()))
    assert keys.asked == 0


def test_a_pin_is_overwritten_on_every_way_out() -> None:
    pin, pad = bytearray(PIN), OnPad()
    with pytest.raises(ZeroDivisionError), wiped(pin):
        raise ZeroDivisionError
    with wiped(pad), wiped(None):
        pass
    wipe(pad)

    assert pin == bytes(4)
    assert len(pad) == 0
